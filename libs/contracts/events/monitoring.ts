import { z } from 'zod';
import { trafficPosition } from '../monitoring/position.js';
import { deploymentName, modelName, modelVersion, sha256Digest } from '../names.js';
import { defineEvent, type EventOf } from './define.js';

/** What a version's data is compared with. */
export const reference = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('training'), artifact: sha256Digest }),
  /** An earlier window of the same version. */
  z.object({ kind: z.literal('window'), number: z.int().positive() }),
]);
export type Reference = z.infer<typeof reference>;

/** How it was found: enough to find it again from the log. */
export const findingMethod = z.object({
  name: z.string(),
  version: z.int().positive(),
  parameters: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
});
export type FindingMethod = z.infer<typeof findingMethod>;

/**
 * What every finding rests on. Everything here comes from the log: a replay makes the same finding, bit for bit. `at` is the
 * log's own time where it was made.
 */
const basis = {
  deployment: deploymentName,
  model: modelName,
  version: modelVersion,
  at: z.iso.datetime(),
  /** Of the version's windows; null for what is found label by label or by silence. */
  window: z.int().positive().nullable(),
  /** Rows of TRAFFIC that it was found in; `sampled` of them by their values, the others by counts alone. */
  inputs: z.object({
    first: trafficPosition,
    last: trafficPosition,
    rows: z.int().nonnegative(),
    sampled: z.int().nonnegative(),
  }),
  /** EVENTS position up to which configuration, versions and routing were applied, and the configuration's own. */
  events_seq: z.int().nonnegative(),
  configuration_seq: z.int().nonnegative(),
  reference: reference.nullable(),
  method: findingMethod,
};

/** What is wrong, and since which finding. A condition is found once and cleared once. */
const condition = { condition: z.string().min(1).max(600), finding_id: z.uuid() };

/** Why it is over although nothing says that all is well: it is judged no longer. */
const ended = { reason: z.string().max(1000).optional() };

const columnDrift = z.object({
  column: z.string(),
  test: z.string(),
  statistic: z.number(),
  p_value: z.number().nullable(),
  adjusted_p: z.number().nullable(),
  effect: z.number(),
  threshold: z.number(),
});
export type ColumnDriftNumbers = z.infer<typeof columnDrift>;

/** Columns that findings and windows tell one by one; of more, those that say most. */
export const mostColumnsTold = 1000;

export const driftScope = z.enum(['features', 'predictions', 'labels', 'multivariate']);
export type DriftScope = z.infer<typeof driftScope>;

/** Data is no longer as the reference: inputs, answers, labels, or their joint distribution. */
export const DataDriftDetected = defineEvent(
  'DataDriftDetected',
  z.object({
    ...basis,
    ...condition,
    scope: driftScope,
    policy: z.string(),
    /** Drifted columns of those compared; the error rate of the verdict over all windows. */
    drifted: z.int().nonnegative(),
    compared: z.int().nonnegative(),
    threshold: z.number(),
    /** The drifted ones. */
    columns: z.array(columnDrift).max(mostColumnsTold),
  }),
);

export const DataDriftCleared = defineEvent(
  'DataDriftCleared',
  z.object({
    ...basis,
    ...condition,
    scope: driftScope,
    drifted: z.int().nonnegative(),
    compared: z.int().nonnegative(),
    ...ended,
  }),
);

/** The relation between inputs and labels has changed: a detector on the errors of labelled predictions says so. */
export const ConceptDriftDetected = defineEvent(
  'ConceptDriftDetected',
  z.object({
    ...basis,
    ...condition,
    detector: z.string(),
    /** Labelled predictions of the version that the detector has seen. */
    labels: z.int().positive(),
    /** Mean error since the last change or the beginning, and of the newest labels. */
    error_before: z.number().nullable(),
    error_now: z.number(),
  }),
);

export const ConceptDriftCleared = defineEvent(
  'ConceptDriftCleared',
  z.object({
    ...basis,
    ...condition,
    detector: z.string(),
    labels: z.int().positive(),
    error_now: z.number(),
    ...ended,
  }),
);

const measured = {
  metric: z.string(),
  value: z.number(),
  /** 95 % interval; null where there is none. */
  low: z.number().nullable(),
  high: z.number().nullable(),
  bound: z.enum(['min', 'max']),
  threshold: z.number(),
  /** Without labels. */
  estimated: z.boolean(),
  /** Rows that it was measured on. */
  measured_rows: z.int().nonnegative(),
};

/** A metric is on the wrong side of its bound. */
export const PerformanceDegraded = defineEvent(
  'PerformanceDegraded',
  z.object({ ...basis, ...condition, ...measured }),
);
export const PerformanceDegradationCleared = defineEvent(
  'PerformanceDegradationCleared',
  z.object({ ...basis, ...condition, ...measured, ...ended }),
);

export const qualityCheck = z.enum([
  'missing',
  'type',
  'range',
  'unseen_category',
  'constant',
  'freshness',
  'volume',
  'no_reference',
]);
export type QualityCheck = z.infer<typeof qualityCheck>;

export const qualityIssue = z.object({
  ...condition,
  check: qualityCheck,
  /** Null for the data set as a whole. */
  column: z.string().nullable(),
  /** What was measured, what the reference has (null: nothing to compare with), and what was allowed. */
  value: z.number(),
  expected: z.number().nullable(),
  threshold: z.number(),
  detail: z.string().max(1000),
});
export type QualityIssue = z.infer<typeof qualityIssue>;

/** One event for all issues that a window brings. */
export const QualityIssueFound = defineEvent(
  'QualityIssueFound',
  z.object({ ...basis, issues: z.array(qualityIssue).min(1).max(mostColumnsTold) }),
);
export const QualityIssueCleared = defineEvent(
  'QualityIssueCleared',
  z.object({ ...basis, issues: z.array(qualityIssue).min(1).max(mostColumnsTold) }),
);

export const monitoringEvents = [
  DataDriftDetected,
  DataDriftCleared,
  ConceptDriftDetected,
  ConceptDriftCleared,
  PerformanceDegraded,
  PerformanceDegradationCleared,
  QualityIssueFound,
  QualityIssueCleared,
] as const;
export type MonitoringEvent = EventOf<(typeof monitoringEvents)[number]>;
