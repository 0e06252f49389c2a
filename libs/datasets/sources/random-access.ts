import { open } from 'node:fs/promises';
import { Refused } from '../refusal.js';
import type { DataSource } from './data-source.js';

/** Reads of any place; what lies outside is an error. */
export interface RandomAccess {
  readonly size: number;
  /** Bytes from `start` until before `end`, in memory of their own. */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Bytes of a source without a file, which are then held in memory. */
const mostHeld = 2 ** 28;

/** @throws Refused `too_large` for a source of more than 256 MiB that is no file; what `use` throws. */
export async function withRandomAccess<T>(source: DataSource, use: (access: RandomAccess) => Promise<T>): Promise<T> {
  if (source.file === undefined) return use(inMemory(await heldBytes(source)));
  const handle = await open(source.file, 'r');
  try {
    const { size } = await handle.stat();
    return await use({
      size,
      async read(start, end) {
        const bytes = new Uint8Array(checked(start, end, size));
        const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
        if (bytesRead < bytes.length) throw new Refused('unavailable', null, 'the data changed while it was read');
        return bytes;
      },
    });
  } finally {
    await handle.close();
  }
}

const inMemory = (bytes: Uint8Array): RandomAccess => ({
  size: bytes.length,
  read: (start, end) => {
    checked(start, end, bytes.length);
    return Promise.resolve(new Uint8Array(bytes.subarray(start, end)));
  },
});

/** @returns the length. */
function checked(start: number, end: number, size: number): number {
  if (start >= 0 && start <= end && end <= size) return end - start;
  throw new Refused('malformed', null, `it refers to bytes ${start} to ${end}, and has ${size}`);
}

async function heldBytes(source: DataSource): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source.stream()) {
    length += chunk.length;
    if (length > mostHeld)
      throw new Refused(
        'too_large',
        null,
        `more than ${mostHeld} bytes, the most read here of a format that is not read in order`,
      );
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
