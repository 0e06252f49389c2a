import type { RowSelection } from '#libs/statistics/index.js';
import { countOf, rowAt } from '../rows/version-rows.js';

/** Bits of a latency that are kept: its buckets are 1/64 of it wide, below 128 µs they are exact. */
const bits = 6;
const steps = 1 << bits;
const buckets = (32 - bits) * steps + steps;

export interface LatenciesState {
  readonly counts: Uint32Array;
  readonly sum: number;
  readonly max: number;
}

const { clz32 } = Math;

/** Latencies of a window's predictions: mean and maximum exact, quantiles at most 1/64 too high. 7 kB at any number of rows. */
export class Latencies {
  readonly #counts = new Uint32Array(buckets);
  #sum = 0;
  #max = 0;
  #count = 0;

  static restore({ counts, sum, max }: LatenciesState): Latencies {
    const latencies = new Latencies();
    latencies.#counts.set(counts);
    latencies.#count = counts.reduce((total, count) => total + count, 0);
    [latencies.#sum, latencies.#max] = [sum, max];
    return latencies;
  }

  get count(): number {
    return this.#count;
  }

  add(microseconds: Uint32Array, rows: RowSelection): void {
    const count = countOf(rows);
    for (let at = 0; at < count; at++) {
      const value = microseconds[rowAt(rows, at)]!;
      this.#counts[bucketOf(value)]!++;
      this.#sum += value;
      if (value > this.#max) this.#max = value;
    }
    this.#count += count;
  }

  /** @param share 0 to 1. @returns milliseconds, the end of the bucket that the rank falls into. */
  quantile(share: number): number {
    const rank = Math.max(Math.ceil(share * this.#count), 1);
    let below = 0;
    for (let bucket = 0; bucket < buckets; bucket++) {
      below += this.#counts[bucket]!;
      if (below >= rank) return Math.min(endOf(bucket), this.#max) / 1000;
    }
    return this.#max / 1000;
  }

  /** Milliseconds; null without any. */
  figures(): { p50: number; p95: number; p99: number; mean: number; max: number } | null {
    if (this.#count === 0) return null;
    const [p50, p95, p99] = [this.quantile(0.5), this.quantile(0.95), this.quantile(0.99)];
    return { p50, p95, p99, mean: this.#sum / this.#count / 1000, max: this.#max / 1000 };
  }

  state(): LatenciesState {
    return { counts: this.#counts.slice(), sum: this.#sum, max: this.#max };
  }
}

function bucketOf(value: number): number {
  if (value < 2 * steps) return value;
  const shift = 31 - clz32(value) - bits;
  return shift * steps + (value >>> shift);
}

/** The largest value of a bucket. */
function endOf(bucket: number): number {
  if (bucket < 2 * steps) return bucket;
  const shift = (bucket >>> bits) - 1;
  return ((bucket & (steps - 1)) + steps + 1) * 2 ** shift - 1;
}
