import { totalsOf } from './totals.js';

/**
 * Hellinger distance: √(1 − Σ √(p·q)) (Hellinger 1909), from 0 to 1. Taken as √(½·Σ (√p − √q)²), which is the same and
 * keeps the digits of small ones. Empty bins need no share. O(bins), without allocation.
 *
 *     hellinger(Float64Array.of(1, 0), Float64Array.of(1, 1))    0.541196 = √(1 − √½)
 *
 * @param p and @param q counts or shares.
 * @throws RangeError for counts that are no distribution.
 */
export function hellinger(p: Float64Array, q: Float64Array): number {
  const totals = totalsOf(p, q);
  let sum = 0;
  for (let bin = 0; bin < p.length; bin++) {
    sum += (Math.sqrt(p[bin]! / totals.p) - Math.sqrt(q[bin]! / totals.q)) ** 2;
  }
  return Math.min(Math.sqrt(sum / 2), 1);
}
