import { requireNumber, requireSize } from './arguments.js';
import { deviance, stirlingError } from './factorials.js';

const { exp, log1p, min, sqrt } = Math;
const twoPi = 2 * Math.PI;

/** Beyond it the sum would take longer than its last digits are worth. */
const longestSum = 1_000_000;

/**
 * P(Dₙ⁺ ≥ d) of Smirnov's one-sided statistic of `n` values against the distribution they come from.
 *
 * Birnbaum and Tingey 1951: a sum of positive terms, each by its deviance, so that far tails keep their relative accuracy,
 * 1e-12. O(n); above n = 10⁶ Maag's approximation e^−(6nd+1)²/18n.
 * @param n a whole number from 1.
 * @example smirnovSf(0.2, 10) // 0.3967616916
 * @throws RangeError for an n that is not whole and above 0, and for NaN.
 */
export function smirnovSf(d: number, n: number): number {
  requireSize('n', n);
  requireNumber('d', d);
  if (d <= 0) return 1;
  if (d >= 1) return 0;
  const nd = n * d;
  if (n > longestSum) return exp(-((6 * nd + 1) ** 2) / (18 * n));
  let sum = exp(n * log1p(-d));
  const whole = stirlingError(n);
  for (let j = 1; j < n - nd; j++) {
    const rest = n - j;
    const exponent =
      whole - stirlingError(j) - stirlingError(rest) - deviance(j, j + nd, nd) - deviance(rest, rest - nd, -nd);
    sum += (exp(exponent) * sqrt(n / (twoPi * j * rest)) * nd) / (nd + j);
  }
  return min(sum, 1);
}
