import { ArtifactError } from '#libs/artifacts/index.js';
import { problemCodes, rejection, type ProblemCode } from '#libs/contracts/index.js';
import { ProblemException } from '#libs/nest/index.js';

/**
 * The artifact store's errors as refusals that say where the request names the artifact; anything else as it is.
 * @param path `digest`, `artifact`, `baseline.artifact`
 */
export async function orArtifactProblem<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw artifactProblem(path, error);
  }
}

export function artifactProblem(path: string, error: unknown): unknown {
  if (!(error instanceof ArtifactError) || !isProblemCode(error.code)) return error;
  const { code, message } = error;
  return new ProblemException(rejection(code, message, [{ path, message }]), {}, { cause: error });
}

const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(problemCodes, code);
