import type { Signature } from '#libs/contracts/index.js';
import type { Column } from './columns.js';
import { InputBatch, type BatchColumn } from './input-batch.js';
import { readJsonNumber, readShortNumber, shortDigits, type NumberSpan } from './json-number.js';
import { rowEncoder } from './row-encoder.js';

/** Rows as the model's input columns. */
export interface JsonRows {
  readonly columns: readonly Column[];
  readonly rows: number;
  /** Behind the array's closing bracket. */
  readonly end: number;
}

/**
 * Reads an array of rows `{feature: number}` that begins at byte `from` of a JSON text into input columns: what
 * `JSON.parse` and a RowEncoder make of it, without an object in between. Rows have to be alike byte for byte but for
 * their numbers, as a program writes them; null for any other text, whatever is the matter with it, and for one whose
 * first row has a float64 of more digits than can be read here faster than there.
 */
export type JsonRowReader = (json: Buffer, from: number, maxRows: number) => JsonRows | null;

/** A feature's place: element `row × width + offset` of a column. */
interface Target {
  readonly column: number;
  readonly width: number;
  readonly offset: number;
  readonly isSingle: boolean;
  readonly nullable: boolean;
}

/** Compiled once per signature: null where a feature is no float. The text has to be ASCII. */
export function jsonRowReader(signature: Signature): JsonRowReader | null {
  const { inputColumns } = rowEncoder(signature);
  const targets = new Map<string, Target>();
  for (const { name, type, input, index, nullable, shape } of signature.features) {
    const column = inputColumns.findIndex((each) => each.name === input);
    const { width, type: columnType } = inputColumns[column]!;
    if (shape !== undefined || type !== columnType || (type !== 'float32' && type !== 'float64')) return null;
    targets.set(name, { column, width, offset: index ?? 0, isSingle: type === 'float32', nullable });
  }
  return (json, from, maxRows) => {
    if (json[from] !== open) return null;
    const layout = readLayout(json, skipSpace(json, from + 1), targets);
    if (layout === null) return null;
    const likely = Math.ceil((json.length - from) / (layout.end - from));
    const batch = new InputBatch(inputColumns, Math.min(likely, maxRows));
    return readRows(json, from, layout, batch, maxRows);
  };
}

const open = 0x5b;
const close = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const comma = 0x2c;
const colon = 0x3a;
const quote = 0x22;
const backslash = 0x5c;
const letterN = 0x6e;

/** Bytes of a float64 that is read exactly without `Number`: 15 digits, a sign and a point. */
const shortNumber = 17;

/** What stands between the numbers of a row, from the first row. */
interface Layout {
  /** Before each number: of the first one from the row's brace on. */
  readonly before: readonly Piece[];
  /** From behind the last number to the closing brace. */
  readonly after: Piece;
  /** In the order of the text. */
  readonly targets: readonly Target[];
  /** Of each: its number in the first row is short, and others likely are. */
  readonly isShort: readonly boolean[];
  /** Behind the first row. */
  readonly end: number;
}

function readLayout(json: Buffer, start: number, known: ReadonlyMap<string, Target>): Layout | null {
  if (json[start] !== openBrace) return null;
  const before: Piece[] = [];
  const targets = new Set<Target>();
  const isShort: boolean[] = [];
  const span: NumberSpan = { value: 0, end: 0 };
  let piece = start;
  let at = start + 1;
  for (;;) {
    const key = skipSpace(json, at);
    const keyEnd = endOfKey(json, key);
    if (keyEnd < 0) return null;
    const target = known.get(json.toString('latin1', key + 1, keyEnd));
    if (target === undefined || targets.has(target)) return null;
    targets.add(target);
    const valueAt = skipSpace(json, keyEnd + 1);
    if (json[valueAt] !== colon) return null;
    const value = skipSpace(json, valueAt + 1);
    before.push(pieceOf(json.subarray(piece, value)));
    if (!readValue(json, value, target, span)) return null;
    if (!target.isSingle && span.end - value > shortNumber) return null;
    isShort.push(span.end - value <= shortDigits + 1);
    piece = span.end;
    at = skipSpace(json, piece);
    if (json[at] === closeBrace) break;
    if (json[at] !== comma) return null;
    at++;
  }
  if (targets.size < known.size) return null;
  return { before, after: pieceOf(json.subarray(piece, at + 1)), targets: [...targets], isShort, end: at + 1 };
}

