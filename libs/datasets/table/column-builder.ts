import type { ColumnSchema, NumberColumn, TableColumn, TextColumn } from '#libs/contracts/index.js';
import { ByteTable } from '../byte-table.js';
import { faultOf } from '../largest-number.js';
import type { CellSink } from '../readers/cell-sink.js';
import { parseNumber } from '../readers/parse-number.js';
import { wordOf } from '../readers/words.js';
import { Refused } from '../refusal.js';
import { parseTimestamp, parseTimestampBytes } from '../timestamp.js';
import { Blocks } from './blocks.js';
import type { TableMemory } from './table-memory.js';

/** Gathers one column of a table. */
export interface ColumnBuilder extends CellSink {
  readonly schema: ColumnSchema;
  finish(): TableColumn;
}

export function columnBuilder(schema: ColumnSchema, memory: TableMemory): ColumnBuilder {
  const { type } = schema;
  if (type === 'category' || type === 'text') return new TextBuilder(schema, type, memory);
  return new NumberBuilder(schema, type, memory);
}

class NumberBuilder implements ColumnBuilder {
  readonly #values: Blocks<Float64Array>;

  constructor(
    readonly schema: ColumnSchema,
    private readonly type: NumberColumn['type'],
    memory: TableMemory,
  ) {
    this.#values = new Blocks(memory, (buffer, offset, length) => new Float64Array(buffer, offset, length), 8);
  }

  missing(rows: number): void {
    for (let row = 0; row < rows; row++) this.#values.push(Number.NaN);
  }

  cell(bytes: Buffer, start: number, end: number, decimal: number): void {
    if (this.type === 'numeric' || this.type === 'integer') {
      const value = Number.isNaN(decimal) ? parseNumber(bytes, start, end) : decimal;
      if (!Number.isNaN(value)) {
        this.number(value);
        return;
      }
    }
    if (this.type === 'timestamp') {
      const value = parseTimestampBytes(bytes, start, end);
      if (!Number.isNaN(value)) {
        this.#values.push(value);
        return;
      }
    }
    const word = wordOf(bytes, start, end);
    if (word === 'missing') this.missing(1);
    else if (word !== null && this.type === 'boolean') this.#values.push(word === 'true' ? 1 : 0);
    else throw this.#unfit(bytes.toString('utf8', start, end));
  }

  number(value: number): void {
    if (Number.isNaN(value)) {
      this.missing(1);
      return;
    }
    if (this.type !== 'numeric' && !(this.type === 'integer' && Number.isSafeInteger(value))) throw this.#unfit(value);
    const fault = faultOf(value);
    if (fault !== null) throw new Refused('unsupported', this.#where(), fault);
    this.#values.push(value);
  }

  boolean(value: boolean): void {
    if (this.type !== 'boolean') throw this.#unfit(value);
    this.#values.push(value ? 1 : 0);
  }

  timestamp(value: number): void {
    if (this.type !== 'timestamp') throw this.#unfit(new Date(value).toISOString());
    this.#values.push(value);
  }

  string(value: string): void {
    if (value === '') this.missing(1);
    else if (this.type === 'timestamp') this.#instant(value);
    else throw this.#unfit(value);
  }

  finish(): NumberColumn {
    return { name: this.schema.name, type: this.type, values: this.#values.joined() };
  }

  #instant(text: string): void {
    const value = parseTimestamp(text);
    if (Number.isNaN(value)) throw this.#unfit(text);
    this.#values.push(value);
  }

  #unfit(value: string | number | boolean): Refused {
    return new Refused(
      'malformed',
      this.#where(),
      `${JSON.stringify(excerpt(value))}, expected ${expected[this.type]}`,
    );
  }

  #where(): string {
    return `row ${this.#values.length + 1}, column '${this.schema.name}'`;
  }
}

const excerpt = (value: string | number | boolean): string | number | boolean =>
  typeof value === 'string' ? value.slice(0, 40).toWellFormed() : value;

const expected = {
  numeric: 'a number',
  integer: 'an integer',
  boolean: 'true or false',
  timestamp: 'a date or an instant (ISO 8601)',
} as const satisfies Record<NumberColumn['type'], string>;

class TextBuilder implements ColumnBuilder {
  readonly #codes: Blocks<Int32Array>;
  readonly #texts = new ByteTable();
  #scratch = Buffer.alloc(256);

  constructor(
    readonly schema: ColumnSchema,
    private readonly type: TextColumn['type'],
    private readonly memory: TableMemory,
  ) {
    this.#codes = new Blocks(memory, (buffer, offset, length) => new Int32Array(buffer, offset, length), 4);
  }

  missing(rows: number): void {
    for (let row = 0; row < rows; row++) this.#codes.push(-1);
  }

  cell(bytes: Buffer, start: number, end: number): void {
    if (wordOf(bytes, start, end) === 'missing') this.missing(1);
    else this.#text(bytes, start, end);
  }

  number(value: number): void {
    if (Number.isNaN(value)) this.missing(1);
    else this.string(String(value));
  }

  boolean(value: boolean): void {
    this.string(String(value));
  }

  timestamp(value: number): void {
    this.string(new Date(value).toISOString());
  }

  string(value: string): void {
    if (value === '') this.missing(1);
    else {
      if (this.#scratch.length < 3 * value.length) this.#scratch = Buffer.alloc(6 * value.length);
      this.#text(this.#scratch, 0, this.#scratch.write(value));
    }
  }

  finish(): TextColumn {
    const dictionary = Array.from({ length: this.#texts.size }, (_, text) => this.#texts.text(text));
    return { name: this.schema.name, type: this.type, codes: this.#codes.joined(), dictionary };
  }

  #text(bytes: Buffer, start: number, end: number): void {
    const { size } = this.#texts;
    const code = this.#texts.intern(bytes, start, end);
    if (code === size) this.memory.takeText(end - start);
    this.#codes.push(code);
  }
}
