import { describe, expect, it } from '@jest/globals';
import { Random } from '#libs/learning/index.js';
import { chiSquareQuantile, chiSquareSf } from '#libs/statistics/index.js';
import { rejectionsOf } from './g-test-level.js';

const alike = (bins: number, total: number): number[] => Array<number>(bins).fill(total);

/** The χ² of a tail that 1 − p cannot tell. */
function criticalOf(level: number, degrees: number): number {
  let [low, high] = [chiSquareQuantile(0.99, degrees), 400];
  while (high - low > 1e-3) {
    const middle = (low + high) / 2;
    if (chiSquareSf(middle, degrees) > level) low = middle;
    else high = middle;
  }
  return high;
}

describe('the G test without drift', () => {
  it.each([
    ['40 bins of 5 expected rows, 1,000 against 200', alike(40, 30), 200],
    ['20 bins of 10 expected rows, 1,000 against 200', alike(20, 60), 200],
    ['40 bins of 5 expected rows, 200 against 200', alike(40, 10), 200],
    ['9 bins of 5 expected rows and a large one, 5,000 against 1,000', [...alike(9, 30), 5730], 1000],
    ['2 bins, 5 expected rows of one, 5,000 against 1,000', [30, 5970], 1000],
  ])('rejects no more often than it says, far out too: %s', (_, totals, windowRows) => {
    const random = new Random(11, totals.length);
    for (const level of [1e-4, 1e-6, 1e-8]) {
      const critical = criticalOf(level, totals.length - 1);
      const { ofLevel, standardError } = rejectionsOf(totals, windowRows, level, critical, 600, random);
      expect(ofLevel - 2 * standardError).toBeLessThan(1.1);
      // Careful, and not so much that it would find nothing.
      expect(ofLevel + 2 * standardError).toBeGreaterThan(0.05);
    }
  });
});
