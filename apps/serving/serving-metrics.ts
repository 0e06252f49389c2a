import type { Metric } from 'prom-client';
import type { Clock } from '#libs/kernel/index.js';
import { Metrics } from '#libs/nest/index.js';
import type { Admission } from './http/admission.js';
import type { Published } from './recording/recorder.js';
import type { Lease } from './routing/lease.js';
import { latencyBuckets, type TrafficCounts } from './traffic-counts.js';

export interface ServingMetricsOptions {
  readonly instance: string;
  readonly admission: Admission;
  readonly lease: Lease;
  readonly clock: Clock;
  readonly counts: () => Iterable<TrafficCounts>;
  readonly routingSeq: () => number;
  readonly publishesInFlight: () => number;
}

export interface ServingMetrics {
  readonly metrics: Metrics;
  /** To be told of every chunk. */
  readonly published: (published: Published) => void;
}

/** What the process counts is plain numbers; they become Prometheus samples when somebody asks. */
export function servingMetrics(options: ServingMetricsOptions): ServingMetrics {
  const { admission, lease, clock } = options;
  const metrics = new Metrics({ component: 'serving', instance: options.instance });
  const { registry } = metrics;

  const trafficLabels = ['deployment', 'version', 'outcome'] as const;
  register(registry, 'modelog_predict_requests_total', 'Predict requests that were recorded', 'counter', () =>
    [...options.counts()].flatMap(({ deployment, version, served, failed, refused }) =>
      Object.entries({ served, failed, refused }).map(([outcome, value]) => ({
        labels: labelled(trafficLabels, [deployment, version, outcome]),
        value,
      })),
    ),
  );
  register(registry, 'modelog_predict_unrecorded_total', 'Predict requests refused without a record', 'counter', () =>
    [...admission.unrecorded].map(([reason, value]) => ({ labels: { reason }, value })),
  );
  register(registry, 'modelog_predict_rows_total', 'Rows recorded', 'counter', () =>
    [...options.counts()].map(({ deployment, version, rows }) => ({ labels: { deployment, version }, value: rows })),
  );
  const latency = 'modelog_predict_seconds';
  register(registry, latency, 'From the arrival of a request to its outcome, by row', 'histogram', () =>
    [...options.counts()].flatMap((counts) => histogramSamples(latency, counts)),
  );
  metrics.gauge({ name: 'modelog_predict_queued_rows', help: 'Rows waiting or being recorded' }, (gauge) => {
    gauge.set(admission.queuedRows);
  });
  metrics.gauge({ name: 'modelog_routing_seq', help: 'EVENTS sequence of the routing table' }, (gauge) => {
    gauge.set(options.routingSeq());
  });
  metrics.gauge({ name: 'modelog_routing_lease_seconds', help: 'Time left of the right to route' }, (gauge) => {
    gauge.set(lease.remainingAt(clock.monotonic()) / 1000);
  });
  metrics.gauge({ name: 'modelog_traffic_publishes_in_flight', help: 'Chunks without an answer yet' }, (gauge) => {
    gauge.set(options.publishesInFlight());
  });

  const chunks = metrics.counter({
    name: 'modelog_traffic_chunks_total',
    help: 'Chunks by outcome',
    labels: ['outcome'],
  });
  const bytes = metrics.counter({ name: 'modelog_traffic_bytes_total', help: 'Bytes of stored chunks' });
  const ack = metrics.histogram({
    name: 'modelog_traffic_ack_seconds',
    help: 'From publishing a chunk to its acknowledgement',
    buckets: latencyBuckets,
  });
  return {
    metrics,
    published({ error, bytes: size, tookMs }) {
      chunks.inc({ outcome: error === undefined ? 'stored' : 'given_up' });
      if (error !== undefined) return;
      bytes.inc(size);
      ack.observe(tookMs / 1000);
    },
  };
}

interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
}

/**
 * A metric computed when it is scraped. prom-client takes any object with a name and a `get` (its own classes are no
 * more to the registry), but its types name the classes.
 */
function register(
  registry: Metrics['registry'],
  name: string,
  help: string,
  type: 'counter' | 'histogram',
  samples: () => readonly Sample[],
): void {
  const metric = { name, help, get: () => Promise.resolve({ name, help, type, aggregator: 'sum', values: samples() }) };
  registry.registerMetric(metric as unknown as Metric);
}

function histogramSamples(name: string, { deployment, version, buckets, latencySum }: TrafficCounts): Sample[] {
  const labels = { deployment, version };
  let below = 0;
  const cumulative = [...latencyBuckets, '+Inf'].map((le, bucket) => {
    below += buckets[bucket]!;
    return { labels: { ...labels, le }, value: below, metricName: `${name}_bucket` };
  });
  return [
    ...cumulative,
    { labels, value: latencySum, metricName: `${name}_sum` },
    { labels, value: below, metricName: `${name}_count` },
  ];
}

const labelled = (names: readonly string[], values: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name, at) => [name, values[at]!]));
