/**
 * Latencies in buckets of constant relative width, as DDSketch has them (Masson, Rim, Lee: DDSketch, VLDB 2019): any
 * quantile is within (gamma - 1) / (gamma + 1) = 1.96 % of the exact one, sums of histograms are histograms of sums, and
 * the order in which they are added changes nothing.
 */
const gamma = 1.04;

/** Latencies of chunks are unsigned 32-bit microseconds. */
const mostUs = 2 ** 32 - 1;

/** Largest whole microseconds of each bucket; 0 has one of its own, since no relative error is left of it. */
const bounds: readonly number[] = boundsUpTo(mostUs);

/** Bucket and rows, bucket and rows …, ascending; buckets without rows are left out. */
export type SparseHistogram = readonly number[];

/** Rows of latencies, in microseconds, counted in buckets. */
export class LatencyHistogram {
  readonly #rows = new Float64Array(bounds.length);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** @param us whole microseconds, from 0 to 2^32 - 1 */
  add(us: number): void {
    this.#rows[bucketOf(us)]! += 1;
    this.#count += 1;
  }

  addAll(sparse: SparseHistogram): void {
    for (let at = 0; at < sparse.length; at += 2) {
      this.#rows[sparse[at]!]! += sparse[at + 1]!;
      this.#count += sparse[at + 1]!;
    }
  }

  clear(): void {
    this.#rows.fill(0);
    this.#count = 0;
  }

  sparse(): number[] {
    const found: number[] = [];
    for (let bucket = 0; bucket < bounds.length; bucket++) {
      const rows = this.#rows[bucket]!;
      if (rows > 0) found.push(bucket, rows);
    }
    return found;
  }

  /**
   * The least latency that at least `share` of the rows do not exceed (nearest rank), microseconds, within 2 %.
   * @param share above 0, at most 1
   * @throws RangeError without rows
   */
  quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let below = 0;
    for (let bucket = 0; bucket < bounds.length; bucket++) {
      below += this.#rows[bucket]!;
      if (below >= rank) return valueOf(bucket);
    }
    throw new RangeError(`quantile ${share} of ${this.#count} rows`);
  }
}

/** The sum of two histograms. */
export function added(a: SparseHistogram, b: SparseHistogram): SparseHistogram {
  if (a.length === 0) return b;
  const sum: number[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const [left, right] = [a[i] ?? Infinity, b[j] ?? Infinity];
    sum.push(Math.min(left, right), (left <= right ? a[i + 1]! : 0) + (right <= left ? b[j + 1]! : 0));
    if (left <= right) i += 2;
    if (right <= left) j += 2;
  }
  return sum;
}

/** As far in relation from either end of its bucket. */
function valueOf(bucket: number): number {
  if (bucket === 0) return 0;
  const [least, most] = [bounds[bucket - 1]! + 1, bounds[bucket]!];
  return (2 * least * most) / (least + most);
}

function bucketOf(us: number): number {
  let [low, high] = [0, bounds.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (us <= bounds[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** By multiplication and comparison alone: the same on every machine. */
function boundsUpTo(most: number): number[] {
  const found = [0];
  for (let last = 0; last < most; last = found.at(-1)!)
    found.push(Math.min(most, Math.max(last + 1, Math.floor((last + 1) * gamma))));
  return found;
}
