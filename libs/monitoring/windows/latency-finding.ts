import type { FindingMethod } from '#libs/contracts/index.js';
import type { MonitorOutput } from '../contract.js';
import type { Judging } from '../judging.js';
import type { BoundConditions } from '../labels/bounds.js';
import type { Latencies } from './latencies.js';

const share = 0.95;
/** Of the standard normal distribution, two-sided 95 %. */
const z = 1.959963984540054;

const metric = 'latency_p95';

const method: FindingMethod = {
  name: 'latency_quantile',
  version: 1,
  parameters: { share, confidence: 0.95, interval: 'order statistics, normal approximation' },
};

const notAsked = 'latency is bound no longer: performance.latency_threshold is null';

/**
 * Milliseconds that 95 % of a window's predictions take, against the bound: too slow where the 95 % interval lies wholly
 * above it. The interval is between the latencies at the ranks that are 1.96 standard deviations (√(n·p·(1 − p))) apart
 * from the quantile's.
 */
export function latencyFinding(
  latencies: Latencies,
  bounds: BoundConditions,
  { found, at, context }: Judging,
): MonitorOutput[] {
  const { latency_threshold: threshold } = context.settings.performance;
  if (threshold === null && !bounds.open(false).includes(metric)) return [];
  const { count } = latencies;
  const apart = z * Math.sqrt((share * (1 - share)) / Math.max(count, 1));
  const measured = {
    value: latencies.quantile(share),
    low: latencies.quantile(Math.max(share - apart, 0)),
    high: latencies.quantile(Math.min(share + apart, 1)),
  };
  const enough = count >= context.settings.drift_detection.min_rows;
  const slow = threshold !== null && measured.low > threshold;
  return bounds.judge(
    {
      ...{ metric, estimated: false, measured, rows: count, method },
      beyond: enough ? (slow ? { bound: 'max', threshold } : null) : undefined,
      ...(threshold === null ? { over: notAsked } : {}),
    },
    { ...found, sampled: 0 },
    at,
    context,
  );
}
