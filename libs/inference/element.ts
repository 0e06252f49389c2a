import { assertNever } from '#libs/kernel/index.js';
import type { TensorType } from '#libs/contracts/index.js';
import type { ColumnData } from './columns.js';
import type { RefusalCode } from './refusal.js';

/** Why a JSON value does not fit where its feature goes. */
export type Misfit = Exclude<RefusalCode, 'not_an_object' | 'missing_feature' | 'unknown_feature'>;

export const largestFloat32 = 3.4028234663852886e38;

/** Integers above 2^53 lose digits when JSON is parsed, so int64 takes no more than that. */
export const integerRange: Record<'int64' | 'int32' | 'int16' | 'int8' | 'uint8', readonly [number, number]> = {
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  int32: [-0x80000000, 0x7fffffff],
  int16: [-0x8000, 0x7fff],
  int8: [-0x80, 0x7f],
  uint8: [0, 0xff],
};

/** Writes one JSON value as element `at`; gives the reason when the type cannot hold it, and then writes nothing. */
export function writeElement(
  type: TensorType,
  nullable: boolean,
  value: unknown,
  data: ColumnData,
  at: number,
): Misfit | null {
  if (value === null) {
    if (!nullable) return 'null_feature';
    writeMissing(data, at, 1);
    return null;
  }
  switch (type) {
    case 'float32': {
      if (typeof value !== 'number') return 'ill_typed_feature';
      if (!Number.isFinite(value)) return 'not_finite';
      const single = Math.fround(value);
      if (!Number.isFinite(single)) return 'out_of_range';
      (data as Float32Array)[at] = single;
      return null;
    }
    case 'float64':
      if (typeof value !== 'number') return 'ill_typed_feature';
      if (!Number.isFinite(value)) return 'not_finite';
      (data as Float64Array)[at] = value;
      return null;
    case 'int64':
    case 'int32':
    case 'int16':
    case 'int8':
    case 'uint8': {
      if (typeof value !== 'number') return 'ill_typed_feature';
      if (!Number.isFinite(value)) return 'not_finite';
      if (!Number.isInteger(value)) return 'not_integral';
      const [least, largest] = integerRange[type];
      if (value < least || value > largest) return 'out_of_range';
      if (type === 'int64') (data as BigInt64Array)[at] = BigInt(value);
      else (data as Int32Array)[at] = value;
      return null;
    }
    case 'bool':
      if (typeof value !== 'boolean') return 'ill_typed_feature';
      (data as Uint8Array)[at] = value ? 1 : 0;
      return null;
    case 'string':
      // ONNX Runtime's binding hands strings over as C strings: the model would see the part before U+0000.
      if (typeof value !== 'string' || value.includes('\0')) return 'ill_typed_feature';
      (data as string[])[at] = value;
      return null;
    default:
      return assertNever(type, 'tensor type');
  }
}

/** `count` missing values from element `at` on, of a column whose features may be nullable: of floats or of texts. */
export function writeMissing(data: ColumnData, at: number, count: number): void {
  if (Array.isArray(data)) data.fill('', at, at + count);
  else (data as Float32Array).fill(Number.NaN, at, at + count);
}

/** Writes nested arrays of exactly `shape`, row-major from element `at` on. A failed write may leave elements written. */
export function writeNested(
  type: TensorType,
  nullable: boolean,
  value: unknown,
  shape: readonly number[],
  data: ColumnData,
  at: number,
): Misfit | null {
  const [length, ...inner] = shape;
  if (length === undefined) return writeElement(type, nullable, value, data, at);
  if (!Array.isArray(value)) return 'ill_typed_feature';
  if (value.length !== length) return 'wrong_shape';
  const step = sizeOf(inner);
  for (let index = 0; index < length; index++) {
    const problem = writeNested(type, nullable, value[index], inner, data, at + index * step);
    if (problem !== null) return problem;
  }
  return null;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((size, length) => size * length, 1);
