import type { Sample } from './golden-samples.js';
import {
  subjects,
  type DataFinding,
  type DatasetEvent,
  type ProcessEvent,
  type StageResult,
  type TrainingEvent,
} from '#libs/contracts/index.js';
import { namespaces, uuidv5 } from '#libs/kernel/index.js';

const digest = (byte: string): string => `sha256:${byte.repeat(32)}`;
const idOf = (name: string): string => uuidv5(namespaces.entity, `golden ${name}`);
const later = '2026-11-23T10:01:00.000Z';

const finding: DataFinding = {
  ...{ check: 'leakage', severity: 'warning', column: 'Kontostand €', rows: 3, examples: [0, 17, 99_999] },
  message: 'tells the target alone: 0.9995',
};

const schema = {
  columns: [
    { name: 'Kontostand €', type: 'numeric', nullable: true },
    { name: 'Land', type: 'category', nullable: false },
    { name: 'opened at', type: 'timestamp', nullable: true },
    { name: 'notes', type: 'text', nullable: true },
    { name: 'visits', type: 'integer', nullable: false },
    { name: 'active', type: 'boolean', nullable: false },
  ],
} as const;

const pipeline = [
  { type: 'numeric', columns: ['Kontostand €'], impute: { constant: -1 }, indicator: true, scale: 'robust' },
  { type: 'numeric', columns: ['visits', 'active'], impute: 'median', indicator: false, scale: 'none' },
  { type: 'one_hot', columns: ['Land'], min_count: 2, max_categories: 50 },
  { type: 'ordinal', columns: ['Land'] },
  { type: 'target', columns: ['notes'], smoothing: 10, folds: 5 },
  { type: 'date_parts', columns: ['opened at'], parts: ['year', 'epoch_days'], impute: 'median', scale: 'standard' },
  { type: 'bins', columns: ['visits'], bins: 8, strategy: 'uniform' },
  { type: 'interaction', columns: ['visits', 'Kontostand €'] },
] as const;

const common = {
  ...{ model: 'fraud.eu-2', target: 'Betrug?' },
  slices: ['Land'],
  gate: {
    ...{ min_auc: 0.75, min_accuracy: 0.5, min_r2: -1, max_rmse: 1e9, not_worse_than_champion: true },
    metrics: { log_loss: { max: 0.5 }, 'balanced accuracy': { min: 0.25, max: 1 } },
  },
  description: 'Nachttraining – grenzüberschreitend 🚩',
  tags: { team: 'risk', 'cost-center': '42' },
  ...{ timeout_s: 3600, claim_s: 60, max_attempts: 10 },
} as const;

const checks = {
  schema: { columns: schema.columns },
  columns: {
    'Kontostand €': { type: 'numeric', min: -1e12, max: 1e12, max_missing_share: 0.25, severity: 'warning' },
    Land: { allowed: ['DE', 7, true], unique: false, severity: 'error' },
  },
  rows: { min: 100, max: 10_000_000 },
  duplicated_rows: { max_share: 0.125, severity: 'error' },
  label: { min_class_rows: 5, min_class_share: 0.015625, severity: 'warning' },
  leakage: { threshold: 0.9990234375, severity: 'warning' },
} as const;

/** Trained here, after a search. */
const searched = {
  ...common,
  dataset: {
    ...{ source: { uri: 'eu/payments.parquet', format: 'parquet' }, name: 'payments', version: '2.1.0' },
    digest: digest('11'),
  },
  task: 'classification',
  features: ['Kontostand €', 'Land', 'opened at', 'notes', 'visits', 'active'],
  pipeline,
  trainer: { type: 'builtin', algorithm: 'auto', hyperparameters: {} },
  validation: { test_size: 0.25, cv_folds: 5, split: 'time', by: 'opened at' },
  search: {
    ...{ strategy: 'bayesian', trials: 40, lookback: 4, time_limit_s: 900.5 },
    spaces: {
      random_forest: {
        n_estimators: { int: [50, 500], log: true },
        max_features: { choice: ['sqrt', 0.5, null, true] },
      },
      logistic_regression: { l2: { float: [1e-4, 1e4], log: true } },
    },
  },
  checks,
  ...{ register: true, seed: 4_294_967_295 },
} as const;

