import { emptyShareOf, type EmptyBins } from './empty-bins.js';
import { totalsOf } from './totals.js';

/**
 * Population stability index: Σ (p − q)·ln(p / q), Jeffreys' divergence (1946); the name and its rules of thumb (0.1
 * moderate, 0.25 large) are of credit scoring (Siddiqi 2006). Symmetric but for empty bins, which get a share; nothing is
 * made to add up to 1 again. It grows with the number of bins and falls with that of rows, also without any drift: about
 * (bins − 1)·(1/n + 1/m) (Yurdakul 2018). O(bins), without allocation.
 *
 *     psi(Float64Array.of(1, 3), Float64Array.of(2, 2))    0.274653 = ¼·ln 3
 *
 * @param p and @param q counts or shares.
 * @throws RangeError for counts that are no distribution, and as `emptyShare` says.
 */
export function psi(p: Float64Array, q: Float64Array, options: EmptyBins = {}): number {
  const totals = totalsOf(p, q);
  const empty = { p: emptyShareOf(p, totals.p, options), q: emptyShareOf(q, totals.q, options) };
  let sum = 0;
  for (let bin = 0; bin < p.length; bin++) {
    const a = p[bin]! / totals.p || empty.p;
    const b = q[bin]! / totals.q || empty.q;
    if (a !== b) sum += (a - b) * Math.log(a / b);
  }
  return sum;
}
