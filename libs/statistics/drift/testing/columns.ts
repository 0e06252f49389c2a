import { expect } from '@jest/globals';
import type { ColumnSample, ReferenceColumn } from '../../summary/column.js';

/** Columns for the specs beside: 20 bins of about as many different values. */
export function numericColumn(name: string, values: readonly number[]): ReferenceColumn {
  const sorted = Float64Array.from(values).sort();
  const distinct = [...new Set(sorted)];
  const every = Math.max(distinct.length / 20, 1);
  const edges = Float64Array.from(
    distinct.filter((_, place) => Math.floor((place + 1) / every) > Math.floor(place / every)),
  );
  return {
    name,
    bins: { kind: 'numeric', edges },
    ...sampleOf(values, (value) => binOf(edges, value), edges.length + 1),
  };
}

/** Counts by category, the last one of unseen categories. */
export function categoricalColumn(name: string, counts: readonly number[]): ReferenceColumn {
  const categories = counts.slice(0, -1).map((_, place) => `c${place}`);
  return { name, bins: { kind: 'categorical', categories }, ...countsOf(counts) };
}

/** A window of values, or of counts where the reference is categorical. */
export function windowOf({ bins, counts }: ReferenceColumn, cells: readonly number[]): ColumnSample {
  if (bins.kind === 'categorical') return countsOf(cells);
  return sampleOf(cells, (value) => binOf(bins.edges, value), counts.length);
}

/**
 * To a part of 1 or of what is expected if that is more; `least` 0: always of what is expected, as small p-values are.
 */
export function closeTo(actual: number, expected: number, tolerance: number, least = 1): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(tolerance * Math.max(Math.abs(expected), least));
}

function countsOf(counts: readonly number[]): ColumnSample {
  const rows = counts.reduce((sum, count) => sum + count, 0);
  const distinct = counts.filter((count) => count > 0).length;
  const nothing = { missing: 0, values: new Float64Array(), sampled: false, mean: null, sd: null };
  return { rows, counts: Float64Array.from(counts), distinct, ...nothing };
}

function sampleOf(values: readonly number[], bin: (value: number) => number, bins: number): ColumnSample {
  const counts = new Float64Array(bins);
  for (const value of values) counts[bin(value)]!++;
  const sorted = Float64Array.from(values).sort();
  const mean = values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    ...{ rows: values.length, missing: 0, counts, values: sorted, sampled: false, mean, sd: null },
    distinct: new Set(values).size,
  };
}

function binOf(edges: Float64Array, value: number): number {
  const bin = edges.findIndex((edge) => value <= edge);
  return bin < 0 ? edges.length : bin;
}
