import { Refused } from '../refusal.js';
import type { CellSink, OpenColumn } from './cell-sink.js';
import { longestRow, longestValue } from './limits.js';
import { ColumnNames } from './names.js';
import { longestDecimal, readDecimal } from './parse-number.js';
import { refuseOtherThanUtf8 } from './utf8.js';

const [quote, comma, lf, cr, nine] = [0x22, 0x2c, 0x0a, 0x0d, 0x39];

/**
 * RFC 4180 with a header: commas, and `"` around values that hold commas, quotes or line ends. Lines end with LF, CRLF or
 * CR; blank lines at the end are nothing. A byte order mark is passed over. What is held in memory is a chunk, and a row
 * that began in the chunks before.
 * @returns how many rows there are, the header not counted.
 * @throws Refused
 */
export async function readCsv(chunks: AsyncIterable<Uint8Array>, open: OpenColumn): Promise<number> {
  const rows = new CsvRows(open);
  const held = new HeldBytes();
  let start = true;
  for await (const chunk of chunks) {
    held.add(chunk);
    // Three bytes tell whether there is a byte order mark.
    if (start && held.bytes.length < 3) continue;
    if (start) held.drop(markLength(held.bytes));
    start = false;
    held.drop(rows.take(held.bytes, false));
  }
  if (start) held.drop(markLength(held.bytes));
  rows.take(held.bytes, true);
  return rows.end();
}

/** Bytes that were not used yet, in one buffer that is used again and again. */
class HeldBytes {
  bytes: Buffer = Buffer.alloc(0);
  #buffer = Buffer.alloc(0);

  add(chunk: Uint8Array): void {
    const length = this.bytes.length + chunk.length;
    const target = length <= this.#buffer.length ? this.#buffer : Buffer.allocUnsafeSlow(2 * length);
    target.set(this.bytes, 0);
    target.set(chunk, this.bytes.length);
    this.#buffer = target;
    this.bytes = target.subarray(0, length);
  }

  drop(bytes: number): void {
    this.bytes = this.bytes.subarray(bytes);
  }
}

const markLength = (bytes: Uint8Array): number => (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0);

/** What stands around a value: nothing, quotes, or quotes with doubled quotes between them. */
const [plain, quoted, escaped] = [0, 1, 2];

class CsvRows {
  #sinks: (CellSink | null)[] | null = null;
  #names: string[] = [];
  #rows = 0;
  /** Of the row being read, from 1. */
  #line = 1;
  /** Line ends inside its quotes. */
  #linesInside = 0;
  /** Its values: where each begins and ends, quotes included, and its form. */
  #starts = new Int32Array(64);
  #ends = new Int32Array(64);
  #forms = new Uint8Array(64);
  /** The numbers that were read on the way; NaN: none, or not known. */
  #decimals = new Float64Array(64);
  #unescaped = Buffer.alloc(1024);
  /** Lines without a character before it: at the end of the file they are nothing. */
  #blank = 0;

  constructor(private readonly open: OpenColumn) {}

  /** @returns how many bytes were rows; the others are the beginning of one (none of them if `last`). */
  take(bytes: Buffer, last: boolean): number {
    const firstLine = this.#line;
    let at = 0;
    while (at < bytes.length) {
      const next = this.#row(bytes, at, last);
      if (next < 0) break;
      at = next;
    }
    refuseOtherThanUtf8(bytes.subarray(0, at), firstLine);
    if (bytes.length - at > longestRow)
      throw new Refused('too_large', `line ${this.#line}`, `a row of more than ${longestRow} bytes`);
    return at;
  }

  end(): number {
    if (this.#sinks === null) throw new Refused('malformed', null, 'there is no header, expected one in line 1');
    return this.#rows;
  }

  /** @returns where the next row begins; -1 if this one does not end here. */
  #row(bytes: Buffer, start: number, last: boolean): number {
    const { length } = bytes;
    this.#linesInside = 0;
    let at = start;
    for (let values = 0; ;) {
      if (values === this.#starts.length) this.#grow();
      this.#starts[values] = at;
      if (at < length && bytes[at] === quote) at = this.#endOfQuoted(bytes, values, last);
      else at = this.#endOfPlain(bytes, values);
      if (at < 0 || (at >= length && !last)) return -1;
      this.#ends[values++] = at;
      if (at < length && bytes[at] === comma) {
        at++;
        continue;
      }
      const afterCr = at < length && bytes[at] === cr;
      // Whether this CR has an LF behind it is not known yet.
      if (afterCr && at + 1 >= length && !last) return -1;
      this.#tell(bytes, values);
      this.#line += 1 + this.#linesInside;
      return at + (afterCr && bytes[at + 1] === lf ? 2 : 1);
    }
  }

  #endOfPlain(bytes: Buffer, value: number): number {
    const start = this.#starts[value]!;
    const { length } = bytes;
    let at = start;
    let decimal = Number.NaN;
    if (length - start >= longestDecimal && bytes[start]! <= nine) {
      at = readDecimal(bytes, start, this.#decimals, value);
      decimal = this.#decimals[value]!;
    }
    const behindDecimal = at;
    for (; at < length; at++) {
      const byte = bytes[at]!;
      // All three are at most 44, and nearly everything that values are written with is above.
      if (byte <= comma && (byte === comma || byte === lf || byte === cr)) break;
    }
    if (at - start > longestValue) throw this.#tooLong(this.#line, value);
    this.#forms[value] = plain;
    this.#decimals[value] = at === behindDecimal ? decimal : Number.NaN;
    return at;
  }

  /** @returns behind the closing quote; -1 if it is not known where that is. */
  #endOfQuoted(bytes: Buffer, value: number, last: boolean): number {
    const start = this.#starts[value]!;
    const { length } = bytes;
    const opened = this.#line + this.#linesInside;
    this.#forms[value] = quoted;
    let at = start + 1;
    for (; ; at++) {
      const byte = at < length ? bytes[at]! : -1;
      if (at - start > longestValue) throw this.#tooLong(opened, value);
      if (byte === lf || (byte === cr && bytes[at + 1] !== lf)) this.#linesInside++;
      else if (byte === quote) {
        if (at + 1 >= length && !last) return -1;
        if (bytes[at + 1] !== quote) break;
        this.#forms[value] = escaped;
        at++;
      } else if (byte < 0) {
        if (!last) return -1;
        throw new Refused('malformed', `line ${opened}`, 'a quote opens here and never closes');
      }
    }
    const next = bytes[++at];
    if (next === undefined || next === comma || next === lf || next === cr) return at;
    const where = `line ${this.#line + this.#linesInside}`;
    throw new Refused('malformed', where, 'expected a comma or the end of the line behind a quote');
  }

