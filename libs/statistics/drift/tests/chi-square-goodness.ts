import { chiSquareSf } from '../../special/index.js';
import { pValueTest } from '../define.js';
import { totalOf } from '../enough.js';

/**
 * Pearson's χ² test of the window against the reference's shares as if those were known, Evidently's `chisquare`. It is
 * for comparison with Evidently: a reference is a sample too, and against one that is no larger than the window this
 * finds a difference in far more than 5 % of windows without drift. A category that the reference has not makes the
 * statistic infinite: here the largest number there is, p = 0.
 */
export const chiSquareGoodnessTest = pValueTest({
  name: 'chi_square_goodness',
  version: 1,
  kinds: ['numeric', 'categorical'],
  defaultThreshold: 0.05,
  reads: 'counts',
  test: ({ counts }, window) => {
    const scale = totalOf(window.counts) / totalOf(counts);
    let [statistic, bins] = [0, 0];
    for (let bin = 0; bin < counts.length; bin++) {
      const [expected, observed] = [counts[bin]! * scale, window.counts[bin]!];
      if (expected === 0 && observed === 0) continue;
      statistic += (observed - expected) ** 2 / expected;
      bins++;
    }
    if (statistic === Infinity) return { statistic: Number.MAX_VALUE, pValue: 0 };
    return { statistic, pValue: bins < 2 ? 1 : chiSquareSf(statistic, bins - 1) };
  },
});
