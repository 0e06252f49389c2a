import type { Matrix } from './rows.js';

const mostSteps = 100;

/**
 * Logistic regression of labels 0 and 1 with the penalty ½·l2·‖w‖² on all weights but the intercept, by Newton's method
 * with halved steps (iteratively reweighted least squares); scikit-learn's C is 1 / l2. O(rows·width²) a step, 4 to 10
 * steps.
 *
 * @param l2 above 0: what columns that repeat one another, or that part the labels, need.
 * @returns the intercept, then a weight for each column.
 */
export function ridgeLogistic({ rows, width, values }: Matrix, labels: Uint8Array, l2: number): Float64Array {
  const size = width + 1;
  let weights = new Float64Array(size);
  let loss = lossOf(values, rows, labels, weights, l2);
  const gradient = new Float64Array(size);
  const hessian = new Float64Array(size * size);
  for (let step = 0; step < mostSteps; step++) {
    fillDerivatives(values, rows, labels, weights, l2, gradient, hessian);
    const direction = choleskySolved(hessian, gradient, size);
    let length = 1;
    let [next, nextLoss] = [stepped(weights, direction, length), Infinity];
    for (; length > 1e-10; length /= 2) {
      next = stepped(weights, direction, length);
      nextLoss = lossOf(values, rows, labels, next, l2);
      if (nextLoss <= loss) break;
    }
    const moved = direction.reduce((largest, part) => Math.max(largest, Math.abs(part)), 0) * length;
    if (nextLoss > loss) return weights;
    [weights, loss] = [next, nextLoss];
    if (moved < 1e-12) break;
  }
  return weights;
}

/** The log-odds of row `row`. */
export function logOdds(values: Float64Array, weights: Float64Array, row: number): number {
  const width = weights.length - 1;
  let sum = weights[0]!;
  for (let column = 0; column < width; column++) sum += weights[column + 1]! * values[row * width + column]!;
  return sum;
}

function lossOf(values: Float64Array, rows: number, labels: Uint8Array, weights: Float64Array, l2: number): number {
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    const odds = logOdds(values, weights, row);
    const wrong = labels[row] === 1 ? -odds : odds;
    loss += wrong > 0 ? wrong + Math.log1p(Math.exp(-wrong)) : Math.log1p(Math.exp(wrong));
  }
  for (let at = 1; at < weights.length; at++) loss += 0.5 * l2 * weights[at]! ** 2;
  return loss;
}

function fillDerivatives(
  values: Float64Array,
  rows: number,
  labels: Uint8Array,
  weights: Float64Array,
  l2: number,
  gradient: Float64Array,
  hessian: Float64Array,
): void {
  const size = weights.length;
  const width = size - 1;
  gradient.fill(0);
  hessian.fill(0);
  for (let row = 0; row < rows; row++) {
    const share = 1 / (1 + Math.exp(-logOdds(values, weights, row)));
    const residual = share - labels[row]!;
    const curvature = share * (1 - share);
    for (let i = 0; i < size; i++) {
      const value = i === 0 ? 1 : values[row * width + i - 1]!;
      if (value === 0) continue;
      gradient[i]! += residual * value;
      const scaled = curvature * value;
      hessian[i * size]! += scaled;
      for (let j = 1; j <= i; j++) hessian[i * size + j]! += scaled * values[row * width + j - 1]!;
    }
  }
  for (let i = 1; i < size; i++) {
    gradient[i]! += l2 * weights[i]!;
    hessian[i * size + i]! += l2;
  }
}

/**
 * In place of the lower triangle of A. A row whose pivot rounding has eaten, which only the intercept's can be, is left
 * out.
 */
function choleskySolved(a: Float64Array, b: Float64Array, size: number): Float64Array {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * size + k]! * a[j * size + k]!;
      if (i !== j) a[i * size + j] = sum / a[j * size + j]!;
      else a[i * size + i] = sum > 0 ? Math.sqrt(sum) : Infinity;
    }
  }
  const x = b.slice();
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) x[i]! -= a[i * size + k]! * x[k]!;
    x[i]! /= a[i * size + i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) x[i]! -= a[k * size + i]! * x[k]!;
    x[i]! /= a[i * size + i]!;
  }
  return x;
}

const stepped = (weights: Float64Array, direction: Float64Array, length: number): Float64Array<ArrayBuffer> =>
  Float64Array.from(weights, (weight, at) => weight - length * direction[at]!);
