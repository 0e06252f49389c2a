import { assertNever } from '#libs/kernel/index.js';
import type { TensorType } from '#libs/contracts/index.js';

/** Elements of a column, row-major: `rows × width`. Booleans are 0 and 1 in a Uint8Array. */
export type ColumnData =
  Float32Array | Float64Array | BigInt64Array | Int32Array | Int16Array | Int8Array | Uint8Array | string[];

/** A column of a batch: one per graph input or output. `width` elements per row. */
export interface ColumnInfo {
  readonly name: string;
  readonly type: TensorType;
  readonly width: number;
}

export interface Column extends ColumnInfo {
  readonly data: ColumnData;
}

/** Output columns of a run. */
export type RunOutputs = readonly Column[] & {
  /** Rows whose outputs are kept ones of equal rows: the model did not run for them (default none). */
  readonly reusedRows?: number;
};

export function allocate(type: TensorType, length: number): ColumnData {
  switch (type) {
    case 'float32':
      return new Float32Array(length);
    case 'float64':
      return new Float64Array(length);
    case 'int64':
      return new BigInt64Array(length);
    case 'int32':
      return new Int32Array(length);
    case 'int16':
      return new Int16Array(length);
    case 'int8':
      return new Int8Array(length);
    case 'uint8':
    case 'bool':
      return new Uint8Array(length);
    case 'string':
      return new Array<string>(length).fill('');
    default:
      return assertNever(type, 'tensor type');
  }
}

/** Elements `[first, first + count)`: a view for numbers, a copy for strings. */
export function sliceOf(data: ColumnData, first: number, count: number): ColumnData {
  if (Array.isArray(data)) return data.slice(first, first + count);
  return data.subarray(first, first + count);
}
