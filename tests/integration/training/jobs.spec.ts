import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TrainingSpec } from '#libs/contracts/index.js';
import { findVersion, modelDefinition, resultOf } from '#libs/domain/index.js';
import { startTrainingRig, unpackDataset, type ProcessHandle, type TrainingRig } from '#tests/support/training.js';
import { until } from '#tests/support/wait.js';

const electricity = {
  target: 'class',
  dataset: { source: { uri: 'elec.csv' }, name: null, version: null, digest: null },
} as const;
const boosting = (hyperparameters: TrainingSpec['trainer']['hyperparameters'] = {}) =>
  ({
    type: 'builtin',
    algorithm: 'gradient_boosting',
    hyperparameters: { n_estimators: 20, ...hyperparameters },
  }) as const;

describe('training jobs', () => {
  let rig: TrainingRig;
  let first: ProcessHandle;

  beforeAll(async () => {
    rig = await startTrainingRig();
    await unpackDataset('elec.csv', rig.datasets, 4000);
    await rig.startOrchestrator();
    first = await rig.startWorker('worker-a', 1);
  }, 60_000);
  afterAll(() => rig.stop());

  it('turn a file into a registered version, the same bytes on one thread and on two', async () => {
    const one = await rig.ended(await rig.request({ model: 'one thread', ...electricity, trainer: boosting() }));
    expect(one.ended).toBe('succeeded');
    await first.stop();
    const second = await rig.startWorker('worker-b', 2);
    const two = await rig.ended(await rig.request({ model: 'two threads', ...electricity, trainer: boosting() }));
    await second.stop();
    first = await rig.startWorker('worker-a', 1);
    const [trained, again] = [one, two].map(({ results }) => resultOf(results, 'train'));
    expect(again).toEqual(trained);
    expect(resultOf(one.results, 'evaluate')!.metrics['roc_auc']).toBeGreaterThan(0.8);
    const { state } = await rig.store.load(modelDefinition, 'two threads', { consistency: 'leader' });
    expect(findVersion(state, '1.0.0')).toMatchObject({
      artifact: trained!.artifact,
      metrics: resultOf(two.results, 'evaluate')!.metrics,
    });
  }, 90_000);

  it('go on behind their last finished stage when their worker is killed', async () => {
    const id = await rig.request({ model: 'killed', ...electricity, trainer: boosting({ n_estimators: 150 }) });
    await until(async () => (await rig.state(id)).results.length >= 2, { what: 'two stages to have finished' });
    await first.kill();
    const left = await rig.state(id);
    first = await rig.startWorker('worker-a', 1);
    const taken = await until(async () => ((await rig.state(id)).claims > left.claims ? rig.state(id) : undefined), {
      what: 'the restarted worker to take its job back',
    });
    expect(taken.results.slice(0, left.results.length)).toEqual(left.results);
    expect((await rig.ended(id)).ended).toBe('succeeded');
  }, 90_000);

  it('end with what was found when the data cannot be learned from', async () => {
    const id = await rig.request({ model: 'wrong', ...electricity, target: 'klass' });
    const state = await rig.ended(id);
    expect(state).toMatchObject({ ended: 'failed' });
  }, 60_000);
});
