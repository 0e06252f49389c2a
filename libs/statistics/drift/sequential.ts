/**
 * How an error rate lasts for every window there will ever be: alpha spending (Lan and DeMets 1983) over an endless
 * sequence. Window k is tested at `errorRate · (g(k) − g(k + 1))` with g(k) = 1 / (1 + ln k), which falls from 1 to 0,
 * so that the levels add up to the error rate and to no more, however many windows come.
 *
 *     alphaOf(1, 0.05)     0.0204692     alphaOf(365, 0.05)    2.87e-6      (a year of days)
 *     alphaOf(52, 0.05)    3.87e-5       alphaOf(1e6, 0.05)    2.28e-10
 *
 * The bound is the union bound and asks nothing of how windows depend on one another, as it must: all are compared with
 * one reference, which, drawn a little off, is off for all of them. That rules out what multiplies evidence from window
 * to window (an e-process, a martingale): given the reference, a window's p-value is not uniform even without drift.
 * And since a level depends on nothing but its number, an alarm neither spends more nor refunds: the chance of a false
 * alarm in any of the windows without drift, before, between and after real ones, is at most the error rate.
 *
 * g is chosen to fall slowly: levels go down about as 1 / (k·ln²k), not as 1 / k², since what begins to drift in a year
 * has to be found too: of 200 columns, window 365 rejects a Kolmogorov distance 1.4 times that which window 1 does.
 * O(1).
 *
 * @param window its number, from 1.
 * @throws RangeError for a number that is none, and an error rate outside of 0 to 1.
 */
export function alphaOf(window: number, errorRate: number): number {
  if (!(Number.isInteger(window) && window >= 1)) throw new RangeError(`window: expected 1 or more, got ${window}`);
  requireErrorRate(errorRate);
  const before = 1 + Math.log(window);
  const after = 1 + Math.log(window + 1);
  // The difference of the two reciprocals, without its cancellation.
  return (errorRate * Math.log1p(1 / window)) / (before * after);
}

/**
 * What `windows` windows have spent of the error rate together.
 * @throws RangeError for a number that is none, and an error rate outside of 0 to 1.
 */
export function alphaSpent(windows: number, errorRate: number): number {
  if (!(Number.isInteger(windows) && windows >= 0)) throw new RangeError(`windows: expected 0 or more, got ${windows}`);
  requireErrorRate(errorRate);
  return windows === 0 ? 0 : errorRate * (1 - 1 / (1 + Math.log(windows + 1)));
}

function requireErrorRate(errorRate: number): void {
  if (!(errorRate > 0 && errorRate < 1)) throw new RangeError(`errorRate: expected between 0 and 1, got ${errorRate}`);
}
