/** For specs: findings with what matters to read models; the rest is always the same. */
import type { MonitoringEvent, QualityIssue, TrafficPosition } from '#libs/contracts/index.js';
import { isoTime } from '#libs/kernel/index.js';

/** Of a version in a deployment. */
export interface FindingPlace {
  readonly deployment?: string;
  readonly model?: string;
  readonly version?: string;
  readonly window?: number | null;
  readonly last?: TrafficPosition;
  /** The log's time, milliseconds since the epoch. */
  readonly at?: number;
}

export const basis = ({
  deployment = 'churn',
  model = 'churn',
  version = '1.0.0',
  window = 1,
  last = { seq: 10, row: 99 },
  at = 10_000,
}: FindingPlace = {}) => ({
  ...{ deployment, model, version, window, at: isoTime(at) },
  inputs: { first: { seq: 1, row: 0 }, last, rows: 1000, sampled: 1000 },
  ...{ events_seq: 1, configuration_seq: 1, reference: { kind: 'window' as const, number: 1 } },
  method: { name: 'calibrated', version: 1, parameters: { threshold: 0.05 } },
});

const column = (name: string, effect: number) => ({
  ...{ column: name, test: 'kolmogorov_smirnov', statistic: effect, p_value: 0.001, adjusted_p: 0.002, effect },
  threshold: 0.05,
});

/** @param effects of the drifted columns `c0`, `c1`, … */
export const driftDetected = (
  finding_id: string,
  place: FindingPlace = {},
  effects: readonly number[] = [0.25],
): MonitoringEvent => ({
  type: 'DataDriftDetected',
  data: {
    ...basis(place),
    ...{ condition: 'data_drift/features', finding_id, scope: 'features', policy: 'calibrated', threshold: 0.05 },
    ...{ drifted: effects.length, compared: 30, columns: effects.map((effect, index) => column(`c${index}`, effect)) },
  },
});

export const driftCleared = (finding_id: string, place: FindingPlace = {}): MonitoringEvent => ({
  type: 'DataDriftCleared',
  data: {
    ...{ ...basis(place), condition: 'data_drift/features', finding_id },
    ...{ scope: 'features', drifted: 0, compared: 30 },
  },
});

export const conceptDrift = (finding_id: string, place: FindingPlace = {}): MonitoringEvent => ({
  type: 'ConceptDriftDetected',
  data: {
    ...{ ...basis({ window: null, ...place }), condition: 'concept_drift/adwin', finding_id },
    ...{ detector: 'adwin', labels: 1500, error_before: 0.125, error_now: 0.375 },
  },
});

export const degraded = (finding_id: string, place: FindingPlace = {}): MonitoringEvent => ({
  type: 'PerformanceDegraded',
  data: {
    ...{ ...basis(place), condition: 'performance/accuracy', finding_id, metric: 'accuracy', bound: 'min' },
    ...{ value: 0.75, low: 0.7, high: 0.8, threshold: 0.85, estimated: false, measured_rows: 1000 },
  },
});

export const issue = (finding_id: string, name: string | null): QualityIssue => ({
  ...{ condition: `quality/missing/${name ?? '*'}`, finding_id, check: 'missing', column: name },
  ...{ value: 0.5, expected: 0.125, threshold: 0.175, detail: '500 of 1000 values are missing' },
});

export const qualityFound = (issues: readonly QualityIssue[], place: FindingPlace = {}): MonitoringEvent => ({
  type: 'QualityIssueFound',
  data: { ...basis(place), issues: [...issues] },
});

export const qualityCleared = (issues: readonly QualityIssue[], place: FindingPlace = {}): MonitoringEvent => ({
  type: 'QualityIssueCleared',
  data: { ...basis(place), issues: [...issues] },
});
