import { totalOf } from '../counts.js';
import { chiSquareSf } from '../special/index.js';
import type { TestResult } from './sample.js';

export interface ChiSquareResult extends TestResult {
  /** Degrees of freedom: bins that hold anything, less one. */
  readonly degrees: number;
}

/**
 * Pearson's χ² test of homogeneity of two rows of counts over the same bins; bins that are empty in both have no say.
 *
 * Pearson 1900, without continuity correction. Poor where expected counts are below about 5 in many bins. O(bins), without
 * allocation.
 * @param counts finite, not negative, with a sum above 0; so is `other`, of as many bins.
 * @returns p-value 1 and no degrees where there is but one bin.
 * @example chiSquare(Float64Array.of(10, 20, 30), Float64Array.of(20, 20, 20))
 * // { statistic: 5.333333333333333, pValue: 0.0694834512228015…, degrees: 2 }
 * @throws RangeError for counts out of these ranges.
 */
export function chiSquare(counts: Float64Array, other: Float64Array): ChiSquareResult {
  const first = totalOf('counts', counts);
  const second = totalOf('other', other);
  sameLength('other', other, counts);
  let sum = 0;
  let bins = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    const a = counts[bin]!;
    const b = other[bin]!;
    const both = a + b;
    if (both === 0) continue;
    bins++;
    const difference = a * second - b * first;
    sum += (difference / both) * difference;
  }
  return result(sum / first / second, bins - 1);
}

/**
 * Pearson's χ² test of goodness of fit: counts against those that were expected, fixed beforehand.
 *
 * Pearson 1900. Poor where expected counts are below about 5 in many bins. O(bins), without allocation.
 * @param observed finite, not negative, with a sum above 0.
 * @param expected as many, finite and above 0, with the same sum to a relative 1e-8.
 * @example chiSquareGoodness(Float64Array.of(16, 18, 16, 14, 12, 12), Float64Array.of(16, 16, 16, 16, 16, 8)).pValue // 0.6233876277495…
 * @throws RangeError for counts out of these ranges.
 */
export function chiSquareGoodness(observed: Float64Array, expected: Float64Array): ChiSquareResult {
  const sum = totalOf('observed', observed);
  const expectedSum = totalOf('expected', expected);
  sameLength('expected', expected, observed);
  if (Math.abs(expectedSum - sum) > 1e-8 * sum) {
    throw new RangeError(`expected: expected a sum of ${sum}, as observed has, got ${expectedSum}`);
  }
  let statistic = 0;
  for (let bin = 0; bin < observed.length; bin++) {
    const mean = expected[bin]!;
    if (mean === 0) throw new RangeError(`expected[${bin}]: expected a number above 0, got 0`);
    statistic += (observed[bin]! - mean) ** 2 / mean;
  }
  return result(statistic, observed.length - 1);
}

const result = (statistic: number, degrees: number): ChiSquareResult => ({
  statistic,
  pValue: degrees === 0 ? 1 : chiSquareSf(statistic, degrees),
  degrees,
});

function sameLength(name: string, counts: Float64Array, other: Float64Array): void {
  if (counts.length === other.length) return;
  throw new RangeError(`${name}: expected ${other.length} bins, got ${counts.length}`);
}
