import { emptyShareOf, type EmptyBins } from './empty-bins.js';
import { totalsOf } from './totals.js';

/**
 * Kullback–Leibler divergence of q from p in nats: Σ p·ln(p / q) (Kullback and Leibler 1951). At least 0, without an upper
 * bound, and not symmetric: Evidently's `kl_div` is that of the window (q) from the reference (p). Empty bins get a share
 * first, and then both sides add up to 1 again; with `emptyShare: 0` a bin that is empty in q alone makes it infinite.
 * O(bins), without allocation.
 *
 *     kullbackLeibler(Float64Array.of(1, 3), Float64Array.of(2, 2))    0.130812 = ¼·ln(½) + ¾·ln(3/2)
 *
 * @param p and @param q counts or shares.
 * @throws RangeError for counts that are no distribution, and as `emptyShare` says.
 */
export function kullbackLeibler(p: Float64Array, q: Float64Array, options: EmptyBins = {}): number {
  const totals = totalsOf(p, q);
  const empty = { p: emptyShareOf(p, totals.p, options), q: emptyShareOf(q, totals.q, options) };
  let [sum, ofP, ofQ] = [0, 0, 0];
  for (let bin = 0; bin < p.length; bin++) {
    const a = p[bin]! / totals.p || empty.p;
    const b = q[bin]! / totals.q || empty.q;
    if (a > 0) sum += a * Math.log(a / b);
    ofP += a;
    ofQ += b;
  }
  return Math.max(sum / ofP - Math.log(ofP / ofQ), 0);
}
