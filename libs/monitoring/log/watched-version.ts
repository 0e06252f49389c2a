import { baselineFormat } from '#libs/contracts/index.js';
import { messageOf, ModelogError } from '#libs/kernel/index.js';
import type { WatchedVersion } from '../contract.js';
import { referenceOf } from '../reference.js';
import { missingBaseline, mostBaselineBytes, parseBaseline } from './baselines.js';
import type { RegisteredVersion } from './governance.js';

/** Bytes of an artifact by its digest. What the store will never give is told by the code of a ModelogError. */
export type ReadArtifact = (digest: string, limits: { readonly maxBytes: number }) => Promise<Uint8Array>;

export interface PreparedVersion {
  readonly watched: WatchedVersion;
  /** Of the baseline that was read; 0 where there is none. */
  readonly bytes: number;
}

/**
 * What a version is compared with, or why there is nothing: whoever reads the same store finds the same.
 * @throws what the store throws and may pass
 */
export async function watchedVersionOf(
  { signature, baseline }: RegisteredVersion,
  read: ReadArtifact,
): Promise<PreparedVersion> {
  const missing = (why: string): PreparedVersion => ({ watched: { signature, reference: { missing: why } }, bytes: 0 });
  if (baseline === null) return missing(missingBaseline.none);
  const { artifact, format } = baseline;
  if (format !== baselineFormat) return missing(missingBaseline.format(format));
  let bytes: Uint8Array;
  try {
    bytes = await read(artifact, { maxBytes: mostBaselineBytes });
  } catch (error) {
    const why = whyUnreadable(error, artifact);
    if (why === undefined) throw error;
    return missing(why);
  }
  try {
    const reference = referenceOf(parseBaseline(bytes), artifact, signature);
    return { watched: { signature, reference }, bytes: bytes.length };
  } catch (error) {
    // Whatever it is, the bytes are the same the next time.
    return missing(missingBaseline.malformed(artifact, messageOf(error)));
  }
}

/** Undefined for what may pass. */
function whyUnreadable(error: unknown, artifact: string): string | undefined {
  if (!(error instanceof ModelogError)) return undefined;
  switch (error.code) {
    case 'artifact_not_found':
      return missingBaseline.notFound(artifact);
    case 'artifact_damaged':
      return missingBaseline.damaged(artifact);
    case 'payload_too_large':
      return missingBaseline.tooLarge(artifact);
    default:
      return undefined;
  }
}
