import { varianceOf, type Arm } from './arm.js';

export interface SequenceOptions {
  /** Chance that the truth is ever outside, default 0.05. */
  readonly alpha?: number;
  /** Values at which the interval is to be narrowest, default 5000. */
  readonly tuning?: number;
}

export interface SequenceInterval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

export const defaultTuning = 5000;

/**
 * Interval of a mean that holds at every look: the chance that any of them, however many, misses the mean is at most alpha. An
 * asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024, "Time-uniform central limit theory",
 * theorem 2.2), in GrowthBook's form: a normal mixture whose ρ makes it narrowest at N* values. It needs finite variance, and enough
 * values for the variance to be known; `Experiment` waits for 100. Paired comparisons: the differences, pair by pair.
 *
 *     meanSequence({ count: 1000, mean: 0.1, squares: 999 })   { estimate: 0.1, low: -0.006375, high: 0.206375 }
 *
 * @returns null for fewer than two values, or without any variance.
 * @throws RangeError for an alpha outside of 0 to 1, and a tuning that is not above 0.
 */
export function meanSequence(arm: Arm, options: SequenceOptions = {}): SequenceInterval | null {
  return interval(arm.mean, varianceOf(arm), arm.count, options);
}

/**
 * The same for the difference of two arms' means, b less a, where requests go to one of them by chance; what counts as a
 * value is a request of either.
 *
 * The arm with fewer values is not believed to vary less than the other. Its own variance is too small just when its few
 * values miss the rare ones that make it up: of a canary with 5 % of the requests and an outcome of 1 in 100, 35 % of null
 * rollouts ended with a false verdict by its own variance, and by this rule those that `experiments.soak.ts` counts.
 */
export function differenceSequence(a: Arm, b: Arm, options: SequenceOptions = {}): SequenceInterval | null {
  if (a.count < 2 || b.count < 2) return interval(0, 0, 0, options);
  const count = a.count + b.count;
  const [ofA, ofB] = [varianceOf(a), varianceOf(b)];
  const most = max(ofA, ofB);
  const variance = (a.count < b.count ? most : ofA) / a.count + (b.count < a.count ? most : ofB) / b.count;
  return interval(b.mean - a.mean, variance * count, count, options);
}

/** ρ of the normal mixture: √((−2 ln α + ln(1 − 2 ln α)) / N*). */
export function mixtureScale({ alpha = 0.05, tuning = defaultTuning }: SequenceOptions): number {
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`alpha: expected between 0 and 1, got ${alpha}`);
  if (!(tuning > 0 && tuning < Infinity)) throw new RangeError(`tuning: expected a number above 0, got ${tuning}`);
  const twice = -2 * log(alpha);
  return sqrt((twice + log(1 + twice)) / tuning);
}

function interval(
  estimate: number,
  variance: number,
  count: number,
  options: SequenceOptions,
): SequenceInterval | null {
  const { alpha = 0.05 } = options;
  const scale = mixtureScale(options);
  if (!(variance > 0) || count < 2) return null;
  const information = count * scale * scale;
  const wide = ((2 * (information + 1)) / (count * information)) * log(sqrt(information + 1) / alpha);
  const half = sqrt(variance * wide);
  return { estimate, low: estimate - half, high: estimate + half };
}

const { log, max, sqrt } = Math;
