/** What quantiles are read of: figures of a window, or a reference. */
export interface BinnedValues {
  readonly counts: Float64Array;
  readonly min: number | null;
  readonly max: number | null;
}

/**
 * Quantiles of a numeric column from its bins: the value at the rank, as if the values of a bin were spread evenly over it,
 * the outermost ones between the smallest and the largest value. A quantile lies in the bin that the true one lies in, so
 * it is off by less than that bin is wide, and its rank by less than the rows in it: 2 % of them where a window is like a
 * reference of 50 bins, up to all of them where it is not. Exact where a bin is one value. O(bins + shares).
 *
 *     binQuantiles(Float64Array.of(10, 20), { counts: Float64Array.of(4, 4, 0), min: 0, max: 20 }, [0.25, 0.5, 0.75])
 *     [5, 10, 15]
 *
 * @param shares 0 to 1, ascending.
 * @returns NaN for each without any finite value.
 * @throws RangeError for shares that are not.
 */
export function binQuantiles(
  edges: Float64Array,
  { counts, min, max }: BinnedValues,
  shares: readonly number[],
): number[] {
  for (const [index, share] of shares.entries()) {
    if (!(share >= (shares[index - 1] ?? 0) && share <= 1))
      throw new RangeError(`shares[${index}]: expected 0 to 1 and ascending, got ${share}`);
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0 || min === null || max === null) return shares.map(() => Number.NaN);
  let [bin, below] = [0, 0];
  return shares.map((share) => {
    const rank = share * total;
    while (bin < edges.length && below + counts[bin]! < rank) below += counts[bin++]!;
    const from = Math.max(edges[bin - 1] ?? min, min);
    const to = Math.min(edges[bin] ?? max, max);
    const within = counts[bin]! === 0 ? 0 : Math.min((rank - below) / counts[bin]!, 1);
    return Math.min(Math.max(from * (1 - within) + to * within, min), max);
  });
}
