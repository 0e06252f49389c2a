import { normalSf } from '../special/index.js';
import { requireCount, type TestResult } from './sample.js';

/**
 * Two-sided Z test of two proportions with their pooled variance; its square is the χ² of the 2 × 2 table.
 *
 * Normal approximation: poor where successes or failures are fewer than about 5. O(1).
 * @param successes1 a whole number, 0 to n1; n1 is at least 1; so are the second pair.
 * @returns statistic 0 and p-value 1 where neither sample varies.
 * @example twoProportions(30, 100, 45, 100) // { statistic: -2.1908902300206643, pValue: 0.02845973691631057 }
 * @throws RangeError for counts out of these ranges.
 */
export function twoProportions(successes1: number, n1: number, successes2: number, n2: number): TestResult {
  requirePair('successes1', successes1, 'n1', n1);
  requirePair('successes2', successes2, 'n2', n2);
  const successes = successes1 + successes2;
  const failures = n1 + n2 - successes;
  if (successes === 0 || failures === 0) return { statistic: 0, pValue: 1 };
  const difference = successes1 * n2 - successes2 * n1;
  const statistic = difference / Math.sqrt((successes * failures * n1 * n2) / (n1 + n2));
  return { statistic, pValue: 2 * normalSf(Math.abs(statistic)) };
}

function requirePair(successesName: string, successes: number, sizeName: string, size: number): void {
  requireCount(sizeName, size, 1);
  requireCount(successesName, successes);
  if (successes > size)
    throw new RangeError(`${successesName}: expected at most ${sizeName}, ${size}, got ${successes}`);
}
