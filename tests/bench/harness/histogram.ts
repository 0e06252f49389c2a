/** Latencies by bucket: `[the largest value of the bucket, how many]`, both sorted by value, in nanoseconds. */
export interface Histogram {
  readonly maxNs: number;
  readonly sumNs: number;
  readonly buckets: readonly (readonly [topNs: number, count: number])[];
}

export const countOf = (histogram: Histogram): number => histogram.buckets.reduce((sum, [, count]) => sum + count, 0);

/** The histogram of all observations of `parts`, which share the generator's bucket bounds. */
export function mergeHistograms(parts: readonly Histogram[]): Histogram {
  const counts = new Map<number, number>();
  for (const part of parts) {
    for (const [top, count] of part.buckets) counts.set(top, (counts.get(top) ?? 0) + count);
  }
  return {
    maxNs: parts.reduce((max, part) => Math.max(max, part.maxNs), 0),
    sumNs: parts.reduce((sum, part) => sum + part.sumNs, 0),
    buckets: [...counts].sort(([a], [b]) => a - b),
  };
}

/**
 * The nearest-rank percentile, `q` in (0, 1], in nanoseconds: the bound below which at least `q` of all lie. It errs
 * upwards by at most a bucket's width (1/64 of the value). NaN when nothing was observed.
 */
export function percentile(histogram: Histogram, q: number): number {
  if (!(q > 0 && q <= 1)) throw new RangeError(`q: expected a share above 0 and up to 1, got ${q}`);
  const rank = Math.ceil(q * countOf(histogram));
  let seen = 0;
  for (const [top, count] of histogram.buckets) {
    seen += count;
    if (seen >= rank) return Math.min(top, histogram.maxNs);
  }
  return NaN;
}
