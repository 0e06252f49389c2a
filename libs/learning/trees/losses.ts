import type { Workspace } from './workspace.js';
import { rounded, type Grid } from './sums.js';

/** `squared` half of the squared error · `logistic` log-loss of two classes · `softmax` of several */
export type LossName = 'squared' | 'logistic' | 'softmax';

/** Probabilities of all classes of rows [start, end), from their scores. */
export function writeProbabilities({ scores, probabilities, matrix }: Workspace, start: number, end: number): void {
  const into = probabilities!;
  const { rows } = matrix;
  for (let row = start; row < end; row++) {
    let largest = -Infinity;
    for (let at = row; at < scores.length; at += rows) largest = Math.max(largest, scores[at]!);
    let sum = 0;
    for (let at = row; at < scores.length; at += rows) sum += into[at] = Math.exp(scores[at]! - largest);
    for (let at = row; at < scores.length; at += rows) into[at]! /= sum;
  }
}

/** Gradients and masses of rows [start, end), for the tree of one class. */
export function writeGradients(
  workspace: Workspace,
  loss: LossName,
  tree: number,
  grid: Grid,
  start: number,
  end: number,
): void {
  const { target, weights, scores, probabilities, matrix, pairs } = workspace;
  const { gradientScale, hessianScale, one } = grid;
  const from = tree * matrix.rows;
  for (let row = start; row < end; row++) {
    let gradient: number;
    let hessian: number;
    if (loss === 'squared') {
      gradient = scores[row]! - target[row]!;
      hessian = 1;
    } else {
      const p = loss === 'logistic' ? 1 / (1 + Math.exp(-scores[row]!)) : probabilities![from + row]!;
      const truth = loss === 'logistic' ? target[row]! : target[row] === tree ? 1 : 0;
      gradient = p - truth;
      hessian = p * (1 - p);
    }
    if (weights !== null) {
      gradient *= weights[row]!;
      hessian *= weights[row]!;
    }
    pairs[2 * row] = rounded(gradient * gradientScale);
    // Rounded up as often as the fraction says, by the row: always to the nearest, small hessians would all become 0.
    pairs[2 * row + 1] = one + Math.floor(hessian * hessianScale + fractionOf(row));
  }
}

/** Evenly spread over 0 to 1, whatever rows are taken together: multiples of the golden ratio (Knuth, 6.4). */
const fractionOf = (row: number): number => (Math.imul(row, 0x9e3779b1) >>> 0) * 2 ** -32;

/** The largest gradient of a row, without its sign; log-losses have none above its weight. */
export function largestGradient(
  { target, weights, scores }: Workspace,
  loss: LossName,
  rows: Uint32Array,
  largestWeight: number,
): number {
  if (loss !== 'squared') return largestWeight;
  let largest = 0;
  for (const row of rows) {
    const size = Math.abs(scores[row]! - target[row]!);
    largest = Math.max(largest, weights === null ? size : size * weights[row]!);
  }
  return largest;
}

/** Mean loss of rows by their weights; of squared error the mean square itself. */
export function meanLoss({ target, weights, scores, matrix }: Workspace, loss: LossName, rows: Uint32Array): number {
  let sum = 0;
  let weight = 0;
  for (const row of rows) {
    const ofRow = weights === null ? 1 : weights[row]!;
    sum += ofRow * lossOf(loss, target[row]!, scores, row, matrix.rows);
    weight += ofRow;
  }
  return sum / weight;
}

function lossOf(loss: LossName, target: number, scores: Float64Array, row: number, rows: number): number {
  const score = scores[row]!;
  if (loss === 'squared') return (score - target) ** 2;
  if (loss === 'logistic') return Math.max(score, 0) + Math.log1p(Math.exp(-Math.abs(score))) - target * score;
  let largest = -Infinity;
  for (let at = row; at < scores.length; at += rows) largest = Math.max(largest, scores[at]!);
  let sum = 0;
  for (let at = row; at < scores.length; at += rows) sum += Math.exp(scores[at]! - largest);
  return Math.log(sum) + largest - scores[target * rows + row]!;
}
