import { largest, varianceOfDifference, type Arm } from './arm.js';

export interface MixtureSprt {
  /** How much likelier the data are under the mixture of effects than under none. */
  readonly likelihoodRatio: number;
  /** Valid at any time: the least of this look and those before. */
  readonly pValue: number;
}

export interface MixtureSprtOptions {
  /** Standard deviation of the effects that are looked for, in units of the metric, above 0. */
  readonly effect: number;
  /** p-value of the look before, default 1. */
  readonly before?: number;
}

/**
 * Mixture sequential probability ratio test of a difference of two means: effects under the alternative are normal around 0
 * (Robbins 1970; Johari, Koomen, Pekelis and Walsh 2022, "Always valid inference"). With v the variance of the difference,
 * Λ = √(v / (v + τ²)) · exp(τ² δ² / (2 v (v + τ²))), and the p-value is 1 / Λ, at most that of the look before: the chance that it is
 * ever at or below α, without an effect, is at most α. Variances are estimated, so as with any of these, not from a few values.
 *
 *     mixtureSprt({ count: 500, mean: 0, squares: 499 }, { count: 500, mean: 0.3, squares: 499 }, { effect: 0.2 })
 *         { likelihoodRatio: 8335.9, pValue: 0.000119963 }
 *
 * @throws RangeError for an effect that is not above 0, or beyond 1e100.
 */
export function mixtureSprt(a: Arm, b: Arm, { effect, before = 1 }: MixtureSprtOptions): MixtureSprt {
  if (!(effect > 0 && effect <= largest)) {
    throw new RangeError(`effect: expected a number above 0, up to ${largest}, got ${effect}`);
  }
  if (!(before >= 0 && before <= 1)) throw new RangeError(`before: expected a p-value, 0 to 1, got ${before}`);
  const variance = a.count < 2 || b.count < 2 ? 0 : varianceOfDifference(a, b);
  if (variance === 0) return { likelihoodRatio: 1, pValue: before };
  const prior = effect * effect;
  const difference = b.mean - a.mean;
  // In this order no product leaves float64.
  const exponent = (prior / (variance + prior)) * Math.min((difference * difference) / variance / 2, Number.MAX_VALUE);
  const likelihoodRatio = Math.sqrt(variance / (variance + prior)) * Math.exp(Math.min(exponent, 700));
  return { likelihoodRatio, pValue: Math.min(before, 1 / likelihoodRatio) };
}
