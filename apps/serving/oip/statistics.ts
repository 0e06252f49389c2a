import type { Clock } from '#libs/kernel/index.js';
import type { TrafficCounts } from '../traffic-counts.js';
import type { Duration, ModelStatistics } from './protocol.js';

/**
 * What each version of each deployment answered in this process, as Triton counts it: every transport's requests, since
 * the process started. `fail` are requests that reached the model; refused ones never become inferences.
 */
export const statisticsOf = (counts: Iterable<TrafficCounts>, clock: Clock): ModelStatistics[] =>
  Array.from(counts, (each) => modelStatistics(each, clock));

export function emptyStatistics(name: string, version: string): ModelStatistics {
  const none = { count: 0, ns: 0 };
  const stats = {
    success: none,
    fail: none,
    queue: none,
    compute_input: none,
    compute_infer: none,
    compute_output: none,
  };
  return { name, version, last_inference: 0, inference_count: 0, execution_count: 0, inference_stats: stats };
}

function modelStatistics(counts: TrafficCounts, clock: Clock): ModelStatistics {
  const { deployment, version, served, failed, servedSeconds, requestLatency, lastServedAt } = counts;
  return {
    name: deployment,
    version: version.slice(version.indexOf('@') + 1),
    last_inference: lastServedAt === 0 ? 0 : Math.round(clock.now() - clock.monotonic() + lastServedAt),
    inference_count: counts.inferredRows,
    execution_count: counts.runs,
    inference_stats: {
      success: duration(served, servedSeconds * 1000),
      fail: duration(failed, (requestLatency.sum - servedSeconds) * 1000),
      queue: duration(served, counts.queueMs),
      compute_input: duration(served, counts.inputMs),
      compute_infer: duration(served, counts.inferMs),
      compute_output: duration(served, counts.outputMs),
    },
  };
}

const nanoseconds = 1_000_000;

/** A sum of differences may end a rounding error below zero. */
const duration = (count: number, milliseconds: number): Duration => ({
  count,
  ns: Math.max(0, Math.round(milliseconds * nanoseconds)),
});
