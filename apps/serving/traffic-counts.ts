import type { RowSection } from './recording/row-section.js';

/** Upper bounds of the latency histogram's buckets, seconds. */
export const latencyBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** What one version answered, counted once a tick in plain numbers: a metric call per request costs a microsecond. */
export class TrafficCounts {
  served = 0;
  failed = 0;
  refused = 0;
  rows = 0;
  /** Rows by latency bucket, the last one beyond all bounds. */
  readonly buckets = new Float64Array(latencyBuckets.length + 1);
  latencySum = 0;

  constructor(
    readonly deployment: string,
    readonly version: string,
  ) {}

  /** The sections of one chunk. */
  tick(served: RowSection, failed: RowSection, refused: RowSection): void {
    this.served += served.parts.length;
    this.failed += failed.parts.length;
    this.refused += refused.parts.length;
    this.rows += served.rows + failed.rows + refused.rows;
    this.#latencies(served.latencyMs);
    this.#latencies(failed.latencyMs);
    this.#latencies(refused.latencyMs);
  }

  #latencies(milliseconds: readonly number[]): void {
    for (const each of milliseconds) {
      const seconds = each / 1000;
      let bucket = 0;
      while (bucket < latencyBuckets.length && seconds > latencyBuckets[bucket]!) bucket++;
      this.buckets[bucket]! += 1;
      this.latencySum += seconds;
    }
  }
}
