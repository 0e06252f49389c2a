import { studentQuantile, studentTwoSided } from '../special/index.js';
import { varianceOf, type Arm } from './arm.js';

export interface RelativeLift {
  /** (mean of b − mean of a) / mean of a. */
  readonly lift: number;
  readonly low: number;
  readonly high: number;
  /** Two-sided. */
  readonly pValue: number;
  readonly degrees: number;
}

/**
 * Welch's t-test of the relative lift of b over a, at a horizon fixed beforehand: of a peek it is not valid. The variance of the
 * quotient is by the delta method, the degrees of freedom are those of Welch and Satterthwaite (1946) for the difference, as
 * GrowthBook has it.
 *
 *     relativeLift(armOfSums(1396.87, 52377.9767, 3407), armOfSums(2422.7, 134698.29, 3461))
 *         { lift: 0.70732, low: -0.03526, high: 1.44989, pValue: 0.06191, degrees: 5841.7 }
 *
 * @throws RangeError for fewer than two values in an arm, a mean of 0 in a, and a level out of range; and where the delta method has
 * no error to tell: neither arm varies, or b is 0 throughout, which few values of a rare outcome are.
 */
export function relativeLift(a: Arm, b: Arm, level = 0.95): RelativeLift {
  if (!(level > 0 && level < 1)) throw new RangeError(`level: expected between 0 and 1, got ${level}`);
  if (a.count < 2) throw new RangeError(`a: ${a.count} values, expected 2 or more`);
  if (b.count < 2) throw new RangeError(`b: ${b.count} values, expected 2 or more`);
  if (a.mean === 0) throw new RangeError('a: expected a mean other than 0, of which a lift is a share');
  const [first, second] = [varianceOf(a) / a.count, varianceOf(b) / b.count];
  const lift = (b.mean - a.mean) / a.mean;
  const ratio = b.mean / a.mean;
  const variance = second + ratio * ratio * first;
  if (variance === 0) throw new RangeError(`${first === 0 ? 'a and b' : 'b'}: expected values that vary`);
  const error = Math.sqrt(variance) / Math.abs(a.mean);
  // By shares, whose squares stay in range.
  const [share, rest] = [first / (first + second), second / (first + second)];
  const degrees = 1 / (share ** 2 / (a.count - 1) + rest ** 2 / (b.count - 1));
  const half = studentQuantile((1 + level) / 2, degrees) * error;
  return { lift, low: lift - half, high: lift + half, pValue: studentTwoSided(lift / error, degrees), degrees };
}
