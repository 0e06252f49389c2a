/** Bins of a numeric reference, at most: as many as the baseline of a version has. */
export const mostBins = 50;

/** Up to so many different numbers, each has a bin of its own. */
export const fewValues = 5;

export interface Binned {
  readonly edges: Float64Array;
  readonly counts: Float64Array;
}

/**
 * Bins that hold about as many values each, those that are equal taken together. At most five different values have a bin
 * each, and what is above all of them has one too, which the reference leaves empty.
 * @param sorted finite and ascending.
 */
export function equalCountBins(sorted: Float64Array, bins = mostBins): Binned {
  const few = firstValues(sorted);
  const edges = few ?? edgesAtRanks(sorted, bins);
  const counts = new Float64Array(edges.length + 1);
  let bin = 0;
  for (let at = 0; at < sorted.length; at++) {
    while (bin < edges.length && sorted[at]! > edges[bin]!) bin++;
    counts[bin]!++;
  }
  return { edges, counts };
}

/** The different values; null if they are more than a few. */
function firstValues(sorted: Float64Array): Float64Array | null {
  const found: number[] = [];
  for (let at = 0; at < sorted.length; at++) {
    if (sorted[at] === found.at(-1)) continue;
    if (found.length === fewValues) return null;
    found.push(sorted[at]!);
  }
  return Float64Array.from(found);
}

/** The values at equal ranks, without the largest: nothing is above it. */
function edgesAtRanks(sorted: Float64Array, bins: number): Float64Array {
  const { length } = sorted;
  const edges = new Set<number>();
  for (let bin = 1; bin < bins; bin++) edges.add(sorted[Math.ceil((bin * length) / bins) - 1]!);
  edges.delete(sorted[length - 1]!);
  return Float64Array.from(edges);
}
