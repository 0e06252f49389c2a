import { createHash } from 'node:crypto';
import type { PutOptions } from './artifact-store.js';
import { ArtifactTooLarge, DigestMismatch } from './errors.js';

/**
 * Takes a source to its end, piece by piece into `sink`, and gives digest and size. On an error the source is left as
 * it is: it may be the body of a request that still wants an answer, and closing it would close the connection.
 * @throws ArtifactTooLarge, DigestMismatch; what the source or the sink throws.
 */
export async function consume(
  source: AsyncIterable<Uint8Array>,
  { expectedDigest, maxBytes = Number.POSITIVE_INFINITY }: PutOptions,
  sink: (bytes: Uint8Array) => Promise<void>,
): Promise<{ readonly digest: string; readonly size: number }> {
  const hash = createHash('sha256');
  let size = 0;
  const pieces = source[Symbol.asyncIterator]();
  for (let piece = await pieces.next(); piece.done !== true; piece = await pieces.next()) {
    const bytes = piece.value;
    size += bytes.byteLength;
    if (size > maxBytes) throw new ArtifactTooLarge('the upload', maxBytes);
    hash.update(bytes);
    await sink(bytes);
  }
  const digest = `sha256:${hash.digest('hex')}`;
  if (expectedDigest !== undefined && digest !== expectedDigest) throw new DigestMismatch(expectedDigest, digest);
  return { digest, size };
}
