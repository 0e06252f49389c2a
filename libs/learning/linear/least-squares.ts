import { choleskySolve, TriangleOfRows, type SquareMatrix } from './dense-solve.js';
import { blockRows } from '../row-blocks.js';
import type { ScaledColumns } from './scaled-columns.js';

/** Awaited after every block of rows. */
export type Pause = () => Promise<void>;

export interface LeastSquares {
  readonly columns: ScaledColumns;
  /** Less its mean. */
  readonly target: Float64Array;
  readonly weights: Float64Array | undefined;
  readonly l2: number;
}

export interface NormalEquations {
  /** Products of the scaled columns, and l2 of the scaled coefficients: the diagonal is 1. */
  readonly matrix: SquareMatrix;
  /** Products of the scaled columns and the target. */
  readonly products: Float64Array;
}

/** Sums over row blocks, in their order. */
export async function normalEquations(problem: LeastSquares, pause: Pause): Promise<NormalEquations> {
  const { scales } = problem.columns;
  const size = scales.length;
  const values = new Float64Array(size * size);
  const products = new Float64Array(size);
  await forEachBlock(problem, pause, (block, rows) => {
    const target = block.subarray(size * blockRows, size * blockRows + rows);
    for (let i = 0; i < size; i++) {
      const left = block.subarray(i * blockRows, i * blockRows + rows);
      for (let j = 0; j <= i; j++) {
        values[i * size + j]! += dot(left, block.subarray(j * blockRows, j * blockRows + rows));
      }
      products[i]! += dot(left, target);
    }
  });
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) values[j * size + i] = values[i * size + j]!;
    // A column without a scale has no products: its equation says that the coefficient is 0.
    if (scales[i] === 0) values[i * size + i] = 1;
    else values[i * size + i]! += problem.l2 * scales[i]! ** 2;
  }
  return { matrix: { size, values }, products };
}

/** The scaled coefficients; where the normal equations are too near to singular, by QR of the rows themselves. */
export async function ridgeSolution(problem: LeastSquares, pause: Pause): Promise<Float64Array> {
  const { matrix, products } = await normalEquations(problem, pause);
  return choleskySolve(matrix, products) ?? solutionByRows(problem, pause);
}

async function solutionByRows(problem: LeastSquares, pause: Pause): Promise<Float64Array> {
  const { scales } = problem.columns;
  const size = scales.length;
  const width = size + 1;
  const triangle = new TriangleOfRows(size, Math.max(blockRows, size));
  await forEachBlock(problem, pause, (block, rows) => {
    triangle.add(rows, (added) => {
      for (let j = 0; j < width; j++) {
        for (let row = 0; row < rows; row++) added[row * width + j] = block[j * blockRows + row]!;
      }
    });
  });
  if (problem.l2 > 0) {
    triangle.add(size, (added) => {
      for (let j = 0; j < size; j++) added[j * width + j] = Math.sqrt(problem.l2) * scales[j]!;
    });
  }
  return triangle.solve();
}

/** `block[j · blockRows + row]`: the scaled columns and, last, the target, times the root of the row's weight. */
async function forEachBlock(
  { columns: { rows, columns, means, scales }, target, weights }: LeastSquares,
  pause: Pause,
  take: (block: Float64Array, rows: number) => void,
): Promise<void> {
  const block = new Float64Array((columns.length + 1) * blockRows);
  for (let from = 0; from < rows; from += blockRows) {
    const count = Math.min(blockRows, rows - from);
    for (const [j, column] of columns.entries()) {
      const mean = means[j]!;
      const scale = scales[j]!;
      for (let i = 0; i < count; i++) block[j * blockRows + i] = (column[from + i]! - mean) * scale;
    }
    block.set(target.subarray(from, from + count), columns.length * blockRows);
    if (weights !== undefined) weigh(block, columns.length + 1, weights.subarray(from, from + count));
    take(block, count);
    await pause();
  }
}

function weigh(block: Float64Array, width: number, weights: Float64Array): void {
  const roots = weights.map(Math.sqrt);
  for (let j = 0; j < width; j++) for (let i = 0; i < roots.length; i++) block[j * blockRows + i]! *= roots[i]!;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
