import { totalsOf } from './totals.js';

/**
 * Jensen–Shannon distance of two distributions over the same bins: the square root of their divergence (Lin 1991; that
 * the root is a metric: Endres and Schindelin 2003). From 0 to 1 with base 2, to √ln 2 = 0.83 with base e. A bin that is
 * empty on one side has a finite part in it, so none is filled. O(bins), without allocation.
 *
 *     jensenShannon(Float64Array.of(1, 0), Float64Array.of(1, 1))            0.5580 (base 2)
 *     jensenShannon(Float64Array.of(1, 0), Float64Array.of(1, 1), Math.E)    0.4645
 *
 * @param p and @param q counts or shares.
 * @param base of the logarithm. Evidently's threshold of 0.1 is meant for e: it takes SciPy's default.
 * @throws RangeError for counts that are no distribution, and a base that is not above 1.
 */
export function jensenShannon(p: Float64Array, q: Float64Array, base = 2): number {
  if (!(base > 1 && base < Infinity)) throw new RangeError(`base: expected a finite number above 1, got ${base}`);
  const totals = totalsOf(p, q);
  let sum = 0;
  for (let bin = 0; bin < p.length; bin++) {
    const [a, b] = [p[bin]! / totals.p, q[bin]! / totals.q];
    // By the difference, which keeps the digits of distributions that are nearly the same.
    const difference = (a - b) / (a + b);
    if (a > 0) sum += a * Math.log1p(difference);
    if (b > 0) sum += b * Math.log1p(-difference);
  }
  return Math.sqrt(Math.max(sum, 0) / 2 / Math.log(base));
}
