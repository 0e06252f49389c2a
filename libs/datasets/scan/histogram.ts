import type { Histogram } from '#libs/contracts/index.js';
import type { Weighted } from './quantile-sketch.js';
import { valuesAtRanks } from './quantiles.js';

/**
 * Bins that hold about as many values each: their upper edges are the values at equal ranks, those that are equal taken
 * together. Where many values are the smallest one, the first bin holds them alone, and its edges are equal. Counts of a
 * sketch are estimates, and add up to the count all the same.
 */
export function histogramOf(
  weighted: Weighted,
  { min, max, bins }: { readonly min: number; readonly max: number; readonly bins: number },
): Histogram {
  const ranks = Array.from({ length: bins - 1 }, (_, bin) => ((bin + 1) * weighted.count) / bins);
  const edges = [min, ...new Set([...valuesAtRanks(weighted, ranks), max])];
  return { edges, counts: countsOf(weighted, edges) };
}

function countsOf({ values, weights, count }: Weighted, edges: readonly number[]): number[] {
  const counts = new Array<number>(edges.length - 1).fill(0);
  let bin = 0;
  for (let at = 0; at < values.length; at++) {
    while (values[at]! > edges[bin + 1]!) bin++;
    counts[bin]! += weights === null ? 1 : weights[at]!;
  }
  if (weights === null) return counts;
  // What the last compaction of each level left over is missing, or counted double.
  const found = counts.reduce((sum, one) => sum + one, 0);
  const largest = counts.indexOf(Math.max(...counts));
  counts[largest]! += count - found;
  return counts;
}
