import { Random } from '../random.js';
import { fitIsotonic, isotonicAt, type Isotonic } from './isotonic.js';
import { descendingOrder } from './order.js';
import { areaUnderRoc } from './roc.js';

/** A calibrator where it helps, and the expected calibration error on rows held out, without and with it. */
export interface Calibration {
  /** null: probabilities are taken as they are. */
  readonly isotonic: Isotonic | null;
  /** null: not measured, as a class has fewer than two rows, or the model parts the classes all but perfectly. */
  readonly error: { readonly before: number; readonly after: number } | null;
}

/** One to fit to, and one to hold out. */
const fewestOfClass = 2;
const splits = 10;
const heldOutShare = 0.1;
const bins = 10;
/** Above it held-out rows say nothing of calibration: nearly all have probability 0 or 1. NannyML's figure. */
const partsPerfectly = 0.999;

/**
 * Isotonic calibration of the probability of a class, if it lowers the expected calibration error: in ten random splits,
 * each class parted by itself, a calibrator fitted to nine tenths is tried on the rest, and the error of what was held out is
 * compared, all splits together (NannyML's rule). Rows × log(rows).
 *
 * @param positive 1 where the row is of the class, else 0.
 * @param seed of the splits.
 */
export function fitCalibration(scores: Float64Array, positive: Uint8Array, seed: number): Calibration {
  const positives = positive.reduce((sum, value) => sum + value, 0);
  const area = areaUnderRoc(scores, positive);
  const rarer = Math.min(positives, positive.length - positives);
  if (rarer < fewestOfClass || area === null || area > partsPerfectly) {
    return { isotonic: null, error: null };
  }
  const order = ascending(scores);
  const error = heldOutErrors(scores, positive, order, seed);
  if (error.before <= error.after) return { isotonic: null, error };
  return { isotonic: fitted(scores, positive, order, null), error };
}

/**
 * Expected calibration error: over ten bins of as many rows each, by probability, the mean distance of the mean
 * probability from the share of the class (Naeini, Cooper and Hauskrecht 2015, with bins of equal count).
 *
 *     calibrationError([0.2, 0.2, 0.8, 0.8], [0, 0, 1, 1], 2)   0.2
 *
 * Rows × log(rows).
 * @throws RangeError for no rows, and not as many of both.
 */
export function calibrationError(probabilities: Float64Array, positive: Uint8Array, parts = bins): number {
  const rows = probabilities.length;
  if (rows === 0) throw new RangeError('probabilities: expected at least 1, got 0');
  if (positive.length !== rows) throw new RangeError(`positive: expected ${rows} values, got ${positive.length}`);
  const order = ascending(probabilities);
  let error = 0;
  for (let bin = 0; bin < parts; bin++) {
    let off = 0;
    for (let at = Math.floor((bin * rows) / parts); at < Math.floor(((bin + 1) * rows) / parts); at++) {
      off += probabilities[order[at]!]! - positive[order[at]!]!;
    }
    error += Math.abs(off);
  }
  return error / rows;
}

function heldOutErrors(scores: Float64Array, positive: Uint8Array, order: Uint32Array, seed: number) {
  const before: number[] = [];
  const after: number[] = [];
  const labels: number[] = [];
  for (let split = 0; split < splits; split++) {
    const held = heldOut(positive, new Random(seed, split));
    const isotonic = fitted(scores, positive, order, held);
    for (let row = 0; row < held.length; row++) {
      if (held[row] === 0) continue;
      before.push(scores[row]!);
      after.push(isotonicAt(isotonic, scores[row]!));
      labels.push(positive[row]!);
    }
  }
  const truth = Uint8Array.from(labels);
  return {
    before: calibrationError(Float64Array.from(before), truth),
    after: calibrationError(Float64Array.from(after), truth),
  };
}

/** 1 for a tenth of either class, one row at least, each row of it as likely (Knuth's algorithm S). */
function heldOut(positive: Uint8Array, random: Random): Uint8Array {
  const left = [0, 0];
  for (const value of positive) left[value]!++;
  const wanted = left.map((rows) => Math.max(Math.round(heldOutShare * rows), 1));
  const held = new Uint8Array(positive.length);
  for (let row = 0; row < positive.length; row++) {
    const value = positive[row]!;
    if (random.below(left[value]!--) >= wanted[value]!) continue;
    wanted[value]!--;
    held[row] = 1;
  }
  return held;
}

/** To all rows, or to those that are not held out. @param order of the rows, by score. */
function fitted(scores: Float64Array, positive: Uint8Array, order: Uint32Array, held: Uint8Array | null): Isotonic {
  const [ascendingScores, values] = [new Float64Array(order.length), new Uint8Array(order.length)];
  let count = 0;
  for (let at = 0; at < order.length; at++) {
    const row = order[at]!;
    if (held !== null && held[row] === 1) continue;
    ascendingScores[count] = scores[row]!;
    values[count++] = positive[row]!;
  }
  return fitIsotonic(ascendingScores.subarray(0, count), values.subarray(0, count));
}

/** Rows by their value, of equal ones the first. */
const ascending = (values: Float64Array): Uint32Array => descendingOrder(values.map((value) => -value));
