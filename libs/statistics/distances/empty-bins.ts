/** What logarithms need where a bin is empty on one side. */
export interface EmptyBins {
  /**
   * The share that an empty bin counts with: a number from 0 (then a divergence may be infinite) to below 1, or `evidently`
   * (the default): 1e-4, or where the side's smallest other share is at most that, a millionth of that share. The other
   * shares stay as they are.
   */
  readonly emptyShare?: number | 'evidently';
}

const usual = 1e-4;

/** The share that empty bins of these counts count with. @throws RangeError as `emptyShare` says. */
export function emptyShareOf(counts: Float64Array, total: number, { emptyShare = 'evidently' }: EmptyBins): number {
  if (emptyShare === 'evidently') {
    let smallest = Infinity;
    for (let bin = 0; bin < counts.length; bin++) {
      const count = counts[bin]!;
      if (count > 0 && count < smallest) smallest = count;
    }
    return smallest / total <= usual ? smallest / total / 1e6 : usual;
  }
  if (emptyShare >= 0 && emptyShare < 1) return emptyShare;
  throw new RangeError(`emptyShare: expected 'evidently' or a number from 0 to below 1, got ${emptyShare}`);
}
