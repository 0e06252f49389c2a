/** For specs: events of training jobs and data sets with what matters to read models; the rest is always the same. */
import type { DatasetEvent, StageResult, TrainingEvent, TrainingSpec, TrainingStage } from '#libs/contracts/index.js';

export const digestOf = (number: number): string => `sha256:${String(number).padStart(64, '0')}`;

export const trainingSpec = (
  model: string,
  { dataset, searches = false }: { readonly dataset?: string; readonly searches?: boolean } = {},
): TrainingSpec => {
  const [name = null, version = null] = dataset?.split('@') ?? [];
  return {
    ...{ model, target: 'defaulted', task: 'classification', features: null, pipeline: null, slices: [] },
    dataset: { source: { uri: 'loans.csv' }, name, version, digest: null },
    trainer: { type: 'builtin', algorithm: 'random_forest', hyperparameters: {} },
    validation: { test_size: 0.2, cv_folds: 5, split: 'stratified', by: null },
    search: searches
      ? { strategy: 'random', trials: 5, lookback: 4, spaces: { random_forest: {} }, time_limit_s: null }
      : null,
    checks: {
      ...{ columns: {}, rows: { min: 10 }, duplicated_rows: { max_share: 0.5, severity: 'warning' } },
      label: { min_class_rows: 2, min_class_share: 0.01, severity: 'warning' },
      leakage: { threshold: 0.999, severity: 'warning' },
    },
    ...{ gate: { not_worse_than_champion: false }, register: true, description: null, tags: {}, seed: 7 },
    ...{ timeout_s: 3600, claim_s: 60, max_attempts: 10 },
  };
};

type SpecOptions = Parameters<typeof trainingSpec>[1];
const later = '2026-11-23T10:01:00.000Z';
const incarnation = '00000000-0000-4000-8000-000000000001';

export const requested = (job_id: string, model = 'loans', options?: SpecOptions): TrainingEvent => ({
  type: 'TrainingRequested',
  data: { job_id, spec: trainingSpec(model, options) },
});
export const claimed = (job_id: string, claim: number, stage: TrainingStage, worker = 'w'): TrainingEvent => ({
  type: 'TrainingClaimed',
  data: { job_id, claim, worker, incarnation, stage, expires_at: later },
});
export const progressed = (job_id: string, claim: number, stage: TrainingStage, progress: number): TrainingEvent => ({
  type: 'TrainingProgressed',
  data: { job_id, claim, stage, progress, expires_at: later },
});
export const finished = (job_id: string, claim: number, stage: TrainingStage): TrainingEvent => ({
  type: 'TrainingStageFinished',
  data: { job_id, claim, result: results[stage], duration_s: 2, expires_at: later },
});
export const released = (job_id: string, claim: number): TrainingEvent => ({
  type: 'TrainingReleased',
  data: { job_id, claim, reason: 'expired' },
});
export const succeeded = (job_id: string, version: string | null = '1.0.0', reasons: string[] = []): TrainingEvent => ({
  type: 'TrainingSucceeded',
  data: { job_id, registered: version === null ? null : { model: 'loans', version, seq: 1 }, reasons },
});
export const failed = (job_id: string, stage: TrainingStage | null = null): TrainingEvent => ({
  type: 'TrainingFailed',
  data: { job_id, stage, code: 'timed_out', message: 'late' },
});
export const cancelled = (job_id: string): TrainingEvent => ({
  type: 'TrainingCancelled',
  data: { job_id, reason: 'wrong data' },
});

export const datasetRegistered = (name: string, version: string, rows = 3): DatasetEvent => ({
  type: 'DatasetVersionRegistered',
  data: {
    ...{ name, version, digest: digestOf(rows), source: { uri: `${name}.csv` }, format: 'csv', bytes: 10 * rows, rows },
    ...{ schema: { columns: [{ name: 'age', type: 'integer', nullable: false }] }, profile: digestOf(99) },
    description: null,
  },
});

export const results: { readonly [Stage in TrainingStage]: Extract<StageResult, { stage: Stage }> } = {
  ingest: {
    ...{ stage: 'ingest', digest: digestOf(1), format: 'csv', bytes: 90, rows: 3, profile: digestOf(2) },
    schema: { columns: [{ name: 'age', type: 'integer', nullable: false }] },
  },
  validate: {
    ...{ stage: 'validate', task: 'classification', classes: ['no', 'yes'], features: ['age'] },
    pipeline: [{ type: 'ordinal', columns: ['age'] }],
    ...{ warnings: [], more_warnings: 0 },
  },
  search: {
    ...{ stage: 'search', metric: 'roc_auc', trials: 5, failed: 0, cut_off: null, record: digestOf(3) },
    best: { index: 0, algorithm: 'random_forest', hyperparameters: {}, score: 0.5 },
  },
  train: {
    ...{ stage: 'train', artifact: digestOf(4), size: 1000, algorithm: 'random_forest', hyperparameters: {} },
    ...{ feature_names: ['age'], nullable: [], record: digestOf(5) },
  },
  evaluate: { stage: 'evaluate', metrics: { roc_auc: 0.875 }, report: digestOf(6), worse_than_champion: null },
  package: {
    stage: 'package',
    baseline: { artifact: digestOf(7), format: 'modelog.baseline+json' },
    signature: { inputs: [], outputs: [], features: [] },
    gate: { passed: true, reasons: [] },
  },
};
