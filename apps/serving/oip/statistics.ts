import type { MetricFamily } from '#libs/nest/index.js';
import { failedSecondsName, lastServedName } from '../serving-metrics.js';
import type { Duration, ModelStatistics } from './protocol.js';

/** The metrics of the fleet that the statistics are made of: both then say the same. */
const families = {
  success: 'nv_inference_request_success',
  failure: 'nv_inference_request_failure',
  rows: 'nv_inference_count',
  runs: 'nv_inference_exec_count',
  successUs: 'nv_inference_request_duration_us',
  queueUs: 'nv_inference_queue_duration_us',
  inputUs: 'nv_inference_compute_input_duration_us',
  inferUs: 'nv_inference_compute_infer_duration_us',
  outputUs: 'nv_inference_compute_output_duration_us',
  failedSeconds: failedSecondsName,
  lastServedSeconds: lastServedName,
} as const;
type Quantity = keyof typeof families;

export const statisticsFamilies: readonly string[] = Object.values(families);

/**
 * What each version of each deployment answered, as Triton counts it: every transport's requests, of all serving
 * processes. `fail` are requests that reached the model; refused ones never become inferences. Versions of the same name
 * of several models are one.
 */
export function statisticsOf(told: readonly MetricFamily[]): ModelStatistics[] {
  const versions = new Map<string, VersionTotals>();
  for (const [quantity, name] of Object.entries(families) as [Quantity, string][]) {
    const family = told.find((each) => each.name === name);
    for (const { labels, value } of family?.values ?? []) {
      if (quantity === 'failure' && labels['reason'] !== 'BACKEND') continue;
      const totals = totalsFor(labels, versions);
      const known = totals[quantity];
      totals[quantity] = quantity === 'lastServedSeconds' ? Math.max(known, value) : known + value;
    }
  }
  return Array.from(versions.values(), modelStatistics);
}

export const emptyStatistics = (name: string, version: string): ModelStatistics =>
  modelStatistics(noneOf(name, version));

interface VersionTotals extends Record<Quantity, number> {
  readonly name: string;
  readonly version: string;
}

/** Series are of `model` and a version, or of `deployment` and `model@version`. */
function totalsFor(labels: MetricFamily['values'][number]['labels'], versions: Map<string, VersionTotals>) {
  const name = String(labels['model'] ?? labels['deployment']);
  const registered = String(labels['version']);
  const version = registered.slice(registered.indexOf('@') + 1);
  const key = `${name}@${version}`;
  const known = versions.get(key) ?? noneOf(name, version);
  versions.set(key, known);
  return known;
}

const noneOf = (name: string, version: string): VersionTotals => ({
  ...{ name, version, success: 0, failure: 0, rows: 0, runs: 0, successUs: 0, queueUs: 0, inputUs: 0, inferUs: 0 },
  ...{ outputUs: 0, failedSeconds: 0, lastServedSeconds: 0 },
});

const modelStatistics = (of: VersionTotals): ModelStatistics => ({
  name: of.name,
  version: of.version,
  last_inference: Math.round(of.lastServedSeconds * 1e3),
  inference_count: of.rows,
  execution_count: of.runs,
  inference_stats: {
    success: duration(of.success, of.successUs * 1e3),
    fail: duration(of.failure, of.failedSeconds * 1e9),
    queue: duration(of.success, of.queueUs * 1e3),
    compute_input: duration(of.success, of.inputUs * 1e3),
    compute_infer: duration(of.success, of.inferUs * 1e3),
    compute_output: duration(of.success, of.outputUs * 1e3),
  },
});

/** A sum of differences may end a rounding error below zero. */
const duration = (count: number, ns: number): Duration => ({ count, ns: Math.max(0, Math.round(ns)) });
