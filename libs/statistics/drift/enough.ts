import type { ColumnSample, ReferenceColumn } from '../summary/column.js';
import type { NotEnoughEvidence } from './test.js';

/**
 * Rows with a value that either side needs. Below it the large-sample distributions of these tests are off by more than
 * their own size at small levels, and a shift of half a standard deviation is found in less than half of the windows.
 */
const fewestValues = 30;

/** Null: there is enough to test. */
export function tooFew(
  reads: 'values' | 'counts',
  reference: ReferenceColumn,
  window: ColumnSample,
): NotEnoughEvidence | null {
  for (const [side, sample] of [
    ['reference', reference],
    ['window', window],
  ] as const) {
    const rows = reads === 'values' ? sample.values.length : totalOf(sample.counts);
    if (rows < fewestValues) {
      return { enough: false, reason: `${side} has ${rows} rows with a value, expected ${fewestValues} or more` };
    }
  }
  return null;
}

export function totalOf(counts: Float64Array): number {
  let total = 0;
  for (let bin = 0; bin < counts.length; bin++) total += counts[bin]!;
  return total;
}
