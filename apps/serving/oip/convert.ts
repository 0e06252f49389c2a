import type { TensorType } from '#libs/contracts/index.js';
import type { ColumnData } from '#libs/inference/index.js';
import { assertNever } from '#libs/kernel/index.js';
import { integerRange } from './datatypes.js';
import type { Datatype, InputTensor, TensorData } from './protocol.js';

/** Where the elements of a tensor go: `span` elements a row, from element `offset` of a column's rows of `width`. */
export interface Place {
  readonly type: TensorType;
  /** Of the features there: one that is the whole span, or one for each element of it. */
  readonly nullable: readonly boolean[];
  readonly width: number;
  readonly offset: number;
  readonly span: number;
}

/** The first element that cannot go there. */
export interface Misfit {
  readonly element: number;
  /** What was expected and what is there instead; never the value. */
  readonly message: string;
}

/**
 * The tensor's own elements where they are the column as it is: its type, and its rows whole. Null: they have to be
 * written one by one.
 */
export function asColumn({ datatype, data }: InputTensor, { type, width, span }: Place): ColumnData | null {
  if (span !== width || !ArrayBuffer.isView(data)) return null;
  // What overflows is infinite then, and refused by the rules of the columns.
  if (type === 'float32' && data instanceof Float64Array) return new Float32Array(data);
  return isOfType(data, type) && (type === 'bool') === (datatype === 'BOOL') ? (data as ColumnData) : null;
}

/**
 * Writes the elements of a tensor, row by row. Values change only as those of /api/predict do: a double is rounded to a
 * float32. Any other value has to be what it was, or is refused. NaN and null are missing values; whether one may be
 * missing is for the rules of the columns, but for what has no NaN. A failed write may leave elements written.
 */
export function writeTensor({ datatype, data }: InputTensor, place: Place, column: ColumnData): Misfit | null {
  const read = readerOf(datatype, data);
  const write = writerOf(datatype, place);
  const { width, offset, span } = place;
  let row = offset;
  let inRow = 0;
  for (let element = 0; element < data.length; element++) {
    const value = read(element);
    const wrong = value instanceof Wrong ? value : write(column, row + inRow, value, inRow);
    if (wrong !== null) return { element, message: wrong.message };
    if (++inRow < span) continue;
    inRow = 0;
    row += width;
  }
  return null;
}

/** Made once for each kind of mistake, so that an element costs no allocation. */
class Wrong {
  constructor(readonly message: string) {}
}

type Element = number | bigint | string | null;
type Reader = (at: number) => Element | Wrong;

/** Values as they come: typed ones are of their type by their making, those of JSON are looked at. */
function readerOf(datatype: Datatype, data: TensorData): Reader {
  if (ArrayBuffer.isView(data)) return (at) => data[at]!;
  const values: readonly unknown[] = data;
  switch (datatype) {
    case 'BYTES':
      return jsonReader(values, 'a string', (value) => (typeof value === 'string' ? value : undefined));
    case 'BOOL':
      return jsonReader(values, 'true or false', (value) => (typeof value === 'boolean' ? Number(value) : undefined));
    case 'FP64':
      return jsonReader(values, 'a number', (value) => (typeof value === 'number' ? value : undefined));
    case 'FP32':
      return jsonReader(values, 'a number that FP32 can hold', (value) => {
        if (typeof value !== 'number') return undefined;
        const single = Math.fround(value);
        return Number.isFinite(single) || !Number.isFinite(value) ? single : undefined;
      });
    case 'UINT8':
    case 'UINT16':
    case 'UINT32':
    case 'UINT64':
    case 'INT8':
    case 'INT16':
    case 'INT32':
    case 'INT64': {
      const [least, largest] = integerRange[datatype]!;
      return jsonReader(values, `a whole number from ${least} to ${largest}`, (value) =>
        typeof value === 'number' && Number.isInteger(value) && value >= least && value <= largest ? value : undefined,
      );
    }
    default:
      return assertNever(datatype, 'datatype');
  }
}