/** Trained outside, and what a request leaves out left out. */
const outside = {
  ...common,
  dataset: { source: { artifact: digest('12') }, name: null, version: null, digest: digest('12') },
  ...{ task: null, features: null, pipeline: null },
  trainer: {
    ...{ type: 'command', name: 'xgboost', hyperparameters: { eta: 0.3, booster: 'dart', verbose: false, seed: null } },
    ...{ command: ['python3', 'train.py', '--größe', '1'], directory: 'trainers/xgboost', env: { LANG: 'C.UTF-8' } },
    ...{ timeout_s: 1800, memory_mb: 2048 },
  },
  validation: { test_size: 0.2, cv_folds: 5, split: 'random', by: null },
  search: null,
  checks: {
    ...{ columns: {}, rows: { min: 10 } },
    duplicated_rows: { max_share: 0.5, severity: 'warning' },
    label: { min_class_rows: 2, min_class_share: 0.01, severity: 'warning' },
    leakage: { threshold: 0.999, severity: 'warning' },
  },
  slices: [],
  gate: { not_worse_than_champion: false },
  ...{ register: false, description: null, tags: {}, seed: 0 },
} as const;

const results: Readonly<Record<StageResult['stage'], unknown>> = {
  ingest: {
    ...{ stage: 'ingest', digest: digest('11'), format: 'parquet', bytes: 123_456_789, rows: 1_000_000 },
    ...{ schema, profile: digest('13') },
  },
  validate: {
    ...{ stage: 'validate', task: 'classification', classes: ['nein', 'ja'], features: ['Land', 'visits'] },
    ...{ pipeline, warnings: [finding, { ...finding, check: 'row_count', column: null }], more_warnings: 12 },
  },
  search: {
    ...{ stage: 'search', metric: 'roc_auc', trials: 39, failed: 2, cut_off: 'time_limit', record: digest('14') },
    best: { index: 17, algorithm: 'random_forest', hyperparameters: { n_estimators: 211 }, score: 0.9375 },
  },
  train: {
    ...{ stage: 'train', artifact: digest('15'), size: 1_234_567, algorithm: 'random_forest' },
    ...{ hyperparameters: { n_estimators: 211, max_features: 'sqrt', max_depth: null, bootstrap: true } },
    ...{ feature_names: ['Land', 'visits'], nullable: ['Land'], record: digest('16') },
  },
  evaluate: {
    ...{ stage: 'evaluate', metrics: { roc_auc: 0.9453125, log_loss: 1e-7 }, report: digest('17') },
    worse_than_champion: false,
  },
  package: {
    stage: 'package',
    baseline: { artifact: digest('18'), format: 'modelog.baseline+json' },
    signature: {
      inputs: [
        { name: 'visits', type: 'float32', shape: [null, 1] },
        { name: 'Land', type: 'string', shape: [null, 1] },
      ],
      outputs: [
        { name: 'label', type: 'string', shape: [null], role: 'label' },
        { name: 'probabilities', type: 'float32', shape: [null, 2], role: 'probabilities' },
      ],
      features: [
        { name: 'visits', type: 'float32', nullable: false, input: 'visits', index: 0 },
        { name: 'Land', type: 'string', nullable: true, input: 'Land', index: 0 },
      ],
      classes: ['nein', 'ja'],
    },
    gate: { passed: false, reasons: ['roc_auc 0.7 is below 0.75'] },
  },
};

type Training = (job_id: string) => TrainingEvent;

/** The first of each type has no name beside it. */
const training: readonly (readonly [variant: string | undefined, event: Training])[] = [
  [undefined, (job_id) => ({ type: 'TrainingRequested', data: { job_id, spec: copy(searched) } })],
  ['outside', (job_id) => ({ type: 'TrainingRequested', data: { job_id, spec: copy(outside) } })],
  [
    undefined,
    (job_id) => ({
      type: 'TrainingClaimed',
      data: { job_id, claim: 3, worker: 'training-1', incarnation: idOf('worker'), stage: 'search', expires_at: later },
    }),
  ],
  [
    undefined,
    (job_id) => ({
      type: 'TrainingProgressed',
      data: { job_id, claim: 3, stage: 'search', progress: 0.375, expires_at: later },
    }),
  ],
  ...Object.entries(results).map(([stage, result], index): readonly [string | undefined, Training] => [
    index === 0 ? undefined : stage,
    (job_id) => ({
      type: 'TrainingStageFinished',
      data: { job_id, claim: 3, result: copy(result), duration_s: 12.5, expires_at: later },
    }),
  ]),
  [undefined, (job_id) => ({ type: 'TrainingReleased', data: { job_id, claim: 3, reason: 'expired' } })],
  ['shutdown', (job_id) => ({ type: 'TrainingReleased', data: { job_id, claim: 3, reason: 'shutdown' } })],
  [
    undefined,
    (job_id) => ({
      type: 'TrainingSucceeded',
      data: { job_id, registered: { model: common.model, version: '1.3.0', seq: 4711 }, reasons: [] },
    }),
  ],
  [
    'recorded',
    (job_id) => ({
      type: 'TrainingSucceeded',
      data: { job_id, registered: null, reasons: ['roc_auc 0.7 is below 0.75'] },
    }),
  ],
  [
    undefined,
    (job_id) => ({
      type: 'TrainingFailed',
      data: {
        ...{ job_id, stage: 'validate', code: 'data_check_failed', message: 'die Daten genügen nicht – 1 Fehler' },
        findings: [{ ...finding, severity: 'error' }],
      },
    }),
  ],
  [
    'timed-out',
    (job_id) => ({
      type: 'TrainingFailed',
      data: { job_id, stage: null, code: 'timed_out', message: 'the job did not end within 3600 s' },
    }),
  ],
  [undefined, (job_id) => ({ type: 'TrainingCancelled', data: { job_id, reason: 'falsche Daten 🛑' } })],
];

