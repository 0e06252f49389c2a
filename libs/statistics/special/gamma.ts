import { requireNotNegative, requirePositive } from './arguments.js';
import { continuedFraction, mostTerms } from './continued-fraction.js';
import { poissonTerm } from './factorials.js';

/** Regularised incomplete gamma functions P and Q = 1 − P. */
export interface GammaTails {
  readonly lower: number;
  readonly upper: number;
}

/**
 * P(a, x) and Q(a, x): the shares of a gamma distribution of shape a below and above x.
 *
 * The series of P below the mean, the continued fraction of Q above it (Press et al. 2007, 6.2), in front of both the Poisson
 * term by its deviance, so that 12 digits stay however large a is. Upper tails of shapes below ½ lose the digits that
 * 1 − P cancels. O(√a) terms near the mean.
 * @param a above 0.
 * @param x at least 0; ∞ is allowed.
 * @example gammaTails(2, 3) // { lower: 0.8008517265285442, upper: 0.19914827347145578 }
 * @throws RangeError for arguments out of these ranges, and where a is too large (from about 10¹²).
 */
export function gammaTails(a: number, x: number): GammaTails {
  requirePositive('a', a);
  requireNotNegative('x', x);
  if (x === 0) return { lower: 0, upper: 1 };
  if (x === Infinity) return { lower: 1, upper: 0 };
  if (x < a + 1) {
    const lower = poissonTerm(a, x) * series(a, x);
    return { lower, upper: 1 - lower };
  }
  const upper = (poissonTerm(a, x) * a) / fraction(a, x);
  return { lower: 1 - upper, upper };
}

/** 1 + x / (a + 1) + x² / ((a + 1)(a + 2)) + … */
function series(a: number, x: number): number {
  let term = 1;
  let sum = 1;
  for (let n = 1; n < mostTerms; n++) {
    term *= x / (a + n);
    sum += term;
    if (term <= sum * 1e-17) return sum;
  }
  throw new RangeError(`a: expected a smaller number, got ${a}: a series does not settle in ${mostTerms} terms`);
}

const fraction = (a: number, x: number): number =>
  continuedFraction(
    x + 1 - a,
    (n) => -n * (n - a),
    (n) => x + 1 - a + 2 * n,
  );
