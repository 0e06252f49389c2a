import { z } from 'zod';
import {
  ConceptDriftDetected,
  DataDriftDetected,
  findingMethod,
  PerformanceDegraded,
  qualityIssue,
  reference,
} from '../events/monitoring.js';
import { trafficPosition } from '../monitoring/position.js';
import { closedBy, performanceMeasured, windowClosed } from '../monitoring/windows.js';
import { deploymentName, modelName, modelVersion } from '../names.js';
import { storable } from '../text.js';
import { asOfSeq, listOf, listQuery, position, readQuery, wholeNumber } from './common.js';

const instant = z.iso.datetime({ offset: true });

export const metricsQuery = readQuery
  .extend({
    deployment: deploymentName.optional(),
    version: modelVersion.optional(),
    /** ISO-8601 instants (left out: the last hour). */
    from: instant.optional(),
    to: instant.optional(),
    /** Seconds of a window, a multiple of 10 (left out: 60). */
    window_s: wholeNumber(10, 86_400)
      .refine((seconds) => seconds % 10 === 0, 'expected a multiple of 10')
      .optional(),
  })
  .strict();
export type MetricsQuery = z.output<typeof metricsQuery>;

const latency = z.object({ p50: z.number(), p95: z.number(), p99: z.number(), mean: z.number(), max: z.number() });

/** Rows of one version in a span of the log's time. */
const operations = z.object({
  from: z.string(),
  to: z.string(),
  rows: z.int(),
  served: z.int(),
  failed: z.int(),
  refused: z.int(),
  /** Rows a second. */
  throughput: z.number(),
  /** Failed of those that reached the model; null without any. */
  error_rate: z.number().nullable(),
  /** Milliseconds, of rows that reached the model. Quantiles are within 2 % of the exact ones. */
  latency_ms: latency.nullable(),
  /** Rows waiting in a serving process whenever it recorded some. */
  queued_rows: z.object({ mean: z.number(), max: z.int() }).nullable(),
});
export type Operations = z.infer<typeof operations>;

const closed = windowClosed.schema.shape;
const measured = performanceMeasured.schema.shape;

/** What every window tells, whatever was asked of it. Instants are the log's time of its first and last row. */
const windowBasis = {
  window: closed.window,
  /** Of its record in WINDOWS. */
  seq: position,
  closed_by: closedBy,
  from: closed.from,
  to: closed.to,
  first: trafficPosition,
  last: trafficPosition,
  rows: closed.rows,
  events_seq: closed.events_seq,
  configuration_seq: closed.configuration_seq,
};

/** A window of a version, with its metrics as labels gave them and as they were estimated without. */
const performanceWindow = z.object({
  ...windowBasis,
  /** As the labels up to the moment say; null before any counted. */
  measured: performanceMeasured.schema
    .pick({
      at: true,
      traffic_seq: true,
      served: true,
      labels: true,
      mismatched: true,
      final: true,
      metrics: true,
      no_change_accuracy: true,
    })
    .nullable(),
  /** Null where nothing can be said; `withdrawn` where labels contradict it. */
  estimated: closed.estimated,
});
export type PerformanceWindow = z.infer<typeof performanceWindow>;

const versionOperations = z.object({
  deployment: deploymentName,
  model: modelName,
  version: modelVersion,
  total: operations,
  windows: z.array(operations),
});

/** How far into each stream an answer goes. */
const cut = { events: z.int(), traffic: z.int() };
const monitoringCut = z.object({ ...cut, windows: z.int() });
export type MonitoringCut = z.infer<typeof monitoringCut>;

/** Of recorded traffic alone. */
const operationsAnswer = z.object({
  items: z.array(versionOperations),
  window_s: z.int(),
  as_of_cut: z.object(cut),
  ...asOfSeq,
});
export type OperationsAnswer = z.infer<typeof operationsAnswer>;

export const metricsAnswer = operationsAnswer
  .extend({
    items: z.array(
      versionOperations.extend({
        /** The monitor's windows that ended in the span, oldest first: the newest thousand of a version at most. */
        performance: z.array(performanceWindow),
        /** Older ones that the span has beside those told. */
        performance_left_out: z.int().nonnegative(),
      }),
    ),
    as_of_cut: monitoringCut,
  })
  .meta({ id: 'OperationalMetrics' });
export type MetricsAnswer = z.infer<typeof metricsAnswer>;

/** Windows of a deployment, the one that closed last first. */
export const windowsQuery = listQuery
  .extend({
    deployment: deploymentName,
    version: modelVersion.optional(),
    /** ISO-8601 instants: windows whose last row lies from `from` on and before `to`. */
    from: instant.optional(),
    to: instant.optional(),
    /** One column alone. */
    column: storable(z.string().min(1).max(512)).optional(),
    /** Most columns of a window, those that say most first. */
    columns: wholeNumber(1, 1000).default(100),
  })
  .strict();
