import { createHash } from 'node:crypto';
import type { Bucket } from './bucket.js';
import { readChunks } from './chunk-reader.js';
import { ArtifactDamaged } from './errors.js';
import type { ObjectEntry } from './object-entry.js';

/**
 * The bytes of an artifact. The last chunk is given only when the digest of the whole is right, so that whoever counts
 * on the announced size never takes damaged bytes for complete.
 * @throws ArtifactDamaged, ArtifactStoreUnavailable.
 */
export async function* verifiedBytes(bucket: Bucket, entry: ObjectEntry): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256');
  let size = 0;
  let held: Uint8Array | undefined;
  for await (const chunk of readChunks(bucket, entry)) {
    hash.update(chunk);
    size += chunk.byteLength;
    if (size > entry.size) throw new ArtifactDamaged(entry.digest, `it has more than its ${entry.size} bytes`);
    if (held !== undefined) yield held;
    held = chunk;
  }
  if (size !== entry.size) throw new ArtifactDamaged(entry.digest, `${size} of its ${entry.size} bytes are there`);
  const found = `sha256:${hash.digest('hex')}`;
  if (found !== entry.digest) throw new ArtifactDamaged(entry.digest, `its bytes have the digest ${found}`);
  if (held !== undefined) yield held;
}

/** Reads it all. False when it is damaged. @throws ArtifactStoreUnavailable. */
export async function isIntact(bucket: Bucket, entry: ObjectEntry): Promise<boolean> {
  const bytes = verifiedBytes(bucket, entry);
  try {
    while ((await bytes.next()).done !== true);
    return true;
  } catch (error) {
    if (error instanceof ArtifactDamaged) return false;
    throw error;
  }
}
