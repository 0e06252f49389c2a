/**
 * Each metric's part of an error rate that they share, by weight (Bonferroni; Dunn 1961): the chance that any of them is wrong is at
 * most the whole, however they depend on one another.
 *
 *     splitAlpha(0.05, [2, 1, 1])   [0.025, 0.0125, 0.0125]
 *
 * @throws RangeError for an alpha outside of 0 to 1, and a weight that is not above 0.
 */
export function splitAlpha(alpha: number, weights: readonly number[]): number[] {
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`alpha: expected between 0 and 1, got ${alpha}`);
  const wrong = weights.findIndex((weight) => !(weight > 0 && weight < Infinity));
  if (wrong >= 0) throw new RangeError(`weights[${wrong}]: expected a number above 0, got ${weights[wrong]!}`);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => (alpha * weight) / total);
}
