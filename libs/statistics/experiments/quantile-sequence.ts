import { logGamma } from '../special/index.js';
import { mixtureScale, type SequenceOptions } from './confidence-sequence.js';
import type { LatencyCounts } from './latency-counts.js';

/** Bounds may be infinite while there are few values. */
export interface QuantileInterval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Places, from 1, of the values between which a quantile is, in ascending order of `count` values: at every look, with
 * a chance of at most alpha that any of them misses. 0: below all values; count + 1: above them.
 *
 * Howard and Ramdas 2022, "Sequential estimation of quantiles", with the beta-binomial mixture: whether a value is below the quantile
 * is a toss of chance p, and the likelihood of the tosses under a beta distribution around p over that under p is a martingale, so that
 * it is ever above 1 / alpha with a chance of at most alpha (Ville 1939). Exact for any distribution, ties included: a tie may count
 * to either side. The beta distribution's spread is that of `meanSequence` at the same tuning. 2 log₂(count) looks at log Γ.
 *
 *     quantilePlaces(1000, 0.5)   [447, 554]     quantilePlaces(1000, 0.99)   [978, 999]
 *
 * @throws RangeError for a quantile outside of 0 to 1, and a count that is none.
 */
export function quantilePlaces(count: number, quantile: number, options: SequenceOptions = {}): [number, number] {
  if (!(quantile > 0 && quantile < 1)) throw new RangeError(`quantile: expected between 0 and 1, got ${quantile}`);
  if (!(Number.isSafeInteger(count) && count >= 0)) {
    throw new RangeError(`count: expected a whole number of 0 or more, got ${count}`);
  }
  const { alpha = 0.05 } = options;
  const size = Math.max(1 / mixtureScale(options) ** 2 - 1, 1);
  const [below, above] = [size * quantile, size * (1 - quantile)];
  const atStart = logBeta(below, above);
  const limit = -Math.log(alpha);
  const possible = (tosses: number): boolean => {
    const ratio =
      logBeta(below + tosses, above + count - tosses) -
      atStart -
      tosses * Math.log(quantile) -
      (count - tosses) * Math.log1p(-quantile);
    return ratio < limit;
  };
  // Evidence falls towards the middle and rises after it, so that what is possible is one stretch around it.
  const middle = Math.floor(count * quantile);
  return [first(0, middle, possible), last(middle, count, possible) + 1];
}

/**
 * A quantile's interval at every look, from counts by value; bounds are those of the counts' cells, so that nothing is lost to them
 * but width.
 *
 *     quantileSequence(latencies, 0.95)   of 1 to 1000 ms, one of each: { estimate: 952, low: 924, high: 981 }
 *
 * @returns null: no values.
 */
export function quantileSequence(
  values: LatencyCounts,
  quantile: number,
  options: SequenceOptions = {},
): QuantileInterval | null {
  const [from, to] = quantilePlaces(values.count, quantile, options);
  if (values.count === 0) return null;
  const [, estimate] = values.boundsAt(Math.max(Math.ceil(quantile * values.count), 1));
  return {
    estimate,
    low: from === 0 ? -Infinity : values.boundsAt(from)[0],
    high: to > values.count ? Infinity : values.boundsAt(to)[1],
  };
}

/**
 * Of b's quantile less a's: the two intervals, each at half of alpha, set against each other. Valid however the arms depend on one
 * another, and so for pairs too.
 */
export function quantileDifference(
  a: LatencyCounts,
  b: LatencyCounts,
  quantile: number,
  options: SequenceOptions = {},
): QuantileInterval | null {
  const { alpha = 0.05 } = options;
  const [ofA, ofB] = [a, b].map((arm) => quantileSequence(arm, quantile, { ...options, alpha: alpha / 2 }));
  if (!ofA || !ofB) return null;
  return { estimate: ofB.estimate - ofA.estimate, low: ofB.low - ofA.high, high: ofB.high - ofA.low };
}

const logBeta = (a: number, b: number): number => logGamma(a) + logGamma(b) - logGamma(a + b);

/** The first of low to high for which it holds, as it does for high. */
function first(low: number, high: number, holds: (at: number) => boolean): number {
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The last of low to high for which it holds, as it does for low. */
function last(low: number, high: number, holds: (at: number) => boolean): number {
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
