import { messageOf } from '#libs/kernel/index.js';
import {
  parquetMetadataAsync,
  parquetScan,
  parquetSchema,
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { Refused } from '../refusal.js';
import type { DataSource } from '../sources/data-source.js';
import { withRandomAccess, type RandomAccess } from '../sources/random-access.js';
import { mostRows } from './limits.js';
import { lz4Block } from './lz4.js';
import type { CellSink, OpenColumn } from './cell-sink.js';
import { ColumnNames } from './names.js';
import { tellValue } from './tell-value.js';

/** Rows of one column that are decoded at a time. */
const slice = 2 ** 18;

/** Bytes of one page, decompressed. */
const largestPage = 2 ** 28;

/** Rows of one row group: writers make a million at most, older ones 64 Mi. */
const largestGroup = 2 ** 26;

/**
 * Parquet with columns of plain values: numbers, booleans, dates and instants, decimals, UTF-8. One column of one row group
 * is held in memory at a time.
 * @param onChunk called with all bytes of the source, in order.
 * @returns how many rows there are.
 * @throws Refused
 */
export async function readParquet(
  source: DataSource,
  open: OpenColumn,
  onChunk: (chunk: Uint8Array) => void,
): Promise<number> {
  for await (const chunk of source.stream()) onChunk(chunk);
  return withRandomAccess(source, async (access) => {
    if (access.size < 12) throw new Refused('malformed', null, 'this is not Parquet: fewer than 12 bytes');
    return orMalformed(() => readGroups(access, open));
  });
}

async function readGroups(access: RandomAccess, open: OpenColumn): Promise<number> {
  const file = bufferOf(access);
  const metadata = await parquetMetadataAsync(file, { geoparquet: false });
  const columns = columnsOf(metadata, open);
  checkRows(metadata);
  let before = 0;
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    for (const { name, sink } of columns) {
      // Scans keep what they read last of each column: one for each lets go of it.
      const scan = { file, metadata: { ...metadata, row_groups: [group] }, columns: [name] };
      if (sink !== null) await tellColumn(scan, sink, { before, rows });
    }
    before += rows;
  }
  return before;
}

interface ReadColumn {
  readonly name: string;
  readonly sink: CellSink | null;
}

function columnsOf(metadata: FileMetaData, open: OpenColumn): ReadColumn[] {
  const names = new ColumnNames();
  return parquetSchema(metadata).children.map(({ element: { name, repetition_type }, children }) => {
    names.add(name, null);
    if (children.length > 0 || repetition_type === 'REPEATED')
      throw new Refused('unsupported', `column '${name}'`, 'nested values, expected plain ones');
    return { name, sink: open(name) };
  });
}

/** One column of one row group, slice by slice. */
async function tellColumn(
  part: { readonly file: AsyncBuffer; readonly metadata: FileMetaData; readonly columns: string[] },
  sink: CellSink,
  { before, rows }: { readonly before: number; readonly rows: number },
): Promise<void> {
  const scan = await parquetScan({
    ...{ ...part, compressors: guarded, useOffsetIndex: false },
    parsers: { stringFromBytes },
  });
  const [name] = part.columns as [string];
  for (let rowStart = 0; rowStart < rows; rowStart += slice) {
    const expected = Math.min(slice, rows - rowStart);
    const values = await scan.readColumn({ column: name, rowStart, rowEnd: rowStart + expected });
    if (values.length !== expected)
      throw new Refused('malformed', `column '${name}'`, `${values.length} values, expected ${expected}`);
    for (let at = 0; at < expected; at++) tellValue(sink, values[at], name, before + rowStart + at + 1);
  }
}

function checkRows({ row_groups, num_rows }: FileMetaData): void {
  let sum = 0;
  for (const group of row_groups) {
    const count = Number(group.num_rows);
    if (!(count >= 0)) throw new Refused('malformed', null, `a row group of ${count} rows`);
    if (count > largestGroup)
      throw new Refused('too_large', null, `a row group of ${count} rows, expected at most ${largestGroup}`);
    sum += count;
  }
  if (sum > mostRows) throw new Refused('too_large', null, `${sum} rows, expected at most ${mostRows}`);
  if (sum !== Number(num_rows))
    throw new Refused('malformed', null, `row groups hold ${sum} rows, expected ${num_rows}`);
}

const bufferOf = (access: RandomAccess): AsyncBuffer => ({
  byteLength: access.size,
  slice: async (start, end = access.size) => (await access.read(start < 0 ? access.size + start : start, end)).buffer,
});

/** A page's header may claim any length. */
const guarded = Object.fromEntries(
  Object.entries({ ...compressors, LZ4_RAW: ownLz4 }).map(([codec, decompress]) => [
    codec,
    (input: Uint8Array, length: number): Uint8Array => {
      if (!(length >= 0 && length <= largestPage))
        throw new Refused('too_large', null, `a page of ${length} bytes, expected at most ${largestPage}`);
      return decompress(input, length);
    },
  ]),
) as Compressors;

/** That of hyparquet-compressors 1.1.2 refuses what pyarrow writes. */
function ownLz4(input: Uint8Array, length: number): Uint8Array {
  return lz4Block(Buffer.from(input.buffer, input.byteOffset, input.byteLength), length);
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function stringFromBytes(bytes: Uint8Array): string {
  // A null value comes as undefined, in spite of the type.
  if ((bytes as Uint8Array | undefined) === undefined) return '';
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Refused('malformed', null, 'text that is not UTF-8');
  }
}

/** What a reader of bytes that lie stumbles over: its own errors, and reads beyond the end. */
async function orMalformed<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (thrown) {
    if (thrown instanceof Refused) throw thrown;
    throw new Refused('malformed', null, `this is not Parquet that can be read: ${messageOf(thrown)}`);
  }
}
