import type { Readable } from 'node:stream';
import type { ArtifactStore, PutResult } from '#libs/artifacts/index.js';
import { rejection } from '#libs/contracts/index.js';
import { messageOf } from '#libs/kernel/index.js';
import { ProblemException } from '#libs/nest/index.js';
import { limits } from '../catalogue/limits.js';
import { artifactProblem } from './artifact-problem.js';

/**
 * Takes an upload into the store, a few chunks in memory at a time.
 * @throws ProblemException: too large, another digest than announced, or a body that was cut off; nothing is stored then.
 */
export async function receiveArtifact(
  artifacts: ArtifactStore,
  body: Readable,
  expectedDigest: string | undefined,
): Promise<PutResult> {
  let failure: Error | undefined;
  body.once('error', (error) => {
    failure = error;
  });
  // Left open by the iteration: an upload that is refused early is still answered over the same connection.
  const source = body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  try {
    return await artifacts.put(source, { expectedDigest, maxBytes: limits.artifact });
  } catch (error) {
    if (failure !== undefined && error === failure)
      throw new ProblemException(
        rejection('malformed_body', `the body ended before it was complete: ${messageOf(error)}`),
        {},
        { cause: error },
      );
    throw artifactProblem('body', error);
  }
}
