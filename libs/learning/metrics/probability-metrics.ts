import { sumOverRows } from '../row-blocks.js';
import { defined, weightOf, type Metrics } from './metrics.js';

export interface ClassProbabilities {
  readonly rows: number;
  readonly classes: number;
  /** [rows × classes] */
  readonly probabilities: Float64Array;
  readonly target: Int32Array;
  readonly predicted: Int32Array;
}

const bins = 10;

/** Log-loss, Brier score and expected calibration error; nothing where no row has weight. */
export function probabilityMetrics(rows: ClassProbabilities, weights?: Float64Array): Metrics {
  const total = sumOverRows(rows.rows, (row) => weightOf(weights, row));
  if (total === 0) return {};
  return defined({
    log_loss: sumOverRows(rows.rows, (row) => weightOf(weights, row) * logLossOf(rows, row)) / total,
    brier: sumOverRows(rows.rows, (row) => weightOf(weights, row) * brierOf(rows, row)) / total,
    ece: calibrationError(rows, total, weights),
  });
}

/** Probabilities are kept float64's precision away from 0 and 1. */
function logLossOf({ probabilities, classes, target }: ClassProbabilities, row: number): number {
  const share = probabilities[row * classes + target[row]!]!;
  return -Math.log(Math.min(Math.max(share, Number.EPSILON), 1 - Number.EPSILON));
}

/** Squared distance from the truth; of two classes half of it, which is the second one's. */
function brierOf({ probabilities, classes, target }: ClassProbabilities, row: number): number {
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += (probabilities[row * classes + c]! - Number(target[row] === c)) ** 2;
  return classes === 2 ? sum / 2 : sum;
}

/**
 * Mean distance of confidence (the probability of the class that is answered) and accuracy over ten bins of equal width,
 * weighted by rows; a bin has its upper edge (Guo et al. 2017).
 */
function calibrationError(rows: ClassProbabilities, total: number, weights: Float64Array | undefined): number {
  const confident = new Float64Array(bins);
  const right = new Float64Array(bins);
  for (let row = 0; row < rows.rows; row++) {
    const confidence = rows.probabilities[row * rows.classes + rows.predicted[row]!]!;
    const bin = binOf(confidence, bins);
    confident[bin]! += weightOf(weights, row) * confidence;
    if (rows.predicted[row] === rows.target[row]) right[bin]! += weightOf(weights, row);
  }
  return confident.reduce((sum, confidence, bin) => sum + Math.abs(confidence - right[bin]!), 0) / total;
}

/** The first of `count` bins of 0 to 1 whose upper edge is not below the share. */
export function binOf(share: number, count: number): number {
  const guess = Math.min(Math.max(Math.ceil(share * count) - 1, 0), count - 1);
  if (guess > 0 && share <= guess / count) return guess - 1;
  return guess < count - 1 && share > (guess + 1) / count ? guess + 1 : guess;
}