export type WindowsQuery = z.output<typeof windowsQuery>;

const windowPlace = { deployment: deploymentName, model: modelName, version: modelVersion, ...windowBasis };

const driftWindow = z.object({
  ...windowPlace,
  sampled: closed.sampled,
  reference: closed.reference,
  /** Verdicts on features, predictions and their joint distribution. */
  drift: closed.drift,
  /** Of the labels that have come; null without enough of them. */
  label_drift: measured.label_drift,
  /** What could not be judged, and why. */
  notes: closed.notes,
  /** Conditions that held after it. */
  open: closed.open,
});
export type DriftWindow = z.infer<typeof driftWindow>;

const detectorStates = z.object({
  model: modelName,
  version: modelVersion,
  /** The log's time of the newest label that counted when it was told. */
  at: measured.at,
  seq: position,
  detectors: measured.detectors,
});
export type DetectorStates = z.infer<typeof detectorStates>;

export const driftAnswer = listOf(driftWindow)
  .extend({
    /** How the concept-drift detectors of each version stand, as they were told last. */
    detectors: z.array(detectorStates),
    as_of_cut: monitoringCut,
  })
  .meta({ id: 'DriftHistory' });
export type DriftAnswer = z.infer<typeof driftAnswer>;

const qualityWindow = z.object({
  ...windowPlace,
  reference: closed.reference,
  quality: closed.quality,
  notes: closed.notes,
});
export type QualityWindow = z.infer<typeof qualityWindow>;

export const qualityAnswer = listOf(qualityWindow).extend({ as_of_cut: monitoringCut }).meta({ id: 'QualityHistory' });
export type QualityAnswer = z.infer<typeof qualityAnswer>;

/** Columns that a finding is told with here; the event has them all. */
export const mostColumnsOfFinding = 20;

const dataDrift = DataDriftDetected.schema.shape;
const numbersOf = {
  dataDrift: DataDriftDetected.schema
    .pick({ scope: true, policy: true, drifted: true, compared: true, threshold: true })
    .extend({
      /** Of the drifted ones those with the largest effect. */
      columns: z.array(dataDrift.columns.element).max(mostColumnsOfFinding),
    }),
  conceptDrift: ConceptDriftDetected.schema.pick({ detector: true, labels: true, error_before: true, error_now: true }),
  performance: PerformanceDegraded.schema.pick({
    ...{ metric: true, value: true, low: true, high: true, bound: true, threshold: true, estimated: true },
    measured_rows: true,
  }),
  quality: qualityIssue.omit({ condition: true, finding_id: true }),
};

/** The numbers that a condition was found with. */
export const findingDetails = z.discriminatedUnion('kind', [
  numbersOf.dataDrift.extend({ kind: z.literal('data_drift') }),
  numbersOf.conceptDrift.extend({ kind: z.literal('concept_drift') }),
  numbersOf.performance.extend({ kind: z.literal('performance') }),
  numbersOf.quality.extend({ kind: z.literal('quality') }),
]);
export type FindingDetails = z.infer<typeof findingDetails>;

/** Where an event stands, and the log's time of the traffic that caused it. */
const findingEvent = z.object({
  seq: position,
  event_id: z.uuid(),
  at: z.iso.datetime(),
  /** Null for what is found label by label or by silence. */
  window: z.int().positive().nullable(),
  /** The last row of TRAFFIC that it rests on. */
  last: trafficPosition,
});

/** Something that was wrong with a version in a deployment: from its raising to its clearing. */
export const finding = z
  .object({
    finding_id: z.uuid(),
    deployment: deploymentName,
    model: modelName,
    version: modelVersion,
    condition: z.string(),
    state: z.enum(['open', 'cleared']),
    raised: findingEvent,
    /** Null while it is open. */
    cleared: findingEvent.nullable(),
    /** What it was found in, with what and how. */
    inputs: dataDrift.inputs,
    events_seq: dataDrift.events_seq,
    configuration_seq: dataDrift.configuration_seq,
    reference: reference.nullable(),
    method: findingMethod,
    details: findingDetails,
  })
  .meta({ id: 'Finding' });
export type Finding = z.infer<typeof finding>;

export const findingsQuery = listQuery
  .extend({
    deployment: deploymentName.optional(),
    version: modelVersion.optional(),
    state: z.enum(['open', 'cleared']).optional(),
  })
  .strict();
export type FindingsQuery = z.output<typeof findingsQuery>;

export const findingList = listOf(finding)
  .extend({
    /** How many of the deployments and version asked for are open, on this page or not. */
    open: z.int().nonnegative(),
  })
  .meta({ id: 'FindingList' });
export type FindingList = z.infer<typeof findingList>;