  #tell(bytes: Buffer, values: number): void {
    if (values === 1 && this.#ends[0] === this.#starts[0]) {
      this.#blank++;
      return;
    }
    if (this.#sinks === null) this.#sinks = this.#opened(bytes, values);
    else {
      if (this.#blank > 0) this.#tellBlank(this.#sinks);
      if (values !== this.#sinks.length) throw ragged(this.#line, values, this.#sinks.length);
      this.#tellRow(this.#sinks, bytes);
    }
  }

  #tellRow(sinks: readonly (CellSink | null)[], bytes: Buffer): void {
    this.#rows++;
    for (let column = 0; column < sinks.length; column++) {
      const sink = sinks[column];
      if (!sink) continue;
      const form = this.#forms[column]!;
      const around = form === plain ? 0 : 1;
      const start = this.#starts[column]! + around;
      const end = this.#ends[column]! - around;
      if (start === end) sink.missing(1);
      else if (form === plain) sink.cell(bytes, start, end, this.#decimals[column]!);
      else if (form === quoted) sink.cell(bytes, start, end, Number.NaN);
      else {
        const length = this.#unescape(bytes, start, end);
        sink.cell(this.#unescaped, 0, length, Number.NaN);
      }
    }
  }

  /** Blank lines with a row behind them are rows of one value, which is missing. */
  #tellBlank(sinks: readonly (CellSink | null)[]): void {
    if (sinks.length !== 1) throw ragged(this.#line - this.#blank, 1, sinks.length);
    sinks[0]?.missing(this.#blank);
    this.#rows += this.#blank;
    this.#blank = 0;
  }

  #opened(bytes: Buffer, values: number): (CellSink | null)[] {
    if (this.#blank > 0) throw new Refused('malformed', 'line 1', 'a blank line, expected the header');
    refuseOtherThanUtf8(bytes.subarray(this.#starts[0], this.#ends[values - 1]), 1);
    const names = new ColumnNames();
    for (let column = 0; column < values; column++) {
      const name = this.#nameOf(bytes, column);
      names.add(name, 'line 1');
      this.#names.push(name);
    }
    if (values === 1 && this.#forms[0] === plain) refuseOtherSeparator(this.#names[0]!);
    return this.#names.map((name) => this.open(name));
  }

  #nameOf(bytes: Buffer, column: number): string {
    const [start, end] = [this.#starts[column]!, this.#ends[column]!];
    if (this.#forms[column] === plain) return bytes.toString('utf8', start, end);
    const length = this.#unescape(bytes, start + 1, end - 1);
    return this.#unescaped.toString('utf8', 0, length);
  }

  /** @returns the length of the text that is now in `#unescaped`. */
  #unescape(bytes: Buffer, start: number, end: number): number {
    if (this.#unescaped.length < end - start) this.#unescaped = Buffer.alloc(2 * (end - start));
    let length = 0;
    for (let at = start; at < end; at++) {
      this.#unescaped[length++] = bytes[at]!;
      if (bytes[at] === quote) at++;
    }
    return length;
  }

  #grow(): void {
    const size = 2 * this.#starts.length;
    const [starts, ends] = [new Int32Array(size), new Int32Array(size)];
    const [forms, decimals] = [new Uint8Array(size), new Float64Array(size)];
    starts.set(this.#starts);
    ends.set(this.#ends);
    forms.set(this.#forms);
    decimals.set(this.#decimals);
    [this.#starts, this.#ends, this.#forms, this.#decimals] = [starts, ends, forms, decimals];
  }

  #tooLong(line: number, value: number): Refused {
    const name = this.#names[value] ?? value + 1;
    const what = `a value of more than ${longestValue} bytes, the most read here; is a quote not closed?`;
    return new Refused('too_large', `line ${line}, column '${name}'`, what);
  }
}

function ragged(line: number, values: number, columns: number): Refused {
  const held = values === 1 ? '1 value' : `${values} values`;
  return new Refused('malformed', `line ${line}`, `${held}, expected ${columns} as in the header`);
}

function refuseOtherSeparator(header: string): void {
  const other = [';', '\t', '|'].find((separator) => header.includes(separator));
  if (other === undefined) return;
  const shown = JSON.stringify(other);
  throw new Refused('malformed', 'line 1', `one column with ${shown} in its name, expected values separated by commas`);
}
