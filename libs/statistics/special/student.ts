import { requireNumber, requirePositive, requireProbability } from './arguments.js';
import { betaTails } from './beta.js';
import { binomialTerm } from './factorials.js';
import { normalQuantile } from './normal.js';
import { solveLogarithm } from './solve.js';

/**
 * P(T ≤ t) of Student's t with real `degrees` above 0, accurate in the lower tail; ±∞ is allowed.
 * @example studentCdf(2, 10) // 0.9633059826146299
 * @throws RangeError for NaN, and degrees that are not above 0.
 */
export function studentCdf(t: number, degrees: number): number {
  const half = studentTwoSided(t, degrees) / 2;
  return t <= 0 ? half : 1 - half;
}

/** P(T > t), accurate in the upper tail. */
export const studentSf = (t: number, degrees: number): number => studentCdf(-t, degrees);

/** P(|T| ≥ |t|): relative accuracy 1e-12 until it underflows. */
export function studentTwoSided(t: number, degrees: number): number {
  requireNumber('t', t);
  requirePositive('degrees', degrees);
  const ratio = (t * t) / degrees;
  return ratio === Infinity ? 0 : betaTails(degrees / 2, 0.5, 1 / (1 + ratio), ratio / (1 + ratio)).lower;
}

/**
 * The t with P(T ≤ t) = p, by Newton's method on the tail's logarithm; −∞ for 0, ∞ for 1.
 * @example studentQuantile(0.975, 10) // 2.228138851986274
 * @throws RangeError unless p is 0 to 1 and `degrees` above 0.
 */
export function studentQuantile(p: number, degrees: number): number {
  requireProbability('p', p);
  requirePositive('degrees', degrees);
  if (p === 0.5) return 0;
  if (p === 0 || p === 1) return p === 0 ? -Infinity : Infinity;
  return p < 0.5 ? -size(p, 1 - 2 * p, degrees) : size(1 - p, 2 * p - 1, degrees);
}

/** The t above 0 with P(T > t) = `tail`; `inner` is P(|T| ≤ t), from which small t are found. */
function size(tail: number, inner: number, degrees: number): number {
  const isInner = inner < 0.5;
  const target = isInner ? inner : 2 * tail;
  return solveLogarithm(Math.log(-normalQuantile(tail)), (logT) => {
    const ratio = Math.exp(2 * logT) / degrees;
    if (ratio === Infinity) return { distance: Infinity, slope: 1 };
    const [x, y] = [1 / (1 + ratio), ratio / (1 + ratio)];
    const { lower, upper } = betaTails(degrees / 2, 0.5, x, y);
    const share = isInner ? upper : lower;
    const distance = Math.log(share / target);
    // d I / d ln t: twice the density of ln(y / x), whose term the beta density is.
    const slope = (binomialTerm(degrees / 2, 0.5, x, y) * degrees) / (degrees + 1) / share;
    return { distance: isInner ? distance : -distance, slope };
  });
}
