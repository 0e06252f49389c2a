import { blockRows, sumOverRows } from '../row-blocks.js';

/** Columns of float32 as they are, and what centres and scales them: column j of the scaled matrix is (x − mean) · scale. */
export interface ScaledColumns {
  readonly rows: number;
  readonly columns: readonly Float32Array[];
  readonly means: Float64Array;
  /** 0 where a column is constant and has no penalty: it tells nothing that the intercept does not. */
  readonly scales: Float64Array;
}

export interface Rows {
  readonly columns: readonly Float32Array[];
  readonly weights: Float64Array | undefined;
  readonly rows: number;
}

export const totalWeight = ({ rows, weights }: Rows): number =>
  weights === undefined ? rows : sumOverRows(rows, (row) => weights[row]!);

/**
 * Scales that give every coefficient the curvature 1 by itself: `curvature` is that of a row's loss, `l2` the penalty's.
 * The penalties stay those of the coefficients as they are.
 */
export function scaledColumns(data: Rows, curvature: number, l2: number): ScaledColumns {
  const { rows, columns, weights } = data;
  const total = totalWeight(data);
  const means = Float64Array.from(columns, (column) => {
    const first = column[0]!;
    return first + sumOverRows(rows, (row) => (weights?.[row] ?? 1) * (column[row]! - first)) / total;
  });
  const scales = Float64Array.from(columns, (column, j) => {
    const mean = means[j]!;
    const squares = sumOverRows(rows, (row) => (weights?.[row] ?? 1) * (column[row]! - mean) ** 2);
    const hessian = curvature * squares + l2;
    return hessian > 0 ? 1 / Math.sqrt(hessian) : 0;
  });
  return { rows, columns, means, scales };
}

/** `margins[o · blockRows + i]` of the rows `from` to `to`: intercept and scaled columns times `coefficients[o · width + j]`. */
export function marginsOfBlock(
  { columns, means, scales }: ScaledColumns,
  from: number,
  to: number,
  coefficients: Float64Array,
  intercepts: Float64Array,
  margins: Float64Array,
): void {
  const length = to - from;
  for (let o = 0; o < intercepts.length; o++) {
    const block = margins.subarray(o * blockRows, o * blockRows + length).fill(intercepts[o]!);
    for (let j = 0; j < columns.length; j++) {
      const weight = coefficients[o * columns.length + j]! * scales[j]!;
      if (weight === 0) continue;
      const column = columns[j]!;
      const mean = means[j]!;
      for (let i = 0; i < length; i++) block[i]! += (column[from + i]! - mean) * weight;
    }
  }
}

/** Adds the scaled columns' products with the block's residuals to `gradient[o · width + j]`. */
export function addProductsOfBlock(
  { columns, means, scales }: ScaledColumns,
  from: number,
  to: number,
  residuals: Float64Array,
  outputs: number,
  gradient: Float64Array,
): void {
  const length = to - from;
  for (let o = 0; o < outputs; o++) {
    const block = residuals.subarray(o * blockRows, o * blockRows + length);
    for (let j = 0; j < columns.length; j++) {
      if (scales[j] === 0) continue;
      const column = columns[j]!;
      const mean = means[j]!;
      let sum = 0;
      for (let i = 0; i < length; i++) sum += (column[from + i]! - mean) * block[i]!;
      gradient[o * columns.length + j]! += sum * scales[j]!;
    }
  }
}
