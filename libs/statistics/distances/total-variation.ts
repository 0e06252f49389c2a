import { totalsOf } from './totals.js';

/**
 * Total variation distance: ½·Σ |p − q|, from 0 to 1: the largest difference of the probabilities of any event, and the
 * share of rows that would have to change bins (Levin and Peres 2017, ch. 4). Empty bins need no share. O(bins), without
 * allocation.
 *
 *     totalVariation(Float64Array.of(1, 3), Float64Array.of(2, 2))    0.25
 *
 * @param p and @param q counts or shares.
 * @throws RangeError for counts that are no distribution.
 */
export function totalVariation(p: Float64Array, q: Float64Array): number {
  const totals = totalsOf(p, q);
  let sum = 0;
  for (let bin = 0; bin < p.length; bin++) sum += Math.abs(p[bin]! / totals.p - q[bin]! / totals.q);
  return Math.min(sum / 2, 1);
}
