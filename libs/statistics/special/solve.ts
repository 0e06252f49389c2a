/** How far a point is from a root, and the slope there, both in the logarithm of what is sought. */
export interface LogarithmicStep {
  /** Ascending, 0 at the root; ±∞ beyond the domain. */
  readonly distance: number;
  readonly slope: number;
}

const mostSteps = 400;

/**
 * e^s for the root s of an ascending function: Newton's steps, halving where they leave the bracket. Tails of distributions are
 * close to straight lines in logarithms of both the quantile and the probability, so a handful of steps do.
 * @param guess of s.
 * @returns relative accuracy of about 1e-14.
 * @throws RangeError where no root is found.
 */
export function solveLogarithm(guess: number, at: (logarithm: number) => LogarithmicStep): number {
  let [low, high] = [-Infinity, Infinity];
  let s = guess;
  for (let step = 0; step < mostSteps; step++) {
    const { distance, slope } = at(s);
    if (distance === 0) return Math.exp(s);
    if (distance < 0) low = s;
    else high = s;
    const newton = s - distance / slope;
    const next = newton > low && newton < high ? newton : between(low, high, s);
    if (Math.abs(next - s) <= 1e-15 * Math.max(Math.abs(s), 1)) {
      if (Math.abs(distance) < 1e-6) return Math.exp(next);
      break;
    }
    s = next;
  }
  throw new RangeError(`expected a probability with a quantile that float64 can hold, found none up to e^${s}`);
}

/** The middle, or where a side is still open a stride towards it that grows. */
function between(low: number, high: number, s: number): number {
  if (low === -Infinity) return s - 1 - Math.abs(s);
  if (high === Infinity) return s + 1 + Math.abs(s);
  return (low + high) / 2;
}
