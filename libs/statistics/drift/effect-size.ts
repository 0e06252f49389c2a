import { totalVariation } from '../distances/index.js';
import type { ColumnSample, ReferenceColumn } from '../summary/column.js';
import { kolmogorovDistance } from '../two-sample/index.js';

/**
 * The share of a column's probability that moved, 0 to 1, whichever test looks: over values the largest difference of
 * the two distribution functions (Kolmogorov's distance), over counts the total variation distance. Both are the
 * largest difference in probability of an event, of any "at most v" and of any set of bins, so they compare between
 * columns of any unit and kind, and a test's own statistic need not.
 *
 * The usual bar of 0.1 is one row in ten that answers otherwise. Of a normal column it is a shift of the mean by 0.25
 * standard deviations (2Φ(δ/2) − 1 = 0.1), where Cohen (1988) has "small" at 0.2; half a standard deviation makes
 * 0.197.
 */
export function effectSize(reads: 'values' | 'counts', reference: ReferenceColumn, window: ColumnSample): number {
  return reads === 'values'
    ? kolmogorovDistance(reference.values, window.values)
    : totalVariation(reference.counts, window.counts);
}
