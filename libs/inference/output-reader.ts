import { assertNever, type JsonValue } from '#libs/kernel/index.js';
import type { OutputInfo, Signature, TensorType } from '#libs/contracts/index.js';
import type { Column, ColumnData } from './columns.js';
import { sizeOf } from './element.js';

/** A number, string or boolean, or nested arrays of them. What JSON cannot hold (NaN, infinities) is null. */
export type OutputValue = JsonValue;

/** What a caller is answered for one row. */
export interface PredictionOutput {
  /** The class as trained. An int64 beyond 2^53 is a string of its digits. */
  label?: OutputValue;
  /** By class as a string; by index where the graph does not name its classes. */
  probabilities?: Record<string, OutputValue>;
  /** The value of the one plain output, or of each by its name when there are several. */
  value?: OutputValue;
}

/** Reads stored or fresh output columns. Needs the signature alone: no session. */
export interface OutputReader {
  /** `columns`: one per output of the signature, in its order. @throws RangeError when they are of another model. */
  outputOf(columns: readonly Column[], row: number): PredictionOutput;
}

export function outputReader(signature: Signature): OutputReader {
  const readers = signature.outputs.map((output) => fieldReader(output, signature));
  return {
    outputOf(columns, row) {
      if (columns.length !== readers.length) {
        throw new RangeError(`expected ${readers.length} output columns, got ${columns.length}`);
      }
      const output: PredictionOutput = {};
      for (let index = 0; index < readers.length; index++) readers[index]!(output, columns[index]!, row);
      return output;
    },
  };
}

type FieldReader = (output: PredictionOutput, column: Column, row: number) => void;

function fieldReader(info: OutputInfo, signature: Signature): FieldReader {
  switch (info.role) {
    case 'label':
      return (output, column, row) => {
        output.label = valueOf(info, column, row);
      };
    case 'probabilities':
      return probabilitiesReader(signature.classes?.map(String));
    case 'value': {
      if (signature.outputs.filter(({ role }) => role === 'value').length > 1) return namedValueReader(info);
      return (output, column, row) => {
        output.value = valueOf(info, column, row);
      };
    }
    default:
      return assertNever(info.role, 'output role');
  }
}

function probabilitiesReader(classes: readonly string[] | undefined): FieldReader {
  const names = classes ?? [];
  const plain = !names.includes('__proto__');
  return (output, { type, width, data }, row) => {
    // An ordinary object would take `__proto__` for its prototype; one without a prototype keeps it as a key.
    const probabilities = plain ? {} : (Object.create(null) as Record<string, OutputValue>);
    for (let index = 0; index < width; index++) {
      probabilities[names[index] ?? String(index)] = elementOf(type, data, row * width + index);
    }
    output.probabilities = probabilities;
  };
}

/** Outputs of the same name cannot be: a graph's tensors are single-assignment. */
function namedValueReader(info: OutputInfo): FieldReader {
  return (output, column, row) => {
    const values = (output.value ?? Object.create(null)) as Record<string, OutputValue>;
    values[info.name] = valueOf(info, column, row);
    output.value = values;
  };
}

function valueOf(info: OutputInfo, { type, width, data }: Column, row: number): OutputValue {
  if (width === 1) return elementOf(type, data, row * width);
  return nested(type, data, row * width, rowShape(info, width));
}

/** The shape of a row: from the signature, one open dimension filled from the width; flat where that does not fit. */
function rowShape(info: OutputInfo, width: number): readonly number[] {
  const dims = info.shape.slice(1);
  const known = sizeOf(dims.map((length) => length ?? 1));
  const open = dims.filter((length) => length === null).length;
  const fits = open === 0 ? known === width : open === 1 && known > 0 && width % known === 0;
  return fits ? dims.map((length) => length ?? width / known) : [width];
}

function nested(type: TensorType, data: ColumnData, at: number, shape: readonly number[]): OutputValue {
  const [length, ...inner] = shape;
  if (length === undefined) return elementOf(type, data, at);
  const step = sizeOf(inner);
  return Array.from({ length }, (_, index) => nested(type, data, at + index * step, inner));
}

function elementOf(type: TensorType, data: ColumnData, at: number): number | string | boolean | null {
  const element = data[at];
  if (element === undefined) throw new RangeError(`element ${at} of ${data.length}`);
  if (typeof element === 'bigint') {
    const number = Number(element);
    return Number.isSafeInteger(number) ? number : element.toString();
  }
  if (typeof element === 'string') return element;
  if (type === 'bool') return element !== 0;
  return Number.isFinite(element) ? element : null;
}
