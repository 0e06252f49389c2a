import { cramerVonMisesLimitSf } from '../special/index.js';
import { eachGroup } from './groups.js';
import { requireSample, type TestResult } from './sample.js';

export interface CramerVonMisesResult extends TestResult {
  readonly method: 'exact' | 'asymptotic';
}

export interface CramerVonMisesOptions {
  /** `auto`, the default, is exact while neither sample has more than 20 values. */
  readonly method?: 'auto' | 'exact' | 'asymptotic';
}

const largestExact = 20;

/**
 * Cramér–von Mises test: the squared difference of the two empirical distribution functions, over all values.
 *
 * Anderson 1962. Values that are equal count with the mean of D² before and after them: midranks, which SciPy takes, make the
 * statistic grow with the ties where the sizes differ, and it alarms on discrete data without a difference. Exact: Xiao, Gordon
 * and Yakovlev 2006, every path of the two distribution functions by its sum. Asymptotic: the limit for the statistic brought to
 * the limit's mean and variance, O(m + n).
 * @param x ascending, finite, at least one value; so is y. `exact` takes at most 20 of each.
 * @example cramerVonMises(Float64Array.of(1, 2, 3, 4), Float64Array.of(2.5, 4.5, 5, 6))
 * // { statistic: 0.375, pValue: 0.11428571428571428, method: 'exact' }
 * @throws RangeError for samples that are empty, not ascending or not finite, and for larger ones with `exact`.
 */
export function cramerVonMises(
  x: Float64Array,
  y: Float64Array,
  { method = 'auto' }: CramerVonMisesOptions = {},
): CramerVonMisesResult {
  requireSample('x', x);
  requireSample('y', y);
  const [m, n] = [x.length, y.length];
  const isSmall = Math.max(m, n) <= largestExact;
  if (method === 'exact' && !isSmall) {
    throw new RangeError(`method: expected samples of at most ${largestExact} values for exact, got ${m} and ${n}`);
  }
  const exact = isSmall && method !== 'asymptotic';
  const sum = sumOfSquares(x, y);
  const statistic = sum / (m * n) / (m + n) ** 2;
  return {
    statistic,
    pValue: exact ? exactTail(m, n, sum) : asymptoticTail(m, n, statistic),
    method: exact ? 'exact' : 'asymptotic',
  };
}

/**
 * mn (m + n)² times the statistic: Σ D² over all values, where D = mn (F − G) is a whole number; of values that are equal, each
 * counts D before and D after them half.
 */
function sumOfSquares(x: Float64Array, y: Float64Array): number {
  const [m, n] = [x.length, y.length];
  let sum = 0;
  eachGroup(x, y, (inX, inY, beforeX, beforeY) => {
    const before = beforeX * n - beforeY * m;
    const after = before + inX * n - inY * m;
    sum += ((inX + inY) * (before * before + after * after)) / 2;
  });
  return sum;
}

function asymptoticTail(m: number, n: number, statistic: number): number {
  const [product, both] = [m * n, m + n];
  const mean = (1 + 1 / both) / 6;
  const variance45 =
    ((both + 1) * (4 * product * both - 3 * (m * m + n * n) - 2 * product)) / (4 * product * both * both);
  return variance45 > 0 ? cramerVonMisesLimitSf(1 / 6 + (statistic - mean) / Math.sqrt(variance45)) : 1;
}

/** Sums that paths to a place have, ascending, and how many paths have each. */
interface Sums {
  readonly values: Float64Array;
  readonly paths: Float64Array;
}

const nothing: Sums = { values: new Float64Array(0), paths: new Float64Array(0) };

/** The share of all paths of m steps right and n up with Σ (D / g)² at least the statistic's, g the common divisor. */
function exactTail(m: number, n: number, sum: number): number {
  const divisor = commonDivisor(m, n);
  const least = sum / (divisor * divisor);
  const step = (i: number, j: number): number => ((i * n - j * m) / divisor) ** 2;
  const ahead = mostAhead(m, n, step);
  const column: Sums[] = Array.from({ length: n + 1 }, () => nothing);
  column[0] = { values: Float64Array.of(0), paths: Float64Array.of(1) };
  for (let i = 0; i <= m; i++) {
    let below = nothing;
    for (let j = 0; j <= n; j++) {
      below = merged(below, column[j]!, step(i, j), least - ahead[i * (n + 1) + j]!, least);
      column[j] = below;
    }
  }
  let all = 1;
  for (let i = 1; i <= m; i++) all = (all * (n + i)) / i;
  return column[n]!.paths.reduce((total, paths) => total + paths, 0) / all;
}

/** The largest sum that a path can still gain from each place on. */
function mostAhead(m: number, n: number, step: (i: number, j: number) => number): Float64Array {
  const ahead = new Float64Array((m + 1) * (n + 1));
  for (let i = m; i >= 0; i--) {
    for (let j = n; j >= 0; j--) {
      const right = i < m ? step(i + 1, j) + ahead[(i + 1) * (n + 1) + j]! : 0;
      const up = j < n ? step(i, j + 1) + ahead[i * (n + 1) + j + 1]! : 0;
      ahead[i * (n + 1) + j] = Math.max(right, up);
    }
  }
  return ahead;
}

/** Both together, `step` further, without those that stay below `least` for good; from `most` on they count as one. */
function merged(one: Sums, other: Sums, step: number, least: number, most: number): Sums {
  const values = new Float64Array(one.values.length + other.values.length);
  const paths = new Float64Array(values.length);
  let size = 0;
  let i = 0;
  let j = 0;
  while (i < one.values.length || j < other.values.length) {
    const a = i < one.values.length ? one.values[i]! : Infinity;
    const b = j < other.values.length ? other.values[j]! : Infinity;
    const value = Math.min((a < b ? a : b) + step, most);
    let count = 0;
    if (a <= b) count += one.paths[i++]!;
    if (b <= a) count += other.paths[j++]!;
    if (value < least) continue;
    if (size === 0 || values[size - 1]! !== value) values[size++] = value;
    paths[size - 1]! += count;
  }
  return { values: values.slice(0, size), paths: paths.slice(0, size) };
}

const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b));
