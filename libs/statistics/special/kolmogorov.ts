import { requireNumber, requireSize } from './arguments.js';
import { durbinCdf } from './durbin.js';
import { pelzGoodCdf } from './pelz-good.js';
import { pomeranzCdf } from './pomeranz.js';
import { smirnovSf } from './smirnov.js';

/**
 * P(Dₙ ≥ d) of Kolmogorov's two-sided statistic of `n` values against the distribution they come from.
 *
 * Simard and L'Ecuyer 2011, "Computing the two-sided Kolmogorov–Smirnov distribution": which of the exact and asymptotic
 * methods is best where. Up to n = 140 exact to 1e-14, small p-values to a relative 1e-10; above it within 3e-6 and a relative
 * 2e-5, from n = 1,000 on 6e-8 and 1.3e-6. O(n) or less, but for Durbin's matrix, O(n³d³ log n) with nd^1.5 ≤ 1.4.
 * @param n a whole number from 1.
 * @example kolmogorovSf(0.1, 100) // 0.2526927570063875
 * @throws RangeError for an n that is not whole and above 0, and for NaN.
 */
export function kolmogorovSf(d: number, n: number): number {
  requireSize('n', n);
  requireNumber('d', d);
  const nd = n * d;
  if (nd <= 0.5) return 1;
  if (d >= 1) return 0;
  // 2 P(D⁺ ≥ d) is exact from d = ½ on, where both sides cannot be that far, and close where they hardly ever are.
  const square = nd * d;
  if (d >= 0.5 || square > (n <= 140 ? 4 : 2.2)) return Math.min(2 * smirnovSf(d, n), 1);
  return Math.min(Math.max(1 - cdf(d, n, square), 0), 1);
}

/**
 * P(√n Dₙ ≥ x) as n goes to infinity.
 *
 * Kolmogorov 1933; by whichever of its two theta series is short.
 * @example kolmogorovLimitSf(1.3580986393225505) // 0.05
 * @throws RangeError for NaN.
 */
export function kolmogorovLimitSf(x: number): number {
  requireNumber('x', x);
  if (x <= 0.04) return 1;
  let sum = 0;
  if (x < 1) {
    for (let odd = 1; odd < 20; odd += 2) sum += Math.exp(-((odd * Math.PI) ** 2) / (8 * x * x));
    return 1 - (Math.sqrt(2 * Math.PI) / x) * sum;
  }
  for (let term = 6; term > 0; term--) sum = Math.exp(-2 * (2 * term - 1) * x * x) * (1 - sum);
  return 2 * sum;
}

function cdf(d: number, n: number, square: number): number {
  if (n <= 140) return square <= 0.754693 ? durbinCdf(d, n) : pomeranzCdf(d, n);
  return n <= 100_000 && n * d ** 1.5 <= 1.4 ? durbinCdf(d, n) : pelzGoodCdf(d, n);
}
