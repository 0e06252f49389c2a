import { compressors } from 'hyparquet-compressors';
import { Refused } from '../../refusal.js';
import type { FlatTable } from './flat-table.js';
import { lz4Frame } from '../lz4.js';

/** Bytes of one buffer, decompressed. */
const largestBuffer = 2 ** 30;

/** Rows of a batch that has nothing but missing values. */
const mostEmptyRows = 2 ** 20;

/** Rows of all columns, whose nodes and buffers are taken in the order of the schema's fields. */
export class RecordBatch {
  readonly rows: number;
  readonly #nodes: number[][];
  readonly #buffers: number[][];
  readonly #variadic: number[][];
  /** null: not compressed; 0: LZ4 frames; 1: ZSTD. */
  readonly #codec: number | null;
  #node = 0;
  #buffer = 0;
  #nextVariadic = 0;

  /** @throws RangeError for what does not fit the message. */
  constructor(
    header: FlatTable,
    private readonly body: Buffer,
  ) {
    this.rows = header.int64(0);
    this.#nodes = header.int64s(1, 2);
    this.#buffers = header.int64s(2, 2);
    const compression = header.table(3);
    this.#codec = compression === null ? null : compression.uint8(0);
    this.#variadic = header.int64s(4, 1);
    // A row takes a bit at least, unless all its values are missing.
    const most = Math.max(mostEmptyRows, this.#codec === null ? 8 * body.length : 8 * largestBuffer);
    if (!(this.rows >= 0 && this.rows <= most)) throw new RangeError(`a batch of ${this.rows} rows`);
  }

  /** Each column has as many rows as the batch. */
  nextNode(): void {
    const length = this.#nodes[this.#node++]?.[0];
    if (length !== this.rows) throw new RangeError(`a column of ${length} rows, expected ${this.rows}`);
  }

  nextBuffer(): DataView {
    const [start = -1, length = -1] = this.#buffers[this.#buffer++] ?? [];
    if (!(start >= 0 && length >= 0 && start + length <= this.body.length))
      throw new RangeError(`a buffer of ${length} bytes at ${start}, and there are ${this.body.length}`);
    const bytes = this.body.subarray(start, start + length);
    return viewOf(this.#codec === null || length === 0 ? bytes : this.#decompressed(bytes, this.#codec));
  }

  /** How many buffers of data come behind the views of a column. */
  nextVariadic(): number {
    const count = this.#variadic[this.#nextVariadic++]?.[0] ?? -1;
    if (!(count >= 0 && count <= this.#buffers.length)) throw new RangeError(`${count} buffers of text`);
    return count;
  }

  /** Eight bytes of length, −1 for bytes that are as they were, then the bytes. */
  #decompressed(bytes: Buffer, codec: number): Uint8Array {
    const length = Number(bytes.readBigInt64LE(0));
    const packed = bytes.subarray(8);
    if (length === -1) return packed;
    if (!(length >= 0 && length <= largestBuffer))
      throw new Refused('too_large', null, `a buffer of ${length} bytes, expected at most ${largestBuffer}`);
    const unpacked =
      codec === 0 ? lz4Frame(packed, length) : codec === 1 ? compressors.ZSTD?.(packed, length) : undefined;
    if (unpacked?.length === length) return unpacked;
    throw new RangeError(`a buffer of codec ${codec} and ${unpacked?.length} bytes, expected ${length}`);
  }
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
