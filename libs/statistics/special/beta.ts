import { requirePositive, requireProbability } from './arguments.js';
import { continuedFraction } from './continued-fraction.js';
import { binomialTerm } from './factorials.js';
import { solveLogarithm } from './solve.js';

/** Regularised incomplete beta function and its complement. */
export interface BetaTails {
  readonly lower: number;
  readonly upper: number;
}

/**
 * Iₓ(a, b) and 1 − Iₓ(a, b): the shares of a beta distribution below and above x.
 *
 * Continued fraction on the side of x where it is quick (DiDonato and Morris 1992, algorithm 708), in front of it the binomial
 * term by its deviance, so that 12 digits stay however large a and b are. O(√max(a, b)) terms near the mean.
 * @param y 1 − x, for callers that know it better than 1 − x can say.
 * @example betaTails(2, 3, 0.4).lower // 0.5248
 * @throws RangeError unless a and b are above 0 and x is 0 to 1.
 */
export function betaTails(a: number, b: number, x: number, y = 1 - x): BetaTails {
  requirePositive('a', a);
  requirePositive('b', b);
  requireProbability('x', x);
  if (x === 0) return { lower: 0, upper: 1 };
  if (y === 0) return { lower: 1, upper: 0 };
  if (x * (a + b + 2) < a + 1) {
    const lower = part(a, b, x, y);
    return { lower, upper: 1 - lower };
  }
  const upper = part(b, a, y, x);
  return { lower: 1 - upper, upper };
}

/**
 * P(X ≤ x) of a beta distribution.
 * @throws RangeError as `betaTails`; so does `betaSf`.
 */
export const betaCdf = (x: number, a: number, b: number): number => betaTails(a, b, x).lower;

/** P(X > x) of a beta distribution. */
export const betaSf = (x: number, a: number, b: number): number => betaTails(a, b, x).upper;

/**
 * The x with Iₓ(a, b) = p, by Newton's method on the logarithms, from the nearer end.
 *
 * @example betaQuantile(0.025, 8, 3) // 0.44390453769235…, the lower end of Clopper and Pearson's interval of 8 of 10
 * @throws RangeError unless p is 0 to 1, and a and b above 0.
 */
export function betaQuantile(p: number, a: number, b: number): number {
  requireProbability('p', p);
  requirePositive('a', a);
  requirePositive('b', b);
  if (p === 0 || p === 1) return p;
  const mean = a / (a + b);
  return p <= betaTails(a, b, mean).lower ? below(p, a, b, mean) : 1 - below(1 - p, b, a, b / (a + b));
}

/** The quantile where it is below the mean, so that its logarithm says it well. */
function below(p: number, a: number, b: number, mean: number): number {
  return solveLogarithm(Math.log(mean), (logX) => {
    const x = Math.exp(logX);
    if (x >= 1) return { distance: Infinity, slope: 1 };
    const { lower } = betaTails(a, b, x);
    const density = (binomialTerm(a, b, x, 1 - x) * a * b) / (a + b) / (1 - x);
    return { distance: Math.log(lower / p), slope: density / lower };
  });
}

/** Iₓ(a, b) where x is at most about the mean. */
function part(a: number, b: number, x: number, y: number): number {
  return (binomialTerm(a, b, x, y) * a * b) / ((a + b) * fraction(a, b, x, y));
}

/** The even part of the textbook's fraction: with y in it, nothing cancels where x is close to 1. */
function fraction(a: number, b: number, x: number, y: number): number {
  const excess = a * y - b * x + 1;
  return continuedFraction(
    (a * excess) / (a + 1),
    (m) => ((((a + m - 1) * m) / (a + 2 * m - 1)) * ((a + b + m - 1) * (b - m)) * x * x) / (a + 2 * m - 1),
    (m) => m + (m * (b - m) * x) / (a + 2 * m - 1) + ((a + m) * (excess + m * (1 + y))) / (a + 2 * m + 1),
  );
}
