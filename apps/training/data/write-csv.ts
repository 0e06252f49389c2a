import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Table, TableColumn } from '#libs/contracts/index.js';
import { isoTime } from '#libs/kernel/index.js';

/** Rows of a table as CSV with a header; a missing value is an empty field. */
export async function writeCsv(
  file: string,
  table: Table,
  columns: readonly string[],
  rows: Int32Array,
  signal?: AbortSignal,
): Promise<void> {
  const chosen = columns.map((name) => table.columns.find((column) => column.name === name)!);
  const options = signal === undefined ? {} : { signal };
  await pipeline(Readable.from(linesOf(chosen, rows)), createWriteStream(file), options);
}

const linesAtOnce = 1000;

function* linesOf(columns: readonly TableColumn[], rows: Int32Array): Iterable<string> {
  yield `${columns.map(({ name }) => field(name)).join(',')}\n`;
  const texts = columns.map(textOf);
  for (let from = 0; from < rows.length; from += linesAtOnce) {
    let lines = '';
    for (const row of rows.subarray(from, from + linesAtOnce)) lines += `${texts.map((text) => text(row)).join(',')}\n`;
    yield lines;
  }
}

function textOf(column: TableColumn): (row: number) => string {
  if ('codes' in column) {
    const fields = column.dictionary.map(field);
    return (row) => fields[column.codes[row]!] ?? '';
  }
  const { type, values } = column;
  return (row) => {
    const value = values[row]!;
    if (Number.isNaN(value)) return '';
    if (type === 'timestamp') return isoTime(value);
    return type === 'boolean' ? String(value !== 0) : String(value);
  };
}

const field = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
