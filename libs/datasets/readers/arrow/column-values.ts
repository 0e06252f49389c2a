import { isUtf8 } from 'node:buffer';
import { assertNever } from '#libs/kernel/index.js';
import { Refused } from '../../refusal.js';
import type { ArrowField, ArrowType } from './schema.js';
import type { RecordBatch } from './record-batch.js';

/** A value by its row; null: missing. */
export type ValueAt = (row: number) => unknown;

/**
 * The next column of a batch, whose buffers are known to hold what its rows need.
 * @param dictionaries values by number, for columns that name them.
 */
export function nextColumn(
  batch: RecordBatch,
  { type, dictionary }: Pick<ArrowField, 'type' | 'dictionary'>,
  dictionaries: ReadonlyMap<number, readonly unknown[]>,
): ValueAt {
  batch.nextNode();
  if (dictionary === null) return present(batch, type);
  const values = dictionaries.get(dictionary.id);
  if (values === undefined)
    throw new RangeError(`a column of the dictionary ${dictionary.id}, which did not come before`);
  const numberAt = present(batch, dictionary.index);
  return (row) => {
    const number = numberAt(row);
    if (number === null) return null;
    const at = Number(number);
    if (!(at >= 0 && at < values.length)) throw new RangeError(`value ${at} of a dictionary of ${values.length}`);
    return values[at];
  };
}

function present(batch: RecordBatch, type: ArrowType): ValueAt {
  if (type.kind === 'null') return () => null;
  const validity = batch.nextBuffer();
  if (validity.byteLength === 0) return valuesOf(batch, type);
  needs(validity, Math.ceil(batch.rows / 8));
  const valueAt = valuesOf(batch, type);
  return (row) => (bitAt(validity, row) ? valueAt(row) : null);
}

function valuesOf(batch: RecordBatch, type: Exclude<ArrowType, { kind: 'null' }>): ValueAt {
  const { rows } = batch;
  switch (type.kind) {
    case 'bool': {
      const values = needs(batch.nextBuffer(), Math.ceil(rows / 8));
      return (row) => bitAt(values, row);
    }
    case 'int':
      return integers(needs(batch.nextBuffer(), (rows * type.bits) / 8), type.bits, type.signed);
    case 'float':
      return floats(needs(batch.nextBuffer(), (rows * type.bits) / 8), type.bits);
    case 'instant': {
      const numberAt = integers(needs(batch.nextBuffer(), (rows * type.bits) / 8), type.bits, true);
      return (row) => new Date(milliseconds(numberAt(row) as number | bigint, type));
    }
    case 'text':
      return texts(batch, type.offsetBits);
    case 'text_view':
      return textViews(batch);
    default:
      return assertNever(type, 'Arrow type');
  }
}

/** Nanoseconds of our days are beyond 2^53: what is less than a millisecond is cut off before it is a float64. */
function milliseconds(units: number | bigint, { scale, parts }: { scale: number; parts: bigint }): number {
  if (parts === 1n) return Number(units) * scale;
  const whole = BigInt(units);
  return Number(whole / parts - (whole % parts < 0n ? 1n : 0n)) * scale;
}

const bitAt = (bits: DataView, row: number): boolean => ((bits.getUint8(row >>> 3) >>> (row & 7)) & 1) === 1;

/** @throws RangeError for a buffer that is too short for what a batch claims. */
function needs(buffer: DataView, bytes: number): DataView {
  if (buffer.byteLength >= bytes) return buffer;
  throw new RangeError(`a buffer of ${buffer.byteLength} bytes, expected ${bytes}`);
}

function integers(values: DataView, bits: 8 | 16 | 32 | 64, signed: boolean): ValueAt {
  switch (bits) {
    case 8:
      return signed ? (row) => values.getInt8(row) : (row) => values.getUint8(row);
    case 16:
      return signed ? (row) => values.getInt16(2 * row, true) : (row) => values.getUint16(2 * row, true);
    case 32:
      return signed ? (row) => values.getInt32(4 * row, true) : (row) => values.getUint32(4 * row, true);
    case 64:
      return signed ? (row) => values.getBigInt64(8 * row, true) : (row) => values.getBigUint64(8 * row, true);
  }
}

function floats(values: DataView, bits: 16 | 32 | 64): ValueAt {
  switch (bits) {
    case 16:
      return (row) => halfOf(values.getUint16(2 * row, true));
    case 32:
      return (row) => values.getFloat32(4 * row, true);
    case 64:
      return (row) => values.getFloat64(8 * row, true);
  }
}

/** IEEE 754 binary16. */
function halfOf(bits: number): number {
  const [sign, exponent, fraction] = [bits >>> 15 === 0 ? 1 : -1, (bits >>> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

function texts(batch: RecordBatch, offsetBits: 32 | 64): ValueAt {
  const { rows } = batch;
  const offsets = batch.nextBuffer();
  const data = utf8Of(batch.nextBuffer());
  // Of no rows, writers may leave out the one offset there should be.
  if (rows === 0) return () => null;
  needs(offsets, ((rows + 1) * offsetBits) / 8);
  const offsetAt = integers(offsets, offsetBits, true);
  return (row) => {
    const [start, end] = [Number(offsetAt(row)), Number(offsetAt(row + 1))];
    if (!(start >= 0 && start <= end && end <= data.length))
      throw new RangeError(`text from ${start} to ${end} of ${data.length} bytes`);
    return data.toString('utf8', start, end);
  };
}

/** Texts of up to 12 bytes lie in the view, others in one of the buffers behind. */
function textViews(batch: RecordBatch): ValueAt {
  const views = needs(batch.nextBuffer(), 16 * batch.rows);
  const data = Array.from({ length: batch.nextVariadic() }, () => utf8Of(batch.nextBuffer()));
  const inline = Buffer.from(views.buffer, views.byteOffset, views.byteLength);
  return (row) => {
    const length = views.getInt32(16 * row, true);
    if (length >= 0 && length <= 12) return checkedUtf8(inline.subarray(16 * row + 4, 16 * row + 4 + length));
    const [buffer, start] = [data[views.getInt32(16 * row + 8, true)], views.getInt32(16 * row + 12, true)];
    if (buffer === undefined || length < 0 || start < 0 || start + length > buffer.length)
      throw new RangeError(`text of ${length} bytes at ${start}, where there are none`);
    return buffer.toString('utf8', start, start + length);
  };
}

function checkedUtf8(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new Refused('malformed', null, 'text that is not UTF-8');
  return bytes.toString('utf8');
}

function utf8Of(view: DataView): Buffer {
  const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  if (!isUtf8(bytes)) throw new Refused('malformed', null, 'text that is not UTF-8');
  return bytes;
}
