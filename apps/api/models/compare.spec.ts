import { describe, expect, it } from '@jest/globals';
import { api, type Feature, type Signature } from '#libs/contracts/index.js';
import { accept, reject } from '#libs/kernel/index.js';
import type { VersionTraffic } from '#projections/traffic/index.js';
import { comparisonOf, type ComparedVersion } from './compare.js';

const artifact = `sha256:${'a'.repeat(64)}`;
const at = { as_of_seq: 40, as_of_cut: { events: 40, traffic: 7 } };

const feature = (name: string, index: number, over: Partial<Feature> = {}): Feature => ({
  ...{ name, type: 'float32', nullable: false, input: 'x', index },
  ...over,
});

const signatureOf = (features: Feature[], over: Partial<Signature> = {}): Signature => ({
  inputs: [{ name: 'x', type: 'float32', shape: [null, features.length] }],
  outputs: [
    { name: 'label', type: 'int64', shape: [null], role: 'label' },
    { name: 'scores', type: 'float32', shape: [null, 2], role: 'probabilities' },
  ],
  features,
  classes: [0, 1],
  ...over,
});

const versionOf = (over: Partial<ComparedVersion> = {}): ComparedVersion => ({
  ...{ model_id: 'churn', version: '1.0.0', stage: 'development', archived: false, artifact, size: 1_000 },
  ...{ description: null, task: null, metrics: {}, hyperparameters: {}, lineage: {}, baseline: null, derivation: null },
  ...{ tags: {}, aliases: [], created_at: '2026-11-01T00:00:00.000Z', created_by: 'ada' },
  ...{ updated_at: '2026-11-01T00:00:00.000Z', event_id: '00000000-0000-4000-8000-000000000001', seq: 1 },
  ...{ signature: signatureOf([feature('age', 0), feature('plan', 1)]), feature_names: ['age', 'plan'] },
  ...{ requests: [], approvals: [], evaluations: [] },
  ...over,
});

const evaluationOf = (dataset: string, metrics: Record<string, number>, split?: string): api.EvaluationView => ({
  ...{ evaluation_id: '00000000-0000-4000-8000-000000000002', dataset, metrics },
  ...(split === undefined ? {} : { split }),
  ...{ actor: 'ada', at: '2026-11-02T00:00:00.000Z', seq: 2 },
});

const trafficOf = (over: Partial<VersionTraffic>): VersionTraffic => ({
  ...{ model: 'churn', version: '1.0.0', chunks: 1, served: 0, failed: 0, refused: 0 },
  ...{ latency_min_us: null, latency_max_us: null, latency_sum_us: 0 },
  ...over,
});

const profileOf = (rows: number): api.FeatureProfile => ({ rows, missing: 0, distinct: 0, numeric: null, top: [] });

