import type { DataFormat } from '#libs/contracts/index.js';
import { assertNever } from '#libs/kernel/index.js';
import type { DataSource } from '../sources/data-source.js';
import type { OpenColumn } from './cell-sink.js';
import { readCsv } from './csv.js';
import { readJsonLines } from './json-lines.js';
import { readArrow } from './arrow.js';
import { readParquet } from './parquet.js';

/**
 * Tells every value of a data set to its column's sink.
 * @param onChunk called with all bytes of the source, in order.
 * @returns how many rows there are.
 * @throws Refused
 */
export async function readData(
  source: DataSource,
  format: DataFormat,
  open: OpenColumn,
  onChunk: (chunk: Uint8Array) => void,
): Promise<number> {
  switch (format) {
    case 'csv':
      return readCsv(told(source, onChunk), open);
    case 'jsonl':
      return readJsonLines(told(source, onChunk), open);
    case 'parquet':
      return readParquet(source, open, onChunk);
    case 'arrow':
      return readArrow(told(source, onChunk), open);
    default:
      return assertNever(format, 'data format');
  }
}

async function* told(source: DataSource, onChunk: (chunk: Uint8Array) => void): AsyncIterable<Uint8Array> {
  for await (const chunk of source.stream()) {
    onChunk(chunk);
    yield chunk;
  }
}