const registered = (name: string, source: object, description: string | null): DatasetEvent => ({
  type: 'DatasetVersionRegistered',
  data: {
    ...{ name, version: '2.1.0', digest: digest('11'), format: 'parquet', bytes: 123_456_789, rows: 1_000_000 },
    ...{ source: copy(source), schema: copy(schema), profile: digest('13'), description },
  },
});

const process = { process: 'training', id: idOf('process'), seen_seq: 17 } as const;
const steps: readonly (readonly [variant: string | undefined, data: ProcessEvent['data']])[] = [
  [
    undefined,
    {
      ...process,
      input: {
        ...{ kind: 'event', seq: 17, event_id: idOf('input'), type: 'TrainingClaimed', version: 1 },
        data: { job_id: process.id, claim: 1, worker: 'training-1' },
      },
      commands: [],
      timers: { claim: later, limit: null },
      ended: null,
    },
  ],
  [
    'timer',
    {
      ...process,
      input: { kind: 'timer', name: 'claim', due_at: later },
      commands: [{ id: idOf('command'), type: 'ExpireClaim', data: { job_id: process.id, claim: 1 } }],
      ...{ timers: {}, ended: null },
    },
  ],
  [
    'accepted',
    {
      ...process,
      input: {
        ...{ kind: 'settlement', command_id: idOf('command'), type: 'RegisterTrainedVersion' },
        outcome: { status: 'accepted', seq: 23, result: { model: common.model, version: '1.3.0' } },
      },
      ...{ commands: [], timers: {}, ended: 'succeeded' },
    },
  ],
  [
    'rejected',
    {
      ...process,
      input: {
        ...{ kind: 'settlement', command_id: idOf('command'), type: 'ExpireClaim' },
        outcome: { status: 'rejected', code: 'claim_not_expired', detail: 'claim 1 hält bis 10:01' },
      },
      ...{ commands: [], timers: { claim: later }, ended: null },
    },
  ],
];

/** Declared as constants, which the contracts' types are not. */
const copy = (value: unknown): never => structuredClone(value) as never;

const sampleOf = (subject: string, event: Sample['event'], variant: string | undefined): Sample =>
  variant === undefined ? { subject, event } : { subject, variant, event };

const nameOf = (event: { readonly type: string }, variant: string | undefined): string =>
  variant === undefined ? event.type : `${event.type} ${variant}`;

/** Events of training jobs, data sets and processes. */
export const trainingSamples: readonly Sample[] = [
  ...training.map(([variant, eventOf]) => {
    const job = idOf(nameOf(eventOf(idOf('any job')), variant));
    return sampleOf(subjects.trainingJob(job), eventOf(job), variant);
  }),
  sampleOf(
    subjects.dataset('payments'),
    registered('payments', { uri: 'eu/payments.parquet', format: 'parquet' }, 'Zahlungen, täglich'),
    undefined,
  ),
  sampleOf(subjects.dataset('uploaded'), registered('uploaded', { artifact: digest('11') }, null), 'artifact'),
  ...steps.map(([variant, data]): Sample => {
    const event = { type: 'ProcessStepTaken', data } as const;
    const id = `golden ${variant ?? 'event'}`;
    return sampleOf(subjects.process(data.process, id), { ...event, data: { ...data, id } }, variant);
  }),
];
