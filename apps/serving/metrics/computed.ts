import type { Metric } from 'prom-client';
import type { Aggregator, Metrics } from '#libs/nest/index.js';
import { latencyBuckets, type LatencyCounts } from '../traffic-counts.js';

export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** Where it is not the metric's: `…_bucket`, `…_sum`, `…_count`. */
  readonly metricName?: string;
}

export interface ComputedMetric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  /** What those of several processes are together (default their sum). */
  readonly aggregator?: Aggregator;
  readonly samples: () => Iterable<Sample>;
}

/**
 * A metric that is computed when it is asked for. prom-client takes any object with a name and a `get` (its own classes
 * are no more to the registry), but its types name the classes.
 */
export function registerComputed({ registry }: Metrics, metric: ComputedMetric): void {
  const { name, help, type, aggregator = 'sum', samples } = metric;
  const get = () => Promise.resolve({ name, help, type, aggregator, values: [...samples()] });
  registry.registerMetric({ name, help, get } as unknown as Metric);
}

/** The samples of a histogram named `name`, in seconds. */
export function histogramSamples(name: string, labels: Sample['labels'], { buckets, sum }: LatencyCounts): Sample[] {
  let below = 0;
  const cumulative = [...latencyBuckets, '+Inf'].map((le, bucket) => {
    below += buckets[bucket]!;
    return { labels: { ...labels, le }, value: below, metricName: `${name}_bucket` };
  });
  return [
    ...cumulative,
    { labels, value: sum, metricName: `${name}_sum` },
    { labels, value: below, metricName: `${name}_count` },
  ];
}
