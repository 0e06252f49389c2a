import type { Sample } from './golden-samples.js';
import { subjects, type Evaluation, type Evidence, type ModelEvent } from '#libs/contracts/index.js';
import { namespaces, uuidv5 } from '#libs/kernel/index.js';

const digest = (byte: string): string => `sha256:${byte.repeat(32)}`;
const idOf = (name: string): string => uuidv5(namespaces.entity, `golden ${name}`);

const evaluation: Evaluation = {
  evaluation_id: idOf('evaluation'),
  dataset: 'payments@4',
  split: 'holdout',
  rows: 10_000,
  metrics: { auc: 0.9453125, logloss: 1e-7 },
  confusion_matrix: {
    labels: [0, 'fraud'],
    counts: [
      [9_000, 12],
      [30, 958],
    ],
  },
  slices: [
    { slice: 'country=DE', rows: 4_000, metrics: { auc: 0.96875 } },
    { slice: 'Alter < 25', metrics: { auc: 0.875 } },
  ],
  curves: [
    { kind: 'roc', artifact: digest('01'), points: 101, auc: 0.9453125 },
    { kind: 'pr', artifact: digest('02'), points: 87, average_precision: 0.8125 },
    {
      kind: 'calibration',
      artifact: digest('03'),
      bins: 10,
      expected_calibration_error: 0.03125,
      max_calibration_error: 0.125,
    },
  ],
  notes: 'ohne Testkonten',
};

const evidence: Evidence = {
  artifact: digest('ab'),
  metrics: { auc: 0.9375 },
  evaluations: [
    {
      seq: 12,
      evaluation_id: evaluation.evaluation_id,
      dataset: evaluation.dataset,
      metrics: evaluation.metrics,
    },
  ],
  champion: { version: '1.1.0', compatible: true },
};

const reason = 'genügt – auch für Händler 🛒';

/** Each on a model of its own, so that each is the first event of its aggregate. */
const events: readonly (readonly [model: string, event: (model: string) => ModelEvent])[] = [
  [
    'annotated',
    (model) => ({
      type: 'VersionAnnotated',
      data: { model, version: '1.2.0', description: null, tags: { team: 'risk', 'cost-center': '42' } },
    }),
  ],
  ['evaluated', (model) => ({ type: 'EvaluationRecorded', data: { model, version: '1.2.0', evaluation } })],
  [
    'requested',
    (model) => ({ type: 'PromotionRequested', data: { model, version: '1.2.0', to: 'production', reason } }),
  ],
  [
    'approved',
    (model) => ({
      type: 'VersionApproved',
      data: {
        ...{ model, version: '1.2.0', to: 'production', reason, evidence },
        expires_at: '2026-11-30T10:00:00.000Z',
      },
    }),
  ],
  [
    'rejected',
    (model) => ({
      type: 'VersionRejected',
      data: { model, version: '1.2.0', to: 'staging', reason, evidence: { ...evidence, champion: null } },
    }),
  ],
  [
    'promoted',
    (model) => ({
      type: 'VersionPromoted',
      data: {
        ...{ model, version: '1.2.0', from: 'staging', to: 'production', demoted: '1.1.0', reason },
        evidence: { ...evidence, approvals: [{ seq: 15, actor: 'ann', at: '2026-11-23T09:59:59.999Z' }] },
      },
    }),
  ],
  [
    'rolled back',
    (model) => ({
      type: 'ChampionRolledBack',
      data: { model, version: '1.1.0', former: '1.2.0', reason, evidence },
    }),
  ],
  [
    'alias set',
    (model) => ({ type: 'AliasSet', data: { model, version: '1.2.0', alias: 'candidate', former: '1.1.0' } }),
  ],
  ['alias removed', (model) => ({ type: 'AliasRemoved', data: { model, alias: 'candidate', former: '1.2.0' } })],
  [
    'archived',
    (model) => ({
      type: 'VersionArchived',
      data: { model, version: '1.0.0', reason, aliases: ['old', 'baseline'], deployments_seq: 21 },
    }),
  ],
];

export const modelSamples: readonly Sample[] = [
  {
    subject: subjects.model('derived'),
    variant: 'derived',
    event: {
      type: 'VersionRegistered',
      data: {
        model: 'derived',
        version: '1.2.1',
        artifact: digest('bc'),
        size: 61_000,
        tags: {},
        metrics: {},
        hyperparameters: { depth: 6, learning_rate: 0.0625, booster: 'gbtree', early_stopping: true, seed: null },
        signature: {
          inputs: [{ name: 'X', type: 'float32', shape: [null, 1] }],
          outputs: [{ name: 'score', type: 'float32', shape: [null, 1], role: 'value' }],
          features: [{ name: 'amount', type: 'float32', nullable: false, input: 'X', index: 0 }],
        },
        lineage: { parent_version: '1.2.0' },
        derivation: {
          method: 'dynamic_int8',
          parent: { model: 'derived', version: '1.2.0', artifact: digest('ab') },
          size_before: 123_456,
          size_after: 61_000,
          rewrites: { 'MatMul → MatMulInteger': 3 },
          outputs: {
            rows: 256,
            inputs: { seed: 7 },
            max_abs_difference: 0.015625,
            mean_abs_difference: 0.001953125,
            label_agreement: null,
          },
        },
      },
    },
  },
  ...events.map(([model, event]) => ({ subject: subjects.model(model), event: event(model) })),
];
