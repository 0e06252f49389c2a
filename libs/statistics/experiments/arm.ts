/** Values of one arm so far, as JSON: how many, their mean, and the sum of squared distances from it. */
export interface Arm {
  readonly count: number;
  readonly mean: number;
  readonly squares: number;
}

export const emptyArm: Arm = { count: 0, mean: 0, squares: 0 };

/** Beyond it the sum of squares would not be a number. */
export const largest = 1e100;

/** With one value more (Welford 1962). @throws RangeError for a value that is no number, or beyond ±1e100. */
export function withValue({ count, mean, squares }: Arm, value: number): Arm {
  if (!(Math.abs(value) <= largest)) {
    throw new RangeError(`value: expected a number from ${-largest} to ${largest}, got ${value}`);
  }
  const off = value - mean;
  const next = mean + off / (count + 1);
  return { count: count + 1, mean: next, squares: squares + off * (value - next) };
}

/** Of all values. @throws RangeError for a value that is no number, or beyond ±1e100. */
export function armOf(values: ArrayLike<number>): Arm {
  let arm = emptyArm;
  for (let at = 0; at < values.length; at++) arm = withValue(arm, values[at]!);
  return arm;
}

/** From the sums that a database keeps. @throws RangeError for sums that no values have. */
export function armOfSums(sum: number, sumOfSquares: number, count: number): Arm {
  if (!(Number.isInteger(count) && count >= 1)) throw new RangeError(`count: expected 1 or more, got ${count}`);
  const squares = sumOfSquares - (sum * sum) / count;
  if (!(squares >= -1e-9 * sumOfSquares)) {
    throw new RangeError(`sumOfSquares: expected at least ${(sum * sum) / count}, got ${sumOfSquares}`);
  }
  return { count, mean: sum / count, squares: Math.max(squares, 0) };
}

/** Two parts of one arm (Chan, Golub and LeVeque 1983). */
export function merged(one: Arm, other: Arm): Arm {
  if (other.count === 0) return one;
  const count = one.count + other.count;
  const off = other.mean - one.mean;
  return {
    count,
    mean: one.mean + (off * other.count) / count,
    squares: one.squares + other.squares + (off * off * one.count * other.count) / count,
  };
}

/** Of the sample (n − 1); 0 for fewer than two values. */
export function varianceOf({ count, squares }: Arm): number {
  return count < 2 ? 0 : squares / (count - 1);
}

/** Of the difference of the two means. */
export function varianceOfDifference(a: Arm, b: Arm): number {
  return varianceOf(a) / a.count + varianceOf(b) / b.count;
}
