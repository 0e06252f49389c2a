import type { Clock } from '#libs/kernel/index.js';
import { Metrics } from '#libs/nest/index.js';
import { histogramSamples, registerComputed } from './metrics/computed.js';
import { registerModelServerMetrics, type ModelServerSources } from './metrics/model-servers.js';
import type { ModelPool } from './models/model-pool.js';
import type { Admission } from './prediction/admission.js';
import type { Published } from './recording/recorder.js';
import type { Lease } from './routing/lease.js';
import { latencyBuckets, type TrafficCounts } from './traffic-counts.js';

export interface ServingMetricsOptions extends ModelServerSources {
  readonly instance: string;
  readonly admission: Admission;
  readonly lease: Lease;
  readonly clock: Clock;
  readonly models: Pick<ModelPool, 'loads' | 'evictions' | 'modelBytes'>;
  readonly routingSeq: () => number;
  readonly publishesInFlight: () => number;
}

export interface ServingMetrics {
  readonly metrics: Metrics;
  /** To be told of every chunk. */
  readonly published: (published: Published) => void;
}

/** By version as it is registered: `model@version`. */
export const failedSecondsName = 'modelog_predict_failed_seconds_total';
export const lastServedName = 'modelog_predict_last_served_timestamp_seconds';

/** What the process counts is plain numbers; they become Prometheus samples when somebody asks. */
export function servingMetrics(options: ServingMetricsOptions): ServingMetrics {
  const { admission, lease, clock, counts, models } = options;
  const wallTimeOf = wallTimes(clock);
  const metrics = new Metrics({ component: 'serving', instance: options.instance });

  registerComputed(metrics, {
    ...{ name: 'modelog_predict_requests_total', help: 'Predict requests that were recorded', type: 'counter' },
    samples: () =>
      [...counts()].flatMap(({ deployment, version, served, failed, refused }) =>
        Object.entries({ served, failed, refused }).map(([outcome, value]) => ({
          labels: { deployment, version, outcome },
          value,
        })),
      ),
  });
  registerComputed(metrics, {
    ...{ name: 'modelog_predict_unrecorded_total', help: 'Predict requests refused without a record', type: 'counter' },
    samples: () => Array.from(admission.unrecorded, ([reason, value]) => ({ labels: { reason }, value })),
  });
  registerComputed(metrics, {
    ...{ name: 'modelog_predict_rows_total', help: 'Rows recorded', type: 'counter' },
    samples: () =>
      Array.from(counts(), ({ deployment, version, rows }) => ({ labels: { deployment, version }, value: rows })),
  });
  const latency = 'modelog_predict_seconds';
  registerComputed(metrics, {
    ...{ name: latency, help: 'From the arrival of a request to its outcome, by row', type: 'histogram' },
    samples: () =>
      [...counts()].flatMap(({ deployment, version, rowLatency }) =>
        histogramSamples(latency, { deployment, version }, rowLatency),
      ),
  });
  registerComputed(metrics, {
    ...{ name: failedSecondsName, help: 'From arrival to outcome of requests that failed', type: 'counter' },
    samples: () =>
      // A sum of differences may end a rounding error below zero.
      Array.from(counts(), ({ deployment, version, requestLatency, servedSeconds }) => ({
        labels: { deployment, version },
        value: Math.max(0, requestLatency.sum - servedSeconds),
      })),
  });
  registerComputed(metrics, {
    ...{ name: lastServedName, help: 'Unix time at which rows were served last', type: 'gauge', aggregator: 'max' },
    samples: () =>
      [...counts()].flatMap((each) =>
        each.lastServedAt === 0
          ? []
          : [{ labels: { deployment: each.deployment, version: each.version }, value: wallTimeOf(each) / 1000 }],
      ),
  });
  registerComputed(metrics, {
    ...{ name: 'modelog_predict_cache_total', help: 'Rows by whether the cache had them', type: 'counter' },
    samples: () =>
      [...counts()].flatMap(({ deployment, version, cacheHits: hit, cacheMisses: miss }) =>
        Object.entries({ hit, miss }).map(([outcome, value]) => ({ labels: { deployment, version, outcome }, value })),
      ),
  });
  registerComputed(metrics, {
    ...{ name: 'modelog_model_loads_total', help: 'Model sessions opened', type: 'counter' },
    samples: () => [{ labels: {}, value: models.loads }],
  });
  registerComputed(metrics, {
    ...{ name: 'modelog_model_evictions_total', help: 'Model sessions let go of for want of memory', type: 'counter' },
    samples: () => [{ labels: {}, value: models.evictions }],
  });
  metrics.gauge(
    { name: 'modelog_model_memory_bytes', help: 'What sessions are taken to occupy, until they are closed' },
    (gauge) => {
      gauge.set(models.modelBytes);
    },
  );
  registerModelServerMetrics(metrics, options);
  metrics.gauge({ name: 'modelog_predict_queued_rows', help: 'Rows waiting or being recorded' }, (gauge) => {
    gauge.set(admission.queuedRows);
  });
  // Of all processes the one that is furthest behind tells.
  const least = { aggregator: 'min' } as const;
  metrics.gauge({ name: 'modelog_routing_seq', help: 'EVENTS sequence of the routing table', ...least }, (gauge) => {
    gauge.set(options.routingSeq());
  });
  metrics.gauge(
    { name: 'modelog_routing_lease_seconds', help: 'Time left of the right to route', ...least },
    (gauge) => {
      gauge.set(lease.remainingAt(clock.monotonic()) / 1000);
    },
  );
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

/** When rows were served last, milliseconds since the epoch: the same for as long as it is the same moment. */
function wallTimes(clock: Clock): (counts: TrafficCounts) => number {
  const known = new WeakMap<TrafficCounts, { readonly servedAt: number; readonly wall: number }>();
  return (counts) => {
    const { lastServedAt: servedAt } = counts;
    const before = known.get(counts);
    if (before?.servedAt === servedAt) return before.wall;
    const wall = clock.now() - clock.monotonic() + servedAt;
    known.set(counts, { servedAt, wall });
    return wall;
  };
}
