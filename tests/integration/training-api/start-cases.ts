import { describe, expect, it } from '@jest/globals';
import { api, type TrainingSpec } from '#libs/contracts/index.js';
import { expectRefused, type Refusal } from '../api/refusals.js';
import type { TrainingWorld } from './world.js';

const asked = { model: 'loans', dataset: { uri: 'bank/loans.csv' }, target: 'defaulted' };

export function startCases(world: () => TrainingWorld): void {
  const specOf = async (body: object): Promise<TrainingSpec> => {
    const { job, seq } = await world().start(body);
    const { status, body: view, text } = await world().get(`/api/training/status/${job}?as_of=seq:${seq}`);
    if (status !== 200) throw new Error(text);
    return api.jobView.parse(view).spec;
  };
  const register = async (name: string, body: object): Promise<void> => {
    const { status, text } = await world().post('/api/datasets', { name, ...body });
    if (status !== 201) throw new Error(text);
  };

  describe('a training that is started', () => {
    it('is queued, told where it is, and told as the contract says at once', async () => {
      const answer = await world().post('/api/training/start', asked);
      expect(answer.status).toBe(202);
      const { job_id, event_id, seq } = api.trainingStarted.parse(answer.body);
      expect(answer.headers.get('location')).toBe(`/api/training/status/${job_id}`);
      const status = await world().get(answer.headers.get('location')!);
      const view = api.jobView.parse(status.body);
      expect(view).toMatchObject({
        ...{ job_id, model: 'loans', status: 'queued', stage: null, progress: 0, worker: null, claims: 0 },
        ...{ requested_by: 'sara', warnings: [], not_registered: [], artifact: null },
        dataset: { digest: null, name: null, rows: null, profile: null },
      });
      expect(view.as_of_seq).toBeGreaterThanOrEqual(seq);
      expect(view.stages.map(({ stage, status: at }) => `${stage} ${at}`)).toEqual([
        ...['ingest pending', 'validate pending', 'search skipped', 'train pending', 'evaluate pending'],
        'package pending',
      ]);
      expect((await world().get(`/api/training/${job_id}?as_of=seq:${seq}`)).body).toEqual({ ...view, as_of_seq: seq });
      expect((await world().get(`/api/events?from_seq=${seq}&limit=1`)).body.items).toMatchObject([
        { id: event_id, type: 'TrainingRequested', actor: 'sara', config_seq: 1 },
      ]);
    });

    it('has all that it needs in its own event: the configuration, filled in', async () => {
      const spec = await specOf({});
      expect(spec).toMatchObject({
        dataset: { source: { uri: 'bank/loans.csv' }, name: null, version: null, digest: null },
        ...{ task: null, features: null, pipeline: null, search: null, slices: [], register: true, description: null },
        trainer: { algorithm: 'random_forest', hyperparameters: { n_estimators: 100, bootstrap: true } },
        validation: { test_size: 0.25, cv_folds: 5, split: null, by: null },
        gate: { min_auc: 0.6, not_worse_than_champion: true },
        ...{ claim_s: 45, max_attempts: 3, timeout_s: 86_400 },
      });
      expect(spec.checks.rows.min).toBe(10);
    });

    it("is what the request says over the model's configuration over the defaults", async () => {
      const configured = await specOf({ model: 'configured' });
      expect(configured).toMatchObject({
        ...{ task: 'classification', features: ['age', 'income'], slices: ['country'] },
        trainer: { algorithm: 'gradient_boosting', hyperparameters: { n_estimators: 40, learning_rate: 0.2 } },
        validation: { test_size: 0.25, cv_folds: 3, split: null },
        gate: { min_auc: 0.6, min_accuracy: 0.7, not_worse_than_champion: true },
      });
      const requested = await specOf({
        ...{ model: 'configured', hyperparameters: { max_iter: 9 }, features: ['country'], slices: [] },
        ...{ validation: { test_size: 0.5, split: 'grouped', by: 'country' }, seed: 7, register: false, timeout_s: 5 },
        ...{ gate: { min_accuracy: 0.8, not_worse_than_champion: false }, description: 'night', tags: { team: 'a' } },
      });
      expect(requested).toMatchObject({
        ...{ features: ['country'], slices: [], seed: 7, register: false, timeout_s: 5, description: 'night' },
        trainer: { algorithm: 'gradient_boosting', hyperparameters: { n_estimators: 9, learning_rate: 0.2 } },
        validation: { test_size: 0.5, cv_folds: 3, split: 'grouped', by: 'country' },
        gate: { min_auc: 0.6, min_accuracy: 0.8, not_worse_than_champion: false },
        tags: { team: 'a' },
      });
      const other = await specOf({ model: 'configured', algorithm: 'logistic_regression', hyperparameters: { C: 4 } });
      expect(other.trainer).toEqual({
        ...{ type: 'builtin', algorithm: 'logistic_regression' },
        hyperparameters: { l1: 0, l2: 0.25, max_iter: 1000, tolerance: 1e-6 },
      });
    });

    it('takes a trainer outside with its whole configuration', async () => {
      expect((await specOf({ model: 'outside' })).trainer).toEqual({
        ...{ type: 'command', name: 'xgboost', hyperparameters: { eta: 0.3 }, timeout_s: 3600, memory_mb: 4096 },
        ...{ command: ['python3', 'train.py', '--boost'], env: {} },
      });
      const named = await specOf({ command: 'sklearn', hyperparameters: { anything: null } });
      expect(named.trainer).toMatchObject({ type: 'command', name: 'sklearn', hyperparameters: { anything: null } });
      expect((await specOf({ model: 'outside', algorithm: 'random_forest' })).trainer.type).toBe('builtin');
    });

    it('searches what is asked for, with what somebody chose held fast', async () => {
      const named = await specOf({ search: { trials: 3 }, hyperparameters: { n_estimators: 20 }, task: 'regression' });
      expect(named.search).toMatchObject({ strategy: 'random', trials: 3, lookback: 4, time_limit_s: null });
      expect(Object.keys(named.search!.spaces)).toEqual(['random_forest']);
      expect(named.search!.spaces.random_forest).toMatchObject({
        n_estimators: { choice: [20] },
        max_features: { choice: expect.anything() },
      });
      const space = { learning_rate: { float: [0.01, 0.5], log: true } };
      const given = await specOf({
        ...{ algorithm: 'gradient_boosting', hyperparameters: { max_leaf_nodes: 15 } },
        search: { trials: 5, strategy: 'bayesian', spaces: { gradient_boosting: space }, time_limit_s: 60 },
      });
      expect(given.search).toMatchObject({
        ...{ strategy: 'bayesian', time_limit_s: 60 },
        spaces: { gradient_boosting: { ...space, max_leaves: { choice: [15] } } },
      });
    });

    it('searches the algorithms that do the task, where none is named', async () => {
      const algorithmsOf = async (body: object) =>
        Object.keys((await specOf({ algorithm: 'auto', ...body })).search!.spaces).sort();
      expect((await specOf({ algorithm: 'auto' })).search).toMatchObject({ trials: 7, strategy: 'random' });
      expect(await algorithmsOf({})).toEqual(['gradient_boosting', 'random_forest']);
      expect(await algorithmsOf({ task: 'classification' })).toEqual([
        ...['gradient_boosting', 'logistic_regression', 'random_forest'],
      ]);
      expect(await algorithmsOf({ task: 'regression' })).toContain('linear_regression');
    });

    it('finds a data set by its name: where it was, what it was', async () => {
      await register('named', { uri: 'bank/loans.csv' });
      const { dataset, checks } = await specOf({
        dataset: { id: 'named@1.0.0' },
        checks: { schema: { dataset: 'named@1.0.0' }, rows: { min: 2 } },
      });
      expect(dataset).toEqual({
        ...{ source: { uri: 'bank/loans.csv', format: 'csv' }, name: 'named', version: '1.0.0' },
        digest: expect.stringMatching(/^sha256:/),
      });
      expect(checks).toMatchObject({ rows: { min: 2 }, label: { min_class_rows: 2 } });
      expect((checks.schema as { columns: { name: string }[] }).columns.map(({ name }) => name)).toEqual([
        ...['age', 'income', 'country', 'defaulted'],
      ]);
    });

    it('takes an artifact that is there, and a URL that is allowed', async () => {
      const artifact = await world().upload(Buffer.from('a,b\n1,2\n'));
      expect((await specOf({ dataset: { artifact, format: 'csv' } })).dataset).toEqual({
        ...{ source: { artifact, format: 'csv' }, name: null, version: null, digest: artifact },
      });
      const uri = 'https://data.example.org/sets/loans.parquet';
      expect((await specOf({ dataset: { uri } })).dataset).toMatchObject({ source: { uri }, digest: null });
    });

    it('is one job for one Idempotency-Key, with one seed, whatever changed since', async () => {
      const key = { 'idempotency-key': 'night of the 23rd' };
      await register('once', { uri: 'bank/loans.csv' });
      const body = { ...asked, dataset: { id: 'once@1.0.0' } };
      const first = await world().post('/api/training/start', body, key);
      const again = await world().post('/api/training/start', body, key);
      expect([again.status, again.body]).toEqual([202, first.body]);
      const ofAnother = await world().post('/api/training/start', { ...body, model: 'other' }, key);
      expect(ofAnother.body.job_id).not.toBe(first.body.job_id);
      const seeds = new Set<number>();
      for (const body of [{}, {}, {}]) seeds.add((await specOf(body)).seed);
      expect(seeds.size).toBe(3);
      await expectRefused(world(), () => world().post('/api/training/start', { ...body, seed: 1 }, key), {
        ...{ status: 409, code: 'idempotency_conflict', path: 'header Idempotency-Key' },
      });
    });
  });

  describe('a training that cannot be', () => {
    const impossible = { status: 422, code: 'invalid_request' } as const;
    const refusals: [what: string, body: object, refusal: Refusal][] = [
      ['no target', { target: undefined }, { ...impossible, path: 'target' }],
      ['an unknown field', { modell: 'x' }, { ...impossible, says: 'modell' }],
      ['a test size of 1', { validation: { test_size: 1 } }, { ...impossible, path: 'validation.test_size' }],
      ['one fold', { validation: { cv_folds: 1 } }, { ...impossible, path: 'validation.cv_folds' }],
      ['a split by time of no column', { validation: { split: 'time' } }, { ...impossible, path: 'validation.by' }],
      ['a column for a random split', { validation: { by: 'age' } }, { ...impossible, path: 'validation.by' }],
      [
        'a split by the target',
        { validation: { split: 'grouped', by: 'defaulted' } },
        { ...impossible, path: 'validation.by' },
      ],
      ['the target as a feature', { features: ['age', 'defaulted'] }, { ...impossible, path: 'features.1' }],
      ['a feature twice', { features: ['age', 'income', 'age'] }, { ...impossible, path: 'features.2' }],
      [
        'the target in the pipeline',
        { pipeline: [{ type: 'ordinal', columns: ['country', 'defaulted'] }] },
        { ...impossible, path: 'pipeline.0.columns' },
      ],
      ['an unknown step', { pipeline: [{ type: 'hash', columns: ['a'] }] }, { ...impossible, path: 'pipeline.0.type' }],
      [
        'an unknown hyper-parameter',
        { hyperparameters: { n_estimatos: 5 } },
        { status: 422, code: 'unknown_hyperparameter', path: 'hyperparameters.n_estimatos', says: 'n_estimators' },
      ],
      [
        'negative trees',
        { hyperparameters: { n_estimators: -1 } },
        { ...impossible, path: 'hyperparameters.n_estimators' },
      ],
      ['an unknown algorithm', { algorithm: 'magic' }, { ...impossible, path: 'algorithm' }],
      [
        'hyper-parameters of no algorithm',
        { algorithm: 'auto', hyperparameters: { max_depth: 3 } },
        { ...impossible, path: 'hyperparameters' },
      ],
      [
        'a line for classes',
        { algorithm: 'linear_regression', task: 'classification' },
        { status: 422, code: 'algorithm_mismatch', path: 'algorithm' },
      ],
      [
        'a logistic regression of numbers',
        { algorithm: 'logistic_regression', task: 'regression' },
        { status: 422, code: 'algorithm_mismatch' },
      ],
      [
        'a space of another algorithm',
        { search: { trials: 2, spaces: { gradient_boosting: { l2: { float: [0, 1] } } } } },
        { ...impossible, path: 'search.spaces.gradient_boosting' },
      ],
      [
        'a space of what the algorithm does not have',
        { search: { trials: 2, spaces: { random_forest: { depth: { int: [1, 9] } } } } },
        { status: 422, code: 'unknown_hyperparameter', says: 'max_depth' },
      ],
      ['a search of no trials', { search: { trials: 0 } }, { ...impossible, path: 'search.trials' }],
      ['an unknown command', { trainer: 'command', command: 'spark' }, { ...impossible, says: 'sklearn, xgboost' }],
      ['one command of two', { trainer: 'command' }, { ...impossible, path: 'command', says: 'sklearn, xgboost' }],
      ['a search outside', { command: 'sklearn', search: { trials: 2 } }, { ...impossible, path: 'search' }],
      [
        'an algorithm outside',
        { trainer: 'command', algorithm: 'random_forest' },
        { ...impossible, path: 'algorithm' },
      ],
      ['a command inside', { trainer: 'builtin', command: 'sklearn' }, { ...impossible, path: 'command' }],
      ['text that cannot be kept', { description: 'a\u0000b' }, { ...impossible, path: 'description' }],
    ];
    it.each(refusals)('is refused for %s', async (_what, body, refusal) => {
      await expectRefused(world(), () => world().post('/api/training/start', { ...asked, ...body }), refusal);
    });

    const outside = { status: 422, code: 'dataset_not_allowed', path: 'dataset.uri' } as const;
    const datasets: [what: string, dataset: object, refusal: Refusal][] = [
      ['an absolute path', { uri: '/etc/passwd', format: 'csv' }, outside],
      ['a way up', { uri: 'bank/../../secret.csv' }, outside],
      ['a backslash', { uri: 'bank\\loans.csv' }, outside],
      ['a link that leads out', { uri: 'bank/link.csv' }, outside],
      ['a folder', { uri: 'bank', format: 'csv' }, outside],
      ['a file of the system', { uri: 'file:///etc/passwd', format: 'csv' }, outside],
      ['a URL that is not allowed', { uri: 'https://data.example.org/setsquare/a.csv' }, outside],
      ['a URL of somebody else', { uri: 'https://data.example.org@evil.example/sets/a.csv' }, outside],
      ['a URL with a way up', { uri: 'https://data.example.org/sets/../private/a.csv' }, outside],
      ['no file', { uri: 'bank/none.csv' }, { status: 422, code: 'dataset_unreadable', path: 'dataset.uri' }],
      ['no format', { uri: 'bank/loans' }, { ...impossible, path: 'dataset.format' }],
      ['U+0000', { uri: 'a\u0000.csv' }, { ...impossible }],
      [
        'an artifact that is not there',
        { artifact: `sha256:${'0'.repeat(64)}`, format: 'csv' },
        { status: 404, code: 'artifact_not_found', path: 'dataset.artifact' },
      ],
      ['no such name', { id: 'nothing@1.0.0' }, { status: 404, code: 'dataset_not_found', path: 'dataset.id' }],
      ['an alias', { id: 'nothing@champion' }, { ...impossible, path: 'dataset.id' }],
      ['two sources', { uri: 'bank/loans.csv', id: 'nothing@1.0.0' }, { ...impossible }],
    ];
    it.each(datasets)('is refused for a data set that is %s', async (_what, dataset, refusal) => {
      await expectRefused(world(), () => world().post('/api/training/start', { ...asked, dataset }), refusal);
    });

    it('is refused for a version that the data set does not have', async () => {
      await register('with one version', { uri: 'bank/loans.csv' });
      const none: Refusal = { status: 404, code: 'dataset_version_not_found', path: 'dataset.id' };
      const dataset = { id: 'with one version@2.0.0' };
      await expectRefused(world(), () => world().post('/api/training/start', { ...asked, dataset }), none);
      const checks = { schema: { dataset: 'with one version@3.0.0' } };
      const path = 'checks.schema.dataset';
      await expectRefused(world(), () => world().post('/api/training/start', { ...asked, checks }), { ...none, path });
    });

    it('is refused for who may not train', async () => {
      for (const role of ['viewer', 'operator', 'approver'] as const)
        await expectRefused(
          world(),
          async () => world().post('/api/training/start', asked, await world().as('eve', role)),
          {
            ...{ status: 403, code: 'forbidden' },
          },
        );
    });
  });
}
