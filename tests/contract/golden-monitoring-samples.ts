import type { Sample } from './golden-samples.js';
import { subjects, type MonitoringEvent, type QualityIssue } from '#libs/contracts/index.js';
import { namespaces, uuidv5 } from '#libs/kernel/index.js';

const idOf = (name: string): string => uuidv5(namespaces.entity, `golden ${name}`);

const basis = {
  ...{ deployment: 'fraud eu', model: 'fraud.eu-2', version: '1.2.0' },
  at: '2026-11-23T10:00:00.123Z',
  window: 7,
  inputs: { first: { seq: 41_000, row: 12 }, last: { seq: 41_006, row: 0 }, rows: 1000, sampled: 1000 },
  ...{ events_seq: 96, configuration_seq: 2 },
  reference: { kind: 'training', artifact: `sha256:${'cd'.repeat(32)}` },
} as const;

/** Found label by label: of no window, and against nothing. */
const labelled = {
  ...basis,
  ...{ window: null, reference: null },
  inputs: { first: { seq: 1, row: 0 }, last: { seq: 2 ** 33, row: 65_535 }, rows: 20_000, sampled: 0 },
  method: { name: 'adwin', version: 1, parameters: { delta: 0.002, clock: 32 } },
} as const;

const featureDrift = { condition: 'data_drift/features', finding_id: idOf('feature drift') };
const conceptDrift = { condition: 'concept_drift/adwin', finding_id: idOf('concept drift') };

const policy = {
  name: 'calibrated',
  version: 1,
  parameters: { threshold: 0.05, effect: 0.1, correction: 'benjamini_hochberg', seeded: true, floor: null },
} as const;

const measured = {
  ...{ metric: 'accuracy', value: 0.8125, low: 0.78125, high: 0.84375, bound: 'min' as const, threshold: 0.85 },
  ...{ estimated: false, measured_rows: 992 },
} as const;

const issue = (check: QualityIssue['check'], column: string | null, numbers: Partial<QualityIssue>): QualityIssue => ({
  ...{ condition: `quality/${check}/${column ?? '*'}`, finding_id: idOf(`issue ${check}`), check, column },
  ...{ value: 0.25, expected: 0.0009765625, threshold: 0.05, detail: 'missing in 250 of 1000 rows – größer als zuvor' },
  ...numbers,
});

const issues: QualityIssue[] = [
  issue('missing', 'Kontostand €', {}),
  issue('volume', null, { value: 1e-7, expected: 1e21, threshold: 5 }),
  issue('no_reference', null, { value: 0, expected: null, threshold: 0, detail: '' }),
];

const events: readonly MonitoringEvent[] = [
  {
    type: 'DataDriftDetected',
    data: {
      ...{ ...basis, ...featureDrift, method: policy },
      ...{ scope: 'features', policy: 'calibrated', drifted: 2, compared: 30, threshold: 0.00125 },
      columns: [
        {
          ...{ column: 'Kontostand €', test: 'cramer_von_mises', statistic: 12.5, p_value: 1e-9, adjusted_p: 3e-8 },
          ...{ effect: 0.375, threshold: 0.00125 },
        },
        { column: 'Land', test: 'psi', statistic: 0.5, p_value: null, adjusted_p: null, effect: 0.5, threshold: 0.2 },
      ],
    },
  },
  {
    type: 'DataDriftCleared',
    data: {
      ...{ ...basis, ...featureDrift, method: policy, window: 9, reference: { kind: 'window', number: 3 } },
      ...{ scope: 'features', drifted: 0, compared: 30 },
    },
  },
  {
    type: 'ConceptDriftDetected',
    data: {
      ...{ ...labelled, ...conceptDrift, detector: 'adwin', labels: 20_000 },
      ...{ error_before: 0.125, error_now: 0.4375 },
    },
  },
  {
    type: 'ConceptDriftCleared',
    data: { ...labelled, ...conceptDrift, detector: 'adwin', labels: 22_000, error_now: 0.125 },
  },
  {
    type: 'PerformanceDegraded',
    data: {
      ...{ ...basis, ...measured, method: { name: 'wilson', version: 1, parameters: { level: 0.95 } } },
      ...{ condition: 'performance/accuracy', finding_id: idOf('accuracy') },
    },
  },
  {
    type: 'PerformanceDegradationCleared',
    data: {
      ...{ ...basis, ...measured, method: { name: 'cbpe', version: 1, parameters: {} } },
      ...{ condition: 'performance_estimated/roc_auc', finding_id: idOf('estimated') },
      ...({ metric: 'roc_auc', value: 0.9375, low: null, high: null, bound: 'max', estimated: true } as const),
    },
  },
  {
    type: 'QualityIssueFound',
    data: { ...basis, method: { name: 'shares', version: 1, parameters: {} }, issues },
  },
  {
    type: 'QualityIssueCleared',
    data: { ...basis, method: { name: 'shares', version: 1, parameters: {} }, issues: issues.slice(0, 1) },
  },
];

/** What monitoring finds, each on an aggregate of its own. */
export const monitoringSamples: readonly Sample[] = events.map((event) => ({
  subject: subjects.monitor(`golden ${event.type}`),
  event,
}));
