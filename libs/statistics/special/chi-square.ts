import { requireNotNegative, requirePositive, requireProbability } from './arguments.js';
import { poissonTerm } from './factorials.js';
import { gammaTails } from './gamma.js';
import { normalQuantile } from './normal.js';
import { solveLogarithm } from './solve.js';

/**
 * P(X ≤ x) of χ² with real `degrees` above 0; x at least 0.
 * @throws RangeError for arguments out of these ranges.
 */
export const chiSquareCdf = (x: number, degrees: number): number => tails(x, degrees).lower;

/**
 * P(X > x), accurate in the far tail too: relative accuracy 1e-12 until it underflows (below 1 degree of freedom absolute).
 * @example chiSquareSf(3.841458820694124, 1) // 0.05
 */
export const chiSquareSf = (x: number, degrees: number): number => tails(x, degrees).upper;

/**
 * The x with P(X ≤ x) = p, by Newton's method from Wilson and Hilferty's approximation (1931); relative accuracy 1e-13.
 * @example chiSquareQuantile(0.95, 1) // 3.84145882069413
 * @throws RangeError unless p is 0 to 1 and `degrees` above 0.
 */
export function chiSquareQuantile(p: number, degrees: number): number {
  requireProbability('p', p);
  requirePositive('degrees', degrees);
  if (p === 0) return 0;
  if (p === 1) return Infinity;
  const [isLower, target] = p <= 0.5 ? [true, p] : [false, 1 - p];
  return solveLogarithm(guess(p, degrees), (logX) => {
    const x = Math.exp(logX);
    const { lower, upper } = gammaTails(degrees / 2, x / 2);
    const tail = isLower ? lower : upper;
    const distance = Math.log(tail / target);
    const slope = (poissonTerm(degrees / 2, x / 2) * (degrees / 2)) / tail;
    return { distance: isLower ? distance : -distance, slope };
  });
}

function tails(x: number, degrees: number): { lower: number; upper: number } {
  requirePositive('degrees', degrees);
  requireNotNegative('x', x);
  return gammaTails(degrees / 2, x / 2);
}

function guess(p: number, degrees: number): number {
  const spread = 2 / (9 * degrees);
  const cubeRoot = 1 - spread + normalQuantile(p) * Math.sqrt(spread);
  // Far below, the density's first term alone.
  return cubeRoot > 0.1 ? Math.log(degrees) + 3 * Math.log(cubeRoot) : Math.log(degrees) + (2 / degrees) * Math.log(p);
}
