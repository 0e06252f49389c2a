import { normalSf } from '../special/index.js';
import { eachGroup } from './groups.js';
import { requireSample, type TestResult } from './sample.js';

export interface MannWhitneyResult extends TestResult {
  readonly method: 'exact' | 'asymptotic';
}

export interface MannWhitneyOptions {
  /** `auto`, the default, is exact where a sample has at most 8 values and no value appears twice. */
  readonly method?: 'auto' | 'exact' | 'asymptotic';
}

const largestExact = 8;

/**
 * Mann–Whitney U test, two-sided: is a value of one sample as often above as below one of the other.
 *
 * Mann and Whitney 1947. Asymptotic: normal, corrected for ties and continuity. Exact: the number of rankings by the Gaussian
 * binomial coefficients, which ignore ties; O(mn · min(m, n)). The statistic is O(m + n).
 * @param x ascending, finite, at least one value; so is y.
 * @returns U of x: the pairs in which x is larger, ties counted half. P-value 1 where all values are equal.
 * @example mannWhitney(Float64Array.of(16, 19, 22, 24, 29), Float64Array.of(11, 12, 17, 20))
 * // { statistic: 17, pValue: 0.1111111111111111, method: 'exact' }
 * @throws RangeError for samples that are empty, not ascending or not finite, and with `exact` for more rankings than float64
 * can count: two samples of 500 values are few enough, two of 600 too many.
 */
export function mannWhitney(
  x: Float64Array,
  y: Float64Array,
  { method = 'auto' }: MannWhitneyOptions = {},
): MannWhitneyResult {
  requireSample('x', x);
  requireSample('y', y);
  const [m, n] = [x.length, y.length];
  let [statistic, ties] = [0, 0];
  eachGroup(x, y, (inX, inY, _, beforeY) => {
    const size = inX + inY;
    statistic += inX * (beforeY + inY / 2);
    ties += (size - 1) * size * (size + 1);
  });
  const larger = Math.max(statistic, m * n - statistic);
  const exact = method === 'exact' || (method === 'auto' && Math.min(m, n) <= largestExact && ties === 0);
  const tail = exact ? exactTail(m, n, larger) : asymptoticTail(m, n, larger, ties);
  return { statistic, pValue: Math.min(2 * tail, 1), method: exact ? 'exact' : 'asymptotic' };
}

function asymptoticTail(m: number, n: number, larger: number, ties: number): number {
  const both = m + n;
  const variance = ((m * n) / 12) * (both + 1 - ties / (both * (both - 1)));
  return variance > 0 ? normalSf((larger - (m * n) / 2 - 0.5) / Math.sqrt(variance)) : 1;
}

/** P(U ≥ larger), which is P(U ≤ mn − larger): of all rankings, those whose U is that small. */
function exactTail(m: number, n: number, larger: number): number {
  const [few, many] = m < n ? [m, n] : [n, m];
  let all = 1;
  for (let i = 1; i <= few; i++) all = (all * (many + i)) / i;
  if (!(all < Infinity)) {
    throw new RangeError(
      `method: expected samples whose rankings float64 can count for exact, got ${m} and ${n} values`,
    );
  }
  const most = m * n - Math.trunc(larger);
  const rankings = new Float64Array(most + 1);
  rankings[0] = 1;
  for (let i = 1; i <= few; i++) {
    for (let u = most; u >= many + i; u--) rankings[u]! -= rankings[u - many - i]!;
    for (let u = i; u <= most; u++) rankings[u]! += rankings[u - i]!;
  }
  return rankings.reduce((sum, count) => sum + count, 0) / all;
}
