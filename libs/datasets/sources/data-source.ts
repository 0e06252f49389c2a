import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

/** Bytes that can be read from their beginning as often as is needed. */
export interface DataSource {
  stream(): AsyncIterable<Uint8Array>;
  /** Bytes; null where it is only known at the end. */
  readonly size: number | null;
  /** A file that holds the same bytes, for formats that are read from several places. */
  readonly file?: string;
}

/** Large enough that a gigabyte takes a thousand turns of the event loop, small enough to stay in the processor's cache. */
const chunkBytes = 1 << 20;

export const bytesSource = (bytes: Uint8Array): DataSource => ({
  size: bytes.length,
  async *stream() {
    for (let at = 0; at < bytes.length; at += chunkBytes)
      yield await Promise.resolve(bytes.subarray(at, at + chunkBytes));
  },
});

export interface FileSource extends DataSource {
  readonly size: number;
  readonly file: string;
}

/** A file that does not change while it is read. @throws as `stat` for a file that is not there. */
export async function fileSource(file: string): Promise<FileSource> {
  const { size } = await stat(file);
  return { file, size, stream: () => createReadStream(file, { highWaterMark: chunkBytes }) };
}
