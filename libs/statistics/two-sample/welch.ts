import { studentQuantile, studentTwoSided } from '../special/index.js';
import { requireCount, type TestResult } from './sample.js';

export interface WelchResult extends TestResult {
  /** Degrees of freedom, by Welch and Satterthwaite; real. */
  readonly degrees: number;
  /** Mean of the first sample less that of the second, and its confidence interval. */
  readonly difference: number;
  readonly interval: readonly [low: number, high: number];
}

export interface WelchOptions {
  /** Of the interval, between 0 and 1; 0.95 by default. */
  readonly confidence?: number;
}

/** What the test needs to know of a sample. */
export interface WelchMoments {
  /** Values, at least 2. */
  readonly n: number;
  readonly mean: number;
  /** Unbiased: over n − 1. */
  readonly variance: number;
}

/**
 * Welch's t-test, two-sided, of samples whose variances may differ.
 *
 * Welch 1947. O(m + n).
 * @param x finite, in any order, at least two values; so is y.
 * @returns where neither sample varies: 1 degree, and statistic 0 with p-value 1 if the means are equal, ±∞ with 0 if not.
 * @example welch(Float64Array.of(1, 2, 3, 4), Float64Array.of(3, 5, 7, 9))
 * // { statistic: -2.4248711305964283, pValue: 0.0664585840986…, degrees: 4.41176470588235…, difference: -3.5, interval: [-7.364…, 0.364…] }
 * @throws RangeError for samples that are too small or not finite, and a confidence out of range.
 */
export function welch(x: Float64Array, y: Float64Array, options: WelchOptions = {}): WelchResult {
  const all = x.length + y.length;
  const origin = sumOf('x', x) / all + sumOf('y', y) / all;
  return welchOfMoments(momentsFrom(origin, x), momentsFrom(origin, y), options);
}

/**
 * The same from means and variances.
 * @throws RangeError for moments that are not finite, negative variances, and what `welch` refuses.
 */
export function welchOfMoments(
  x: WelchMoments,
  y: WelchMoments,
  { confidence = 0.95 }: WelchOptions = {},
): WelchResult {
  if (!(confidence > 0 && confidence < 1)) {
    throw new RangeError(`confidence: expected a number between 0 and 1, got ${confidence}`);
  }
  requireMoments('x', x);
  requireMoments('y', y);
  const [first, second] = [x.variance / x.n, y.variance / y.n];
  const square = first + second;
  const difference = x.mean - y.mean;
  if (square === 0) {
    const [statistic, pValue] = difference === 0 ? [0, 1] : [difference * Infinity, 0];
    return { statistic, pValue, degrees: 1, difference, interval: [difference, difference] };
  }
  const [share, rest] = [first / square, second / square];
  const degrees = 1 / ((share * share) / (x.n - 1) + (rest * rest) / (y.n - 1));
  const error = Math.sqrt(square);
  const statistic = difference / error;
  const reach = studentQuantile((1 + confidence) / 2, degrees) * error;
  return {
    statistic,
    pValue: studentTwoSided(statistic, degrees),
    degrees,
    difference,
    interval: [difference - reach, difference + reach],
  };
}

/** The mean less `origin`: a test of two needs no more, and large means that are close leave their digits to the difference. */
function momentsFrom(origin: number, values: Float64Array): WelchMoments {
  const n = values.length;
  let sum = 0;
  for (let place = 0; place < n; place++) sum += values[place]! - origin;
  const mean = sum / n;
  let squares = 0;
  for (let place = 0; place < n; place++) squares += (values[place]! - origin - mean) ** 2;
  return { n, mean, variance: squares / (n - 1) };
}

function sumOf(name: string, values: Float64Array): number {
  if (values.length < 2) throw new RangeError(`${name}: expected at least 2 values, got ${values.length}`);
  let sum = 0;
  for (let place = 0; place < values.length; place++) sum += values[place]!;
  if (Number.isFinite(sum)) return sum;
  const place = values.findIndex((value) => !Number.isFinite(value));
  if (place < 0) throw new RangeError(`${name}: expected a sum that float64 can hold, got ${sum}`);
  throw new RangeError(`${name}[${place}]: expected a finite number, got ${values[place]}`);
}

function requireMoments(name: string, { n, mean, variance }: WelchMoments): void {
  requireCount(`${name}.n`, n, 2);
  if (!Number.isFinite(mean)) throw new RangeError(`${name}.mean: expected a finite number, got ${mean}`);
  if (!(variance >= 0 && variance < Infinity)) {
    throw new RangeError(`${name}.variance: expected a finite number that is at least 0, got ${variance}`);
  }
}
