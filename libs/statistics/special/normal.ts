import { requireNumber, requireProbability } from './arguments.js';
import { erfc } from './error-function.js';

/**
 * Density of the standard normal distribution.
 * @example normalDensity(0) // 0.3989422804014327
 */
export const normalDensity = (z: number): number => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

/**
 * P(Z ≤ z) of a standard normal Z, relative accuracy 1e-13 until it underflows, at z ≈ −37.6.
 * @example normalCdf(-1.96) // 0.024997895148220435
 * @throws RangeError for NaN.
 */
export function normalCdf(z: number): number {
  requireNumber('z', z);
  return erfc(-z * Math.SQRT1_2) / 2;
}

/** P(Z > z), as accurate in its own tail as `normalCdf` is in the lower one. */
export const normalSf = (z: number): number => normalCdf(-z);

/**
 * The z with P(Z ≤ z) = p; −∞ for 0, ∞ for 1. For the upper tail use the symmetry: −normalQuantile(q).
 *
 * Wichura 1988, algorithm AS 241 (PPND16), relative accuracy 1e-15; O(1).
 * @example normalQuantile(0.975) // 1.959963984540054
 * @throws RangeError unless p is 0 to 1.
 */
export function normalQuantile(p: number): number {
  requireProbability('p', p);
  const centred = p - 0.5;
  if (Math.abs(centred) <= 0.425) return centred * rational(0.180625 - centred * centred, centreAbove, centreBelow);
  const tail = centred < 0 ? p : 1 - p;
  if (tail === 0) return centred * Infinity;
  const root = Math.sqrt(-Math.log(tail));
  const size = root <= 5 ? rational(root - 1.6, middleAbove, middleBelow) : rational(root - 5, tailAbove, tailBelow);
  return centred < 0 ? -size : size;
}

/** Quotient of two polynomials, lowest power first. */
function rational(x: number, above: readonly number[], below: readonly number[]): number {
  let numerator = 0;
  let denominator = 0;
  for (let power = above.length - 1; power >= 0; power--) {
    numerator = numerator * x + above[power]!;
    denominator = denominator * x + below[power]!;
  }
  return numerator / denominator;
}

const centreAbove = [
  3.387132872796366608, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
  4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3,
];
const centreBelow = [
  1, 4.2313330701600911252e1, 6.871870074920579083e2, 5.3941960214247511077e3, 2.1213794301586595867e4,
  3.930789580009271061e4, 2.8729085735721942674e4, 5.226495278852854561e3,
];
const middleAbove = [
  1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504, 1.27045825245236838258,
  2.4178072517745061177e-1, 2.27238449892691845833e-2, 7.7454501427834140764e-4,
];
const middleBelow = [
  1, 2.05319162663775882187, 1.6763848301838038494, 6.8976733498510000455e-1, 1.4810397642748007459e-1,
  1.51986665636164571966e-2, 5.475938084995344946e-4, 1.05075007164441684324e-9,
];
const tailAbove = [
  6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 2.9656057182850489123e-1,
  2.6532189526576123093e-2, 1.2426609473880784386e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
];
const tailBelow = [
  1, 5.9983220655588793769e-1, 1.3692988092273580531e-1, 1.48753612908506148525e-2, 7.868691311456132591e-4,
  1.8463183175100546818e-5, 1.4215117583164458887e-7, 2.04426310338993978564e-15,
];