function jsonReader(
  values: readonly unknown[],
  expected: string,
  take: (value: unknown) => Element | undefined,
): Reader {
  const wrong = new Wrong(`expected ${expected}`);
  return (at) => {
    const value = values[at];
    return value === null ? null : (take(value) ?? wrong);
  };
}

/** `inRow`: which element of the span it is. */
type Writer = (column: ColumnData, at: number, value: Element, inRow: number) => Wrong | null;

/** Families (numbers, BOOL, BYTES) have been compared before. */
function writerOf(datatype: Datatype, { type, nullable }: Place): Writer {
  switch (type) {
    case 'float32': {
      const rounds = datatype === 'FP64' || datatype === 'FP32';
      const wrong = new Wrong(
        rounds ? 'expected a number that float32 can hold' : 'expected a number that float32 holds exactly',
      );
      return (column, at, value) => {
        const given = value === null ? Number.NaN : Number(value);
        const single = Math.fround(given);
        (column as Float32Array)[at] = single;
        if (rounds) return Number.isFinite(given) && !Number.isFinite(single) ? wrong : null;
        return value === null || isSame(single, value) ? null : wrong;
      };
    }
    case 'float64': {
      const wrong = new Wrong('expected a number that float64 holds exactly');
      return (column, at, value) => {
        const given = value === null ? Number.NaN : Number(value);
        (column as Float64Array)[at] = given;
        return typeof value !== 'bigint' || isSame(given, value) ? null : wrong;
      };
    }
    case 'int64': {
      const wrong = new Wrong('expected a whole number that int64 can hold');
      return (column, at, value) => {
        if (typeof value === 'bigint') {
          if (BigInt.asIntN(64, value) !== value) return wrong;
          (column as BigInt64Array)[at] = value;
          return null;
        }
        if (typeof value !== 'number' || !Number.isSafeInteger(value)) return wrong;
        (column as BigInt64Array)[at] = BigInt(value);
        return null;
      };
    }
    case 'int32':
    case 'int16':
    case 'int8':
    case 'uint8': {
      const [least, largest] = integerRange[wholeTypes[type]]!;
      const wrong = new Wrong(`expected a whole number from ${least} to ${largest}`);
      return (column, at, value) => {
        if (value === null || typeof value === 'string' || value < least || value > largest) return wrong;
        const number = Number(value);
        if (!Number.isInteger(number)) return wrong;
        (column as Int32Array)[at] = number;
        return null;
      };
    }
    case 'bool': {
      const wrong = new Wrong('expected true or false');
      return (column, at, value) => {
        if (value !== 0 && value !== 1) return wrong;
        (column as Uint8Array)[at] = value;
        return null;
      };
    }
    case 'string': {
      const wrong = new Wrong('expected a string');
      return (column, at, value, inRow) => {
        if (value === null ? !nullable[nullable.length === 1 ? 0 : inRow] : typeof value !== 'string') return wrong;
        (column as string[])[at] = (value ?? '') as string;
        return null;
      };
    }
    default:
      return assertNever(type, 'tensor type');
  }
}

const wholeTypes = { int32: 'INT32', int16: 'INT16', int8: 'INT8', uint8: 'UINT8' } as const;

const isSame = (number: number, value: Element): boolean =>
  typeof value === 'bigint' ? BigInt(number) === value : number === value;

function isOfType(data: ArrayBufferView, type: TensorType): boolean {
  switch (type) {
    case 'float32':
      return data instanceof Float32Array;
    case 'float64':
      return data instanceof Float64Array;
    case 'int64':
      return data instanceof BigInt64Array;
    case 'int32':
      return data instanceof Int32Array;
    case 'int16':
      return data instanceof Int16Array;
    case 'int8':
      return data instanceof Int8Array;
    case 'uint8':
    case 'bool':
      return data instanceof Uint8Array;
    case 'string':
      return false;
    default:
      return assertNever(type, 'tensor type');
  }
}
