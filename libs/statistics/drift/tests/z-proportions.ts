import { twoProportions } from '../../two-sample/index.js';
import { pValueTest } from '../define.js';
import { totalOf } from '../enough.js';

/**
 * Two-proportion Z test, pooled and two-sided, of the share of the first bin with any row: for columns of two values.
 */
export const zProportionsTest = pValueTest({
  name: 'z_proportions',
  version: 1,
  kinds: ['categorical'],
  defaultThreshold: 0.05,
  reads: 'counts',
  test: ({ counts }, window) => {
    const [m, n] = [totalOf(counts), totalOf(window.counts)];
    const first = counts.findIndex((count, bin) => count + window.counts[bin]! > 0);
    const [a, b] = [counts[first]!, window.counts[first]!];
    return a + b === m + n ? { statistic: 0, pValue: 1 } : twoProportions(a, m, b, n);
  },
});
