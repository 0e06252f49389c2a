import { BinLookup } from './bin-lookup.js';
import type { ColumnSample } from './column.js';
import type { ColumnFigures } from './column-summary.js';
import type { Reservoir } from './reservoir.js';
import { sortValues } from './sort-values.js';
import type { WindowSummary } from './window-summary.js';

/**
 * What drift tests read of a window, column by column. Missing are all rows that no bin holds, values of another type among
 * them; infinite values are in the outermost bins and not among `values`. O(columns · rows · log rows).
 * @param reservoir what took the same rows as the summary.
 * @param figures of the summary, where the caller has them already.
 * @throws RangeError for a reservoir of other columns.
 */
export function windowSamples(
  summary: WindowSummary,
  reservoir: Reservoir,
  figures: readonly ColumnFigures[] = summary.figures(),
): ColumnSample[] {
  const { lookups } = summary;
  if (reservoir.columns !== lookups.length)
    throw new RangeError(`reservoir: expected ${lookups.length} columns, got ${reservoir.columns}`);
  return figures.map(({ rows, missing, typeErrors, counts, mean, sd, distinct }, index) => {
    const numeric = lookups[index]!.bins instanceof BinLookup;
    return {
      rows,
      missing: missing + typeErrors,
      counts,
      values: numeric ? sortedValues(reservoir.column(index)) : new Float64Array(0),
      sampled: numeric && reservoir.sampled,
      mean,
      sd,
      distinct,
    };
  });
}

function sortedValues(column: Float64Array): Float64Array {
  const values = new Float64Array(column.length);
  let found = 0;
  for (let row = 0; row < column.length; row++) {
    const value = column[row]! + 0;
    if (value - value === 0) values[found++] = value;
  }
  return sortValues(values.subarray(0, found));
}