function readRows(
  json: Buffer,
  from: number,
  { before, after, targets, isShort }: Layout,
  batch: InputBatch,
  maxRows: number,
): JsonRows | null {
  const text = new DataView(json.buffer, json.byteOffset, json.length);
  const span: NumberSpan = { value: 0, end: 0 };
  let at = skipSpace(json, from + 1);
  for (let row = 0; row < maxRows; row++) {
    batch.ensure(row + 1);
    const { columns } = batch;
    for (let index = 0; index < targets.length; index++) {
      const piece = before[index]!;
      const target = targets[index]!;
      if (!standsAt(json, text, at, piece)) return null;
      const isRead = isShort[index]! && readShortNumber(json, at + piece.length, target.isSingle, span);
      if (!isRead && !readValue(json, at + piece.length, target, span)) return null;
      write(columns, target, row, span.value);
      at = span.end;
    }
    if (!standsAt(json, text, at, after)) return null;
    at = skipSpace(json, at + after.length);
    if (json[at] === close) return { columns: batch.view(0, row + 1), rows: row + 1, end: at + 1 };
    if (json[at] !== comma) return null;
    at = skipSpace(json, at + 1);
  }
  return null;
}

/** A number that the feature's type holds, or null for a missing value where that may be. */
function readValue(json: Buffer, at: number, { isSingle, nullable }: Target, span: NumberSpan): boolean {
  if (json[at] === letterN) {
    if (!nullable || json.toString('latin1', at, at + 4) !== 'null') return false;
    span.value = Number.NaN;
    span.end = at + 4;
    return true;
  }
  return readJsonNumber(json, at, isSingle, span) && span.value - span.value === 0;
}

function write(columns: readonly BatchColumn[], { column, width, offset }: Target, row: number, value: number): void {
  (columns[column]!.data as Float32Array | Float64Array)[row * width + offset] = value;
}

/** Bytes that stand in every row. */
interface Piece {
  readonly bytes: Uint8Array;
  /** The same four at a time; the last word overlaps the one before where they do not come out even. */
  readonly words: Int32Array;
  readonly length: number;
}

function pieceOf(bytes: Buffer): Piece {
  const count = bytes.length < 4 ? 0 : Math.ceil(bytes.length / 4);
  const words = Int32Array.from({ length: count }, (_, at) => bytes.readInt32LE(Math.min(4 * at, bytes.length - 4)));
  return { bytes: Uint8Array.from(bytes), words, length: bytes.length };
}

function standsAt(json: Buffer, text: DataView, start: number, { bytes, words, length }: Piece): boolean {
  const last = start + length - 4;
  if (last + 4 > text.byteLength) return false;
  if (length < 4) {
    for (let index = 0; index < length; index++) if (json[start + index] !== bytes[index]) return false;
    return true;
  }
  let index = 0;
  for (let at = start; at < last; at += 4) if (text.getInt32(at, true) !== words[index++]) return false;
  return text.getInt32(last, true) === words[index];
}

/** The closing quote of the key at `start`; a key with an escape is none. */
function endOfKey(json: Buffer, start: number): number {
  if (json[start] !== quote) return -1;
  for (let at = start + 1; at < json.length; at++) {
    if (json[at] === quote) return at;
    if (json[at] === backslash) return -1;
  }
  return -1;
}

function skipSpace(json: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const byte = json[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at++;
  }
}
