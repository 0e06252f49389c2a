/**
 * The same counts under the names that dashboards of Triton, MLServer and KServe ask for: README.md, "Metrics". A
 * deployment is their model. What versions of the same name of several models did is one there.
 */
import type { Metrics } from '#libs/nest/index.js';
import { LatencyCounts, type TrafficCounts } from '../traffic-counts.js';
import { histogramSamples, registerComputed, type Sample } from './computed.js';

export interface ModelServerSources {
  readonly counts: () => Iterable<TrafficCounts>;
  /** Rows of versions that serve and that wait for the model. */
  readonly pending: () => Iterable<PendingRows>;
}

export interface PendingRows {
  readonly deployment: string;
  readonly version: string;
  readonly rows: number;
}

export function registerModelServerMetrics(metrics: Metrics, { counts, pending }: ModelServerSources): void {
  const counter = (name: string, help: string, valueOf: (counts: TrafficCounts) => number): void => {
    registerComputed(metrics, { name, help, type: 'counter', samples: () => summed(counts(), valueOf) });
  };
  triton(metrics, counter, { counts, pending });
  mlserver(metrics, counter, counts);
  kserve(metrics, counts);
}

type RegisterCounter = (name: string, help: string, valueOf: (counts: TrafficCounts) => number) => void;

function triton(metrics: Metrics, counter: RegisterCounter, { counts, pending }: ModelServerSources): void {
  counter('nv_inference_request_success', 'Requests that were served', ({ served }) => served);
  registerComputed(metrics, {
    ...{ name: 'nv_inference_request_failure', help: 'Requests that were not served', type: 'counter' },
    samples: () => [
      ...summed(counts(), ({ failed }) => failed, { reason: 'BACKEND' }),
      ...summed(counts(), ({ refused }) => refused, { reason: 'OTHER' }),
    ],
  });
  counter('nv_inference_count', 'Rows that the model evaluated', ({ inferredRows }) => inferredRows);
  counter('nv_inference_exec_count', 'Runs of the model', ({ runs }) => runs);
  counter(
    'nv_inference_request_duration_us',
    'Microseconds from arrival to outcome of served requests',
    ({ servedSeconds }) => servedSeconds * 1e6,
  );
  counter(
    'nv_inference_queue_duration_us',
    'Microseconds from arrival to the run of the model',
    ({ queueMs }) => queueMs * 1e3,
  );
  counter(
    'nv_inference_compute_input_duration_us',
    'Microseconds in which inputs were made ready',
    ({ inputMs }) => inputMs * 1e3,
  );
  counter(
    'nv_inference_compute_infer_duration_us',
    'Microseconds in which the model ran',
    ({ inferMs }) => inferMs * 1e3,
  );
  counter(
    'nv_inference_compute_output_duration_us',
    'Microseconds in which outputs were read',
    ({ outputMs }) => outputMs * 1e3,
  );
  registerComputed(metrics, {
    ...{ name: 'nv_inference_pending_request_count', help: 'Rows that wait for the model', type: 'gauge' },
    samples: () => Array.from(pending(), ({ deployment, version, rows }) => sample({ deployment, version }, rows)),
  });
}

function mlserver(metrics: Metrics, counter: RegisterCounter, counts: ModelServerSources['counts']): void {
  counter('model_infer_request_success_total', 'Requests that were served', ({ served }) => served);
  counter(
    'model_infer_request_failure_total',
    'Requests that were not served',
    ({ failed, refused }) => failed + refused,
  );
  const name = 'model_infer_request_duration';
  registerComputed(metrics, {
    ...{ name, help: 'Seconds from arrival to outcome of requests that reached the model', type: 'summary' },
    samples: () => [
      ...summed(counts(), ({ requestLatency }) => requestLatency.sum).map(named(`${name}_sum`)),
      ...summed(counts(), ({ requestLatency }) => requestLatency.count).map(named(`${name}_count`)),
    ],
  });
}

function kserve(metrics: Metrics, counts: ModelServerSources['counts']): void {
  const name = 'request_predict_seconds';
  registerComputed(metrics, {
    ...{ name, help: 'Seconds from arrival to outcome of requests that reached the model', type: 'histogram' },
    samples: () =>
      versionsOf(counts()).flatMap(({ deployment, version, of }) =>
        histogramSamples(
          name,
          { model_name: deployment, model_version: version },
          LatencyCounts.sumOf(of.map(({ requestLatency }) => requestLatency)),
        ),
      ),
  });
}

interface VersionCounts {
  readonly deployment: string;
  readonly version: string;
  /** One for each model that has such a version. */
  readonly of: TrafficCounts[];
}

function versionsOf(counts: Iterable<TrafficCounts>): VersionCounts[] {
  const found = new Map<string, VersionCounts>();
  for (const each of counts) {
    const version = each.version.slice(each.version.indexOf('@') + 1);
    const key = `${each.deployment}@${version}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, { deployment: each.deployment, version, of: [each] });
    else known.of.push(each);
  }
  return [...found.values()];
}

const summed = (
  counts: Iterable<TrafficCounts>,
  valueOf: (counts: TrafficCounts) => number,
  labels: Sample['labels'] = {},
): Sample[] =>
  versionsOf(counts).map((each) =>
    sample(
      each,
      each.of.reduce((sum, one) => sum + valueOf(one), 0),
      labels,
    ),
  );

const sample = (
  { deployment, version }: { readonly deployment: string; readonly version: string },
  value: number,
  labels: Sample['labels'] = {},
): Sample => ({ labels: { model: deployment, version, ...labels }, value });

const named =
  (metricName: string) =>
  (each: Sample): Sample => ({ ...each, metricName });
