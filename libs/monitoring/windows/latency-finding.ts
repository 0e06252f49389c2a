import type { FindingMethod } from '#libs/contracts/index.js';
import type { MonitorOutput } from '../contract.js';
import { basisOf } from '../findings.js';
import type { Judging } from '../judging.js';
import type { Latencies } from './latencies.js';

const share = 0.95;
/** Of the standard normal distribution, two-sided 95 %. */
const z = 1.959963984540054;

export const latencyCondition = 'performance/latency_p95';

const method: FindingMethod = {
  name: 'latency_quantile',
  version: 1,
  parameters: { share, confidence: 0.95, interval: 'order statistics, normal approximation' },
};

/**
 * Milliseconds that 95 % of a window's predictions take, against the bound: too slow where the 95 % interval lies wholly
 * above it. The interval is between the latencies at the ranks that are 1.96 standard deviations (√(n·p·(1 − p))) apart
 * from the quantile's.
 */
export function latencyFinding(
  latencies: Latencies,
  { place, found, at, context, conditions }: Judging,
): MonitorOutput[] {
  const { latency_threshold: threshold, clear_after: clearAfter } = context.settings.performance;
  if (threshold === null) return [];
  const { count } = latencies;
  const apart = z * Math.sqrt((share * (1 - share)) / Math.max(count, 1));
  const low = latencies.quantile(Math.max(share - apart, 0));
  const high = latencies.quantile(Math.min(share + apart, 1));
  const enough = count >= context.settings.drift_detection.min_rows;
  const change = conditions.observe(
    latencyCondition,
    enough ? low > threshold : null,
    { raiseAfter: 1, clearAfter },
    found.last,
  );
  if (change === null) return [];
  const data = {
    ...basisOf(place, { ...found, sampled: 0 }, at, context, method),
    ...{ condition: change.condition, finding_id: change.finding_id },
    ...{ metric: 'latency_p95', value: latencies.quantile(share), low, high, bound: 'max' as const, threshold },
    ...{ estimated: false, measured_rows: count },
  };
  const type = change.change === 'raised' ? 'PerformanceDegraded' : 'PerformanceDegradationCleared';
  return [{ kind: 'finding', finding: { type, data } }];
}
