/**
 * How an artifact lies in a JetStream Object Store bucket (ADR-20): its bytes as messages on `$O.<bucket>.C.<upload>`,
 * then one entry under its name, which is the digest. Any Object Store client can read it.
 */
import { z } from 'zod';

/** Stored bytes of one message. Larger ones gain nothing, smaller ones cost a sync each (README). */
export const chunkBytes = 256 * 1024;

export const streamOf = (bucket: string): string => `OBJ_${bucket}`;

export const chunkSubject = (bucket: string, upload: string): string => `$O.${bucket}.C.${upload}`;

export const entrySubject = (bucket: string, digest: string): string =>
  `$O.${bucket}.M.${paddedBase64Url(Buffer.from(digest, 'utf8'))}`;

const objectEntry = z.object({
  name: z.string(),
  nuid: z.string().min(1),
  size: z.int().nonnegative(),
  chunks: z.int().nonnegative(),
  mtime: z.string(),
  deleted: z.boolean().optional(),
});

/** What an entry says of the bytes it names. */
export interface ObjectEntry {
  readonly digest: string;
  /** Token of the chunks' subject. */
  readonly upload: string;
  readonly size: number;
  readonly chunks: number;
  readonly storedAt: string;
}

export function encodeEntry(bucket: string, { digest, upload, size, chunks, storedAt }: ObjectEntry): string {
  return JSON.stringify({
    name: digest,
    description: '',
    bucket,
    nuid: upload,
    size,
    chunks,
    digest: `SHA-256=${paddedBase64Url(Buffer.from(digest.slice('sha256:'.length), 'hex'))}`,
    mtime: storedAt,
    deleted: false,
    options: { max_chunk_size: chunkBytes },
  });
}

/** Undefined for an entry marked as deleted. @throws SyntaxError or ZodError when it is no entry of this digest. */
export function decodeEntry(text: string, digest: string): ObjectEntry | undefined {
  const { name, nuid, size, chunks, mtime, deleted } = objectEntry.parse(JSON.parse(text));
  if (deleted === true) return undefined;
  if (name !== digest) throw new SyntaxError(`it is the entry of ${name}`);
  return { digest, upload: nuid, size, chunks, storedAt: mtime };
}

/** Object Store writes base64url with its padding; Node leaves the padding out. */
const paddedBase64Url = (bytes: Buffer): string => {
  const text = bytes.toString('base64url');
  return text + '='.repeat((4 - (text.length % 4)) % 4);
};
