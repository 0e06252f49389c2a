import type { TensorType } from '../signature.js';

/** The values of a column, row after row. */
export type Column =
  Float32Array | Float64Array | BigInt64Array | Int32Array | Int16Array | Int8Array | Uint8Array | readonly string[];

/** A boolean is 0 or 1. */
export const arrayOf = {
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

/** Zeros, or empty texts. */
export function emptyColumn(type: TensorType, length: number): Column {
  return type === 'string' ? new Array<string>(length).fill('') : new arrayOf[type](length);
}
