import { performance, type EventLoopUtilization } from 'node:perf_hooks';
import type { ServingLoad } from '#libs/contracts/index.js';
import type { Clock } from '#libs/kernel/index.js';
import type { Admission } from '../prediction/admission.js';
import { latencyBuckets, type TrafficCounts } from '../traffic-counts.js';

export interface LoadOptions {
  readonly instance: string;
  readonly admission: Pick<Admission, 'queuedRows' | 'takeMostQueuedRows' | 'unrecorded'>;
  readonly counts: () => Iterable<TrafficCounts>;
  /** Models loaded since the process started. */
  readonly loads: () => number;
  readonly clock: Clock;
}

/** How busy the process was since it was asked last. Whoever asks beside the supervisor takes from what it is told. */
export const load = ({ instance, admission, counts, loads, clock }: LoadOptions): (() => ServingLoad) => {
  let before = totalsOf(counts(), admission);
  let since = clock.monotonic();
  let loop: EventLoopUtilization = performance.eventLoopUtilization();
  return () => {
    const now = clock.monotonic();
    const totals = totalsOf(counts(), admission);
    const looped = performance.eventLoopUtilization();
    const answer: ServingLoad = {
      instance,
      pid: process.pid,
      over_s: (now - since) / 1000,
      requests: totals.requests - before.requests,
      overloaded: totals.overloaded - before.overloaded,
      queued_rows: admission.queuedRows,
      most_queued_rows: admission.takeMostQueuedRows(),
      p99_ms: quantileMs(
        totals.buckets.map((count, bucket) => count - before.buckets[bucket]!),
        0.99,
      ),
      busy: performance.eventLoopUtilization(looped, loop).utilization,
      resident_mb: process.memoryUsage.rss() / 2 ** 20,
      loads: loads(),
    };
    [before, since, loop] = [totals, now, looped];
    return answer;
  };
};

/**
 * Of latencies counted by bucket, in milliseconds: spread evenly within a bucket, and never above the last bound. Null
 * for none.
 */
export function quantileMs(counts: readonly number[], quantile: number): number | null {
  const rank = quantile * counts.reduce((sum, count) => sum + count, 0);
  if (rank === 0) return null;
  let below = 0;
  for (const [bucket, count] of counts.entries()) {
    if (below + count < rank) {
      below += count;
      continue;
    }
    const from = bucket === 0 ? 0 : latencyBuckets[bucket - 1]!;
    const to = latencyBuckets[bucket] ?? from;
    return 1000 * (from + ((rank - below) / count) * (to - from));
  }
  return 1000 * latencyBuckets.at(-1)!;
}

interface Totals {
  readonly requests: number;
  readonly overloaded: number;
  readonly buckets: readonly number[];
}

function totalsOf(counts: Iterable<TrafficCounts>, { unrecorded }: LoadOptions['admission']): Totals {
  let requests = 0;
  const buckets = new Array<number>(latencyBuckets.length + 1).fill(0);
  for (const { served, failed, refused, requestLatency } of counts) {
    requests += served + failed + refused;
    for (const [bucket, count] of requestLatency.buckets.entries()) buckets[bucket]! += count;
  }
  return { requests, overloaded: unrecorded.get('overloaded') ?? 0, buckets };
}