describe('comparisonOf', () => {
  it('sets versions side by side, of one model or several', () => {
    const baseline = { artifact, format: 'csv' };
    const first = versionOf({
      stage: 'production',
      metrics: { f1: 0.5, auc: 0.75 },
      hyperparameters: { max_depth: 5, criterion: 'gini', class_weight: null },
      evaluations: [evaluationOf('holdout', { auc: 0.7 }), evaluationOf('holdout', { auc: 0.6 }, 'DE')],
      lineage: { dataset: 'customers@3', training_job: 'job-1' },
      baseline,
    });
    const second = versionOf({
      version: '2.0.0',
      artifact: `sha256:${'b'.repeat(64)}`,
      size: 1_500,
      metrics: { auc: 0.875, logloss: 0.25 },
      hyperparameters: { max_depth: 7, criterion: 'gini' },
      evaluations: [evaluationOf('spring', { auc: 0.5 }), evaluationOf('holdout', { auc: 0.8, f1: 0.4 })],
      lineage: { dataset: 'customers@3', parent_version: '1.0.0' },
      signature: signatureOf([feature('tenure', 0), feature('age', 1, { nullable: true })]),
      baseline: { artifact, format: 'arrow' },
      archived: true,
    });
    const other = versionOf({
      model_id: 'churn-eu',
      size: 400,
      created_by: 'grace',
      signature: signatureOf([feature('age', 0), feature('plan', 1)], {
        outputs: [{ name: 'label', type: 'string', shape: [null], role: 'label' }],
        classes: ['no', 'yes'],
      }),
    });
    const comparison = comparisonOf(
      [first, second, other],
      [
        accept(
          new Map([
            ['id', profileOf(1)],
            ['plan', profileOf(2)],
            ['age', profileOf(3)],
          ]),
        ),
        accept(
          new Map([
            ['tenure', profileOf(4)],
            ['age', profileOf(5)],
          ]),
        ),
        null,
      ],
      [
        trafficOf({ served: 3, failed: 1, latency_min_us: 250, latency_max_us: 1_000, latency_sum_us: 2_000 }),
        trafficOf({ version: '2.0.0', refused: 4 }),
      ],
      at,
    );
    expect(comparison).toEqual({
      versions: [
        {
          ...{ model_id: 'churn', version: '1.0.0', stage: 'production', archived: false, artifact },
          ...{ created_at: '2026-11-01T00:00:00.000Z', created_by: 'ada' },
        },
        {
          ...{ model_id: 'churn', version: '2.0.0', stage: 'development', archived: true },
          artifact: `sha256:${'b'.repeat(64)}`,
          ...{ created_at: '2026-11-01T00:00:00.000Z', created_by: 'ada' },
        },
        {
          ...{ model_id: 'churn-eu', version: '1.0.0', stage: 'development', archived: false, artifact },
          ...{ created_at: '2026-11-01T00:00:00.000Z', created_by: 'grace' },
        },
      ],
      metrics: [
        { metric: 'auc', values: [0.75, 0.875, null], differences: [0, 0.125, null] },
        { metric: 'f1', values: [0.5, null, null], differences: [0, null, null] },
        { metric: 'logloss', values: [null, 0.25, null], differences: [null, null, null] },
      ],
      evaluations: [
        {
          ...{ dataset: 'holdout', split: null, metric: 'auc' },
          ...{ values: [0.7, 0.8, null], differences: [0, 0.8 - 0.7, null] },
        },
        {
          ...{ dataset: 'holdout', split: null, metric: 'f1' },
          ...{ values: [null, 0.4, null], differences: [null, null, null] },
        },
        {
          ...{ dataset: 'holdout', split: 'DE', metric: 'auc' },
          ...{ values: [0.6, null, null], differences: [0, null, null] },
        },
        {
          ...{ dataset: 'spring', split: null, metric: 'auc' },
          ...{ values: [null, 0.5, null], differences: [null, null, null] },
        },
      ],
      hyperparameters: [
        { name: 'class_weight', values: [null, null, null], same: false },
        { name: 'criterion', values: ['gini', 'gini', null], same: false },
        { name: 'max_depth', values: [5, 7, null], same: false },
      ],
      signatures: {
        compatible: [true, false, false],
        features: [
          {
            feature: 'age',
            values: [
              { type: 'float32', nullable: false },
              { type: 'float32', nullable: true },
              { type: 'float32', nullable: false },
            ],
            same: false,
          },
          {
            feature: 'plan',
            values: [{ type: 'float32', nullable: false }, null, { type: 'float32', nullable: false }],
            same: false,
          },
          { feature: 'tenure', values: [null, { type: 'float32', nullable: false }, null], same: false },
        ],
        outputs: [
          {
            output: 'label',
            values: ['label int64 of [0,1]', 'label int64 of [0,1]', 'label string of ["no","yes"]'],
            same: false,
          },
          {
            output: 'scores',
            values: ['probabilities float32[2] of [0,1]', 'probabilities float32[2] of [0,1]', null],
            same: false,
          },
        ],
      },
      lineage: [
        { field: 'dataset', values: ['customers@3', 'customers@3', null], same: false },
        { field: 'training_job', values: ['job-1', null, null], same: false },
        { field: 'parent_version', values: [null, '1.0.0', null], same: false },
      ],
      baselines: {
        references: [baseline, { artifact, format: 'arrow' }, null],
        problems: [null, null, null],
        features: [
          { feature: 'age', profiles: [profileOf(3), profileOf(5), null] },
          { feature: 'plan', profiles: [profileOf(2), null, null] },
          { feature: 'id', profiles: [profileOf(1), null, null] },
          { feature: 'tenure', profiles: [null, profileOf(4), null] },
        ],
      },
      sizes: { values: [1_000, 1_500, 400], differences: [0, 500, -600] },
      latency: [
        { served: 3, failed: 1, mean_ms: 0.5, min_ms: 0.25, max_ms: 1 },
        { served: 0, failed: 0, mean_ms: null, min_ms: null, max_ms: null },
        null,
      ],
      ...at,
    });
    expect(api.comparison.safeParse(comparison).error).toBeUndefined();
  });

  it('finds what is the same', () => {
    const one = versionOf({ hyperparameters: { depth: 5, weight: null }, lineage: { source: 'git' } });
    const { hyperparameters, signatures, lineage, sizes } = comparisonOf(
      [one, { ...one, version: '1.1.0' }],
      [null, null],
      [],
      at,
    );
    expect(hyperparameters).toEqual([
      { name: 'depth', values: [5, 5], same: true },
      { name: 'weight', values: [null, null], same: true },
    ]);
    expect(signatures.compatible).toEqual([true, true]);
    expect([...signatures.features, ...signatures.outputs, ...lineage].map(({ same }) => same)).toEqual([
      true,
      true,
      true,
      true,
      true,
    ]);
    expect(sizes.differences).toEqual([0, 0]);
  });

  it('tells the two directions of compatibility apart: the first version’s callers count', () => {
    const strict = versionOf();
    const tolerant = versionOf({
      version: '1.1.0',
      signature: signatureOf([feature('age', 0, { nullable: true }), feature('plan', 1)]),
    });
    const compatible = (...versions: ComparedVersion[]): boolean[] =>
      comparisonOf(versions, [], [], at).signatures.compatible;
    expect(compatible(strict, tolerant)).toEqual([true, true]);
    expect(compatible(tolerant, strict)).toEqual([true, false]);
  });

  it('shows a difference that types alone would hide: the shape of an input, open dimensions', () => {
    const imageOf = (side: number) =>
      versionOf({
        signature: signatureOf([feature('image', 0, { index: null, shape: [side, side] })], {
          outputs: [{ name: 'mask', type: 'float32', shape: [null, null, side], role: 'value' }],
        }),
      });
    const { features, outputs } = comparisonOf([imageOf(8), imageOf(16)], [], [], at).signatures;
    expect(features).toEqual([
      {
        feature: 'image',
        values: [
          { type: 'float32', nullable: false, shape: [8, 8] },
          { type: 'float32', nullable: false, shape: [16, 16] },
        ],
        same: false,
      },
    ]);
    expect(outputs).toEqual([{ output: 'mask', values: ['value float32[?,8]', 'value float32[?,16]'], same: false }]);
  });

  it('says why a baseline has no profile', () => {
    const baseline = { artifact, format: 'csv' };
    const { baselines } = comparisonOf(
      [versionOf({ baseline }), versionOf({ version: '1.1.0', baseline })],
      [reject({ detail: 'row 3 has 2 values' }), accept(new Map([['age', profileOf(9)]]))],
      [],
      at,
    );
    expect(baselines).toEqual({
      references: [baseline, baseline],
      problems: ['row 3 has 2 values', null],
      features: [{ feature: 'age', profiles: [null, profileOf(9)] }],
    });
  });

  it('takes names that every object inherits for names', () => {
    const { metrics, hyperparameters } = comparisonOf(
      [versionOf(), versionOf({ metrics: { constructor: 1 }, hyperparameters: { toString: 'x' } })],
      [],
      [],
      at,
    );
    expect(metrics).toEqual([{ metric: 'constructor', values: [null, 1], differences: [null, null] }]);
    expect(hyperparameters).toEqual([{ name: 'toString', values: [null, 'x'], same: false }]);
  });

  it('compares one version with nothing', () => {
    const { metrics, sizes, signatures } = comparisonOf([versionOf({ metrics: { auc: 0.5 } })], [], [], at);
    expect(metrics).toEqual([{ metric: 'auc', values: [0.5], differences: [0] }]);
    expect(sizes).toEqual({ values: [1_000], differences: [0] });
    expect(signatures.compatible).toEqual([true]);
  });
});
