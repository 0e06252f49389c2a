import { messageOf } from '#libs/kernel/index.js';
import { Refused } from '../refusal.js';
import type { CellSink, OpenColumn } from './cell-sink.js';
import { refuseOtherThanUtf8 } from './utf8.js';
import { longestRow, longestValue } from './limits.js';
import { ColumnNames } from './names.js';

const lf = 0x0a;

/**
 * One row, a JSON object, in each line; blank lines are nothing. Columns in the order they are first met; what a row lacks
 * is missing.
 * @returns how many rows there are.
 * @throws Refused
 */
export async function readJsonLines(chunks: AsyncIterable<Uint8Array>, open: OpenColumn): Promise<number> {
  const rows = new JsonRows(open);
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(lf) + 1;
    if (end > 0) {
      rows.take(Buffer.concat([...held, chunk.subarray(0, end)]));
      [held, length] = [[], 0];
    }
    held.push(chunk.subarray(end));
    length += chunk.length - end;
    if (length > longestRow)
      throw new Refused('too_large', `line ${rows.line}`, `a row of more than ${longestRow} bytes`);
  }
  rows.take(Buffer.concat(held));
  return rows.end();
}

interface OpenedColumn {
  readonly sink: CellSink | null;
  /** That it has been told of. */
  rows: number;
}

class JsonRows {
  /** Of the next line, from 1. */
  line = 1;
  #rows = 0;
  readonly #names = new ColumnNames();
  readonly #columns = new Map<string, OpenedColumn>();

  constructor(private readonly open: OpenColumn) {}

  /** @param lines whole ones. */
  take(lines: Buffer): void {
    refuseOtherThanUtf8(lines, this.line);
    for (let at = 0; at < lines.length; this.line++) {
      const found = lines.indexOf(lf, at);
      const end = found < 0 ? lines.length : found;
      const text = lines.toString('utf8', at, end);
      if (this.line === 1 && text.startsWith('\ufeff')) this.#row(text.slice(1));
      else this.#row(text);
      at = end + 1;
    }
  }

  end(): number {
    for (const column of this.#columns.values()) this.#missingUntil(column, this.#rows);
    return this.#rows;
  }

  #row(text: string): void {
    if (text.trim() === '') return;
    const row = parsed(text, this.line);
    // Values of an object of text have at most as many bytes as its line.
    if (text.length > longestValue) this.#refuseLong(row);
    for (const name in row) {
      let column = this.#columns.get(name);
      if (column === undefined) column = this.#opened(name);
      this.#missingUntil(column, this.#rows);
      column.rows++;
      if (column.sink !== null) this.#tell(column.sink, row[name], name);
    }
    this.#rows++;
  }

  #opened(name: string): OpenedColumn {
    this.#names.add(name, `line ${this.line}`);
    const column = { sink: this.open(name), rows: 0 };
    this.#columns.set(name, column);
    return column;
  }

  #missingUntil(column: OpenedColumn, rows: number): void {
    if (column.rows === rows) return;
    column.sink?.missing(rows - column.rows);
    column.rows = rows;
  }

  #tell(sink: CellSink, value: unknown, name: string): void {
    if (typeof value === 'number') sink.number(value);
    else if (typeof value === 'string') sink.string(value);
    else if (typeof value === 'boolean') sink.boolean(value);
    else if (value === null) sink.missing(1);
    else {
      const found = Array.isArray(value) ? 'a list' : 'an object';
      const what = `${found}, expected a number, a text, true, false or null`;
      throw new Refused('unsupported', `line ${this.line}, column '${name}'`, what);
    }
  }

  #refuseLong(row: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(row)) {
      if (typeof value !== 'string' || Buffer.byteLength(value) <= longestValue) continue;
      const what = `a value of more than ${longestValue} bytes, the most read here`;
      throw new Refused('too_large', `line ${this.line}, column '${name}'`, what);
    }
  }
}

function parsed(text: string, line: number): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Refused('malformed', `line ${line}`, `this is not JSON: ${messageOf(error)}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  const found = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
  throw new Refused('malformed', `line ${line}`, `${found}, expected an object: column name → value`);
}
