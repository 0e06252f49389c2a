import type { FindingMethod, TrafficPosition, WindowClosed } from '#libs/contracts/index.js';
import { primaryMetric } from '#libs/learning/index.js';
import type { CbpeEstimate, CbpeJson, MetricEstimate, ScoredRows } from '#libs/statistics/index.js';
import type { FoldTime } from '../conditions.js';
import type { MonitorContext, MonitorOutput, WatchedVersion } from '../contract.js';
import { beyondOf, boundsOf, type Bound, type BoundConditions } from './bounds.js';
import { estimatorOf, scoresOf } from './estimates.js';
import type { WindowSpan } from './label-horizon.js';

/** Rows of a window that were answered, all or a sample of them. */
export interface AnsweredRows {
  readonly number: number;
  readonly first: TrafficPosition;
  readonly last: TrafficPosition;
  /** Rows that have an answer. */
  readonly rows: number;
  readonly classes: readonly string[];
  /** [sampled rows × classes], row after row. */
  readonly probabilities: Float64Array;
  /** Number of the class that was answered, −1 for none of them. */
  readonly predicted: Int32Array;
}

export interface WindowEstimate {
  readonly estimated: WindowClosed['estimated'];
  readonly outputs: MonitorOutput[];
}

type EstimatedFigures = NonNullable<WindowClosed['estimated']>['metrics'];

/**
 * A window's metrics without its labels, and what follows from them. Judged are the metric that versions are compared by,
 * accuracy, and those that the settings bound: a metric is degraded below what is usual of the reference, or where its
 * interval lies wholly beyond its own bound. Fewer rows than a chunk of the reference vary more than chunks do: they are not
 * enough evidence. What labels contradict is told as such, and not judged: what was found by it is over.
 */
export function estimateWindow(
  window: AnsweredRows,
  version: WatchedVersion | undefined,
  withdrawn: boolean,
  conditions: BoundConditions,
  at: FoldTime,
  context: MonitorContext,
): WindowEstimate {
  const estimator = estimatorOf(version, context.settings.drift_detection.window_size);
  if (version === undefined || 'refused' in estimator || 'missing' in version.reference) return nothing;
  const { cbpe, classes } = estimator;
  if (window.classes.join('\n') !== classes.join('\n')) return nothing;
  const estimate = cbpe.estimate(answered(window));
  const metrics = told(estimate);
  if (Object.keys(metrics).length === 0 && !withdrawn) return nothing;
  const { number, first, last, rows } = window;
  const { performance } = context.settings;
  const found = {
    ...{ window: number, first, last, rows, sampled: estimate.rows },
    reference: version.reference.reference,
  };
  const bounds = boundsOf(performance, true);
  const judged = [...comparedMetrics(classes.length), ...bounds.keys(), ...conditions.open(true)];
  const enough = estimate.rows >= cbpe.fitted.chunkRows;
  const outputs = [...new Set(judged)].flatMap((metric) => {
    const measured = metrics[metric];
    const beyond = withdrawn ? null : enough ? beyondUsual(estimate, metric, measured, bounds.get(metric)) : undefined;
    return conditions.judge(
      {
        ...{ metric, estimated: true, measured, beyond, rows: estimate.rows, method: methodOf(cbpe.fitted) },
        ...(withdrawn ? { over: contradicted } : {}),
      },
      found,
      at,
      context,
    );
  });
  return { estimated: { metrics, withdrawn }, outputs };
}

/** Where estimates are asked for no longer, what was found by them is over. */
export function withoutEstimates(
  conditions: BoundConditions,
  { number, first, last, served }: WindowSpan,
  at: FoldTime,
  context: MonitorContext,
): MonitorOutput[] {
  if (context.settings.performance.estimate) return [];
  const found = { window: number, first, last, rows: served, sampled: 0, reference: null };
  const method = { name: 'cbpe', version: 1, parameters: {} };
  return conditions
    .open(true)
    .flatMap((metric) =>
      conditions.judge(
        { metric, estimated: true, measured: undefined, beyond: null, rows: 0, method, over: notAsked },
        found,
        at,
        context,
      ),
    );
}

const contradicted = 'labels contradict what estimates rest on';
const notAsked = 'performance is estimated no longer: performance.estimate is false';

/** Metrics that estimates are judged by, and held against labels. */
export const comparedMetrics = (classes: number): readonly string[] => [
  ...new Set([primaryMetric(classes), 'accuracy']),
];

const nothing: WindowEstimate = { estimated: null, outputs: [] };

/** Rows whose answer is one of the classes. */
function answered({ classes: { length: width }, probabilities, predicted }: AnsweredRows): ScoredRows {
  const whole = predicted.every((answer) => answer >= 0 && answer < width);
  if (whole) return { probabilities: scoresOf(probabilities, predicted.length, width), predictions: predicted };
  const rows = Uint32Array.from(predicted.keys()).filter((row) => predicted[row]! >= 0 && predicted[row]! < width);
  const kept = new Float64Array(rows.length * width);
  for (const [place, row] of rows.entries())
    kept.set(probabilities.subarray(row * width, (row + 1) * width), place * width);
  return {
    probabilities: scoresOf(kept, rows.length, width),
    predictions: Int32Array.from(rows, (row) => predicted[row]!),
  };
}

function told({ metrics }: CbpeEstimate): EstimatedFigures {
  return Object.fromEntries(
    Object.entries(metrics).flatMap(([name, { value, low, high, alert }]) =>
      value === null ? [] : [[name, { value, low, high, alert: alert ?? false }]],
    ),
  );
}

function beyondUsual(
  { metrics }: CbpeEstimate,
  metric: string,
  measured: EstimatedFigures[string] | undefined,
  bounds: readonly Bound[] = [],
): Bound | null | undefined {
  const beyond = beyondOf(bounds, measured);
  if (beyond) return beyond;
  const { value = null, threshold = null } = (metrics as Readonly<Record<string, MetricEstimate>>)[metric] ?? {};
  if (value === null || threshold === null) return beyond;
  return value < threshold.lower ? { bound: 'min', threshold: threshold.lower } : null;
}

const methodOf = ({ rows, chunks, chunkRows, calibrations }: CbpeJson): FindingMethod => ({
  name: 'cbpe',
  version: 1,
  parameters: {
    ...{ reference_rows: rows, chunks, chunk_rows: chunkRows },
    calibrated: calibrations.some(({ isotonic }) => isotonic !== null),
  },
});
