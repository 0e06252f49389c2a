/**
 * What stands on `window.<deployment>` of WINDOWS, JSON: `WindowClosed` for every window of a version, and
 * `PerformanceMeasured` whenever the labels of a window have something new to say. Both follow from TRAFFIC and EVENTS alone.
 */
import { z } from 'zod';
import { driftScope, findingMethod, mostColumnsTold, qualityIssue, reference } from '../events/monitoring.js';
import { deploymentName, modelName, modelVersion } from '../names.js';
import { trafficPosition } from './position.js';

const share = z.number().min(0).max(1);

const measuredMetric = z.object({
  value: z.number(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});
export type MeasuredMetric = z.infer<typeof measuredMetric>;

/** `null` where there is not enough evidence to say. */
const verdict = z.boolean().nullable();

const columnVerdict = z.object({
  column: z.string(),
  test: z.string(),
  statistic: z.number().nullable(),
  p_value: z.number().nullable(),
  adjusted_p: z.number().nullable(),
  effect: z.number().nullable(),
  threshold: z.number(),
  drifted: verdict,
});
export type ColumnVerdict = z.infer<typeof columnVerdict>;

const driftVerdict = z.object({
  scope: driftScope,
  policy: z.string(),
  method: findingMethod,
  drifted: verdict,
  drifted_columns: z.int().nonnegative(),
  compared_columns: z.int().nonnegative(),
  threshold: z.number(),
  /** Those that say most come first where there are more. */
  columns: z.array(columnVerdict).max(mostColumnsTold),
});
export type DriftVerdict = z.infer<typeof driftVerdict>;

const columnQuality = z.object({
  column: z.string(),
  /** Rows that reached the model. */
  rows: z.int().nonnegative(),
  missing: z.int().nonnegative(),
  /** Beyond the reference's smallest and largest value. */
  out_of_range: z.int().nonnegative(),
  /** Not among the reference's categories, and the most frequent of them. */
  unseen: z.int().nonnegative(),
  unseen_values: z.array(z.object({ value: z.string(), count: z.int().positive() })).max(20),
  /** Rows refused because this column did not fit. */
  type_errors: z.int().nonnegative(),
  distinct: z.number().nonnegative(),
  min: z.number().nullable(),
  max: z.number().nullable(),
  mean: z.number().nullable(),
  sd: z.number().nullable(),
});
export type ColumnQuality = z.infer<typeof columnQuality>;

const qualityVerdict = z.object({
  columns: z.array(columnQuality).max(mostColumnsTold),
  issues: z.array(qualityIssue.omit({ condition: true, finding_id: true })),
});
export type QualityVerdict = z.infer<typeof qualityVerdict>;

const place = {
  deployment: deploymentName,
  model: modelName,
  version: modelVersion,
  /** Of the version in this deployment, from 1, without a gap. */
  window: z.int().positive(),
};

const judged = {
  events_seq: z.int().nonnegative(),
  configuration_seq: z.int().nonnegative(),
};

/** Why a window ended. `version_left`: the version takes no more traffic. */
export const closedBy = z.enum(['count', 'time', 'version_left']);
export type ClosedBy = z.infer<typeof closedBy>;

export const windowClosed = {
  type: 'WindowClosed',
  version: 1,
  schema: z.object({
    ...place,
    closed_by: closedBy,
    first: trafficPosition,
    last: trafficPosition,
    /** The log's time of the first and the last row, ISO-8601. */
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    ...judged,
    reference: reference.nullable(),
    rows: z.object({ served: z.int(), failed: z.int(), refused: z.int() }),
    /** Rows whose values the tests saw; all others were counted. */
    sampled: z.int().nonnegative(),
    latency_ms: z
      .object({ p50: z.number(), p95: z.number(), p99: z.number(), mean: z.number(), max: z.number() })
      .nullable(),
    quality: qualityVerdict,
    drift: z.array(driftVerdict),
    /**
     * The metrics as they are without labels; null where nothing can be said, `withdrawn` as long as labels
     * contradict it: its figures are not to be believed then.
     */
    estimated: z
      .object({
        metrics: z.record(z.string(), measuredMetric.extend({ alert: z.boolean() })),
        withdrawn: z.boolean(),
      })
      .nullable(),
    /** What could not be judged, and why. */
    notes: z.array(z.string().max(500)).max(20),
    /** Conditions that hold after this window. */
    open: z.array(z.string()),
  }),
} as const;
export type WindowClosed = z.infer<typeof windowClosed.schema>;

const detectorState = z.object({
  detector: z.string(),
  labels: z.int().nonnegative(),
  /** Labels (of the version, from 1) at which it said so, the newest twenty. */
  drifts: z.array(z.int().positive()).max(20),
  warning: z.boolean(),
});

export const performanceMeasured = {
  type: 'PerformanceMeasured',
  version: 1,
  schema: z.object({
    ...place,
    /** The log's time and TRAFFIC sequence of the newest message that counted. */
    at: z.iso.datetime(),
    traffic_seq: z.int().positive(),
    ...judged,
    served: z.int().nonnegative(),
    /** Served rows that have a label; those of another type than the version answers are no labels. */
    labels: z.int().nonnegative(),
    mismatched: z.int().nonnegative(),
    /** Further labels of this window count no more. */
    final: z.boolean(),
    metrics: z.record(z.string(), measuredMetric),
    /** What always answering as the label before would have reached; random alarms raise accuracy on such streams. */
    no_change_accuracy: share.nullable(),
    label_drift: driftVerdict.nullable(),
    detectors: z.array(detectorState),
  }),
} as const;
export type PerformanceMeasured = z.infer<typeof performanceMeasured.schema>;

/** What a message of WINDOWS may be. */
export type WindowRecord =
  | { readonly type: 'WindowClosed'; readonly data: WindowClosed }
  | { readonly type: 'PerformanceMeasured'; readonly data: PerformanceMeasured };
