import { requireNotNegative, requirePositive, requireProbability } from './arguments.js';
import { betaTails, type BetaTails } from './beta.js';
import { binomialTerm } from './factorials.js';
import { solveLogarithm } from './solve.js';

/**
 * P(X ≤ x) of Fisher's F with real `above` and `below` degrees of freedom; x at least 0.
 * @throws RangeError for arguments out of these ranges.
 */
export const fCdf = (x: number, above: number, below: number): number => tails(x, above, below).lower;

/**
 * P(X > x), accurate in the far tail too.
 * @example fSf(4.964602743730711, 1, 10) // 0.05
 */
export const fSf = (x: number, above: number, below: number): number => tails(x, above, below).upper;

/**
 * The x with P(X ≤ x) = p, by Newton's method on the tail's logarithm.
 * @example fQuantile(0.95, 1, 10) // 4.964602743730711
 * @throws RangeError unless p is 0 to 1 and the degrees above 0.
 */
export function fQuantile(p: number, above: number, below: number): number {
  requireProbability('p', p);
  requirePositive('above', above);
  requirePositive('below', below);
  if (p === 0) return 0;
  if (p === 1) return Infinity;
  const [isLower, target] = p <= 0.5 ? [true, p] : [false, 1 - p];
  return solveLogarithm(0, (logX) => {
    const ratio = (Math.exp(logX) * above) / below;
    if (ratio === Infinity) return { distance: Infinity, slope: 1 };
    const [share, rest] = [ratio / (1 + ratio), 1 / (1 + ratio)];
    const { lower, upper } = betaTails(above / 2, below / 2, share, rest);
    const tail = isLower ? lower : upper;
    const distance = Math.log(tail / target);
    const slope = (binomialTerm(above / 2, below / 2, share, rest) * above * below) / (2 * (above + below)) / tail;
    return { distance: isLower ? distance : -distance, slope };
  });
}

function tails(x: number, above: number, below: number): BetaTails {
  requirePositive('above', above);
  requirePositive('below', below);
  requireNotNegative('x', x);
  const ratio = (x * above) / below;
  if (ratio === Infinity) return { lower: 1, upper: 0 };
  return betaTails(above / 2, below / 2, ratio / (1 + ratio), 1 / (1 + ratio));
}
