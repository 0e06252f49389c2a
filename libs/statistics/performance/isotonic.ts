/** A function that never falls: linear between the knots, level outside of them. `x` is strictly ascending. */
export interface Isotonic {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/**
 * The function that never falls with the least squared distance from the values (Ayer et al. 1955; pool adjacent violators,
 * Barlow et al. 1972), with the semantics of scikit-learn's IsotonicRegression(out_of_bounds='clip'): values at one score are
 * one point of their mean, a level stretch keeps its two ends, between knots the function is linear. Linear in the rows.
 *
 *     fitIsotonic([0.1, 0.2, 0.3, 0.4], [0, 1, 0, 1])   x .1 .2 .3 .4, y 0 ½ ½ 1
 *
 * @param scores ascending, one or more of them; `values` are as many.
 * @throws RangeError for arrays that are not.
 */
export function fitIsotonic(scores: ArrayLike<number>, values: ArrayLike<number>): Isotonic {
  checkPoints(scores, values);
  const points = pointsOf(scores, values);
  const fitted = pooled(points);
  const x: number[] = [];
  const y: number[] = [];
  for (let at = 0; at < points.count; at++) {
    const inside = at > 0 && at < points.count - 1;
    if (inside && fitted[at] === fitted[at - 1] && fitted[at] === fitted[at + 1]) continue;
    x.push(points.scores[at]!);
    y.push(fitted[at]!);
  }
  return { x, y };
}

/** The function's value at a score, never outside of the values of the knots beside it. O(log knots). */
export function isotonicAt({ x, y }: Isotonic, score: number): number {
  const last = x.length - 1;
  if (score <= x[0]!) return y[0]!;
  if (score >= x[last]!) return y[last]!;
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (x[middle]! <= score) low = middle;
    else high = middle;
  }
  const slope = (y[high]! - y[low]!) / (x[high]! - x[low]!);
  // Between knots so close that no float64 is the slope, there is next to nothing.
  if (slope === Infinity) return score === x[low]! ? y[low]! : y[high]!;
  return Math.min(y[low]! + slope * (score - x[low]!), y[high]!);
}

function checkPoints(scores: ArrayLike<number>, values: ArrayLike<number>): void {
  if (scores.length === 0) throw new RangeError('scores: expected at least 1, got 0');
  if (values.length !== scores.length)
    throw new RangeError(`values: expected ${scores.length}, as many as scores, got ${values.length}`);
  for (let at = 0; at < scores.length; at++) {
    // NaN is no less than anything.
    if (!(scores[at]! >= (at === 0 ? -Infinity : scores[at - 1]!)))
      throw new RangeError(`scores[${at}]: expected ascending numbers, got ${scores[at]!}`);
  }
}

interface Points {
  readonly count: number;
  readonly scores: Float64Array;
  readonly sums: Float64Array;
  readonly weights: Float64Array;
}

/** A point for each different score. */
function pointsOf(scores: ArrayLike<number>, values: ArrayLike<number>): Points {
  const points = {
    scores: new Float64Array(scores.length),
    sums: new Float64Array(scores.length),
    weights: new Float64Array(scores.length),
  };
  let last = -1;
  for (let row = 0; row < scores.length; row++) {
    if (last < 0 || scores[row] !== points.scores[last]) points.scores[++last] = scores[row]!;
    points.sums[last]! += values[row]!;
    points.weights[last]!++;
  }
  return { count: last + 1, ...points };
}

/** Means of the blocks into which neighbours that fall are pooled, by point. */
function pooled({ count, sums, weights }: Points): Float64Array {
  const starts = new Int32Array(count);
  const sum = new Float64Array(count);
  const weight = new Float64Array(count);
  let blocks = 0;
  for (let at = 0; at < count; at++) {
    starts[blocks] = at;
    sum[blocks] = sums[at]!;
    weight[blocks] = weights[at]!;
    while (blocks > 0 && sum[blocks - 1]! / weight[blocks - 1]! >= sum[blocks]! / weight[blocks]!) {
      blocks--;
      sum[blocks]! += sum[blocks + 1]!;
      weight[blocks]! += weight[blocks + 1]!;
    }
    blocks++;
  }
  const fitted = new Float64Array(count);
  for (let block = 0; block < blocks; block++) {
    fitted.fill(sum[block]! / weight[block]!, starts[block], block + 1 < blocks ? starts[block + 1]! : count);
  }
  return fitted;
}
