/** Counts and latencies of rows; latencies are of served and failed rows, in microseconds. */
export interface TrafficCounts {
  readonly served: number;
  readonly failed: number;
  readonly refused: number;
  /** Null where no row was served or failed. */
  readonly latency_min_us: number | null;
  readonly latency_max_us: number | null;
  readonly latency_sum_us: number;
}

export const noTraffic: TrafficCounts = {
  served: 0,
  failed: 0,
  refused: 0,
  latency_min_us: null,
  latency_max_us: null,
  latency_sum_us: 0,
};

export const add = (a: TrafficCounts, b: TrafficCounts): TrafficCounts => ({
  served: a.served + b.served,
  failed: a.failed + b.failed,
  refused: a.refused + b.refused,
  latency_min_us: chosen(Math.min, a.latency_min_us, b.latency_min_us),
  latency_max_us: chosen(Math.max, a.latency_max_us, b.latency_max_us),
  latency_sum_us: a.latency_sum_us + b.latency_sum_us,
});

const chosen = (choose: (a: number, b: number) => number, a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : choose(a, b);
