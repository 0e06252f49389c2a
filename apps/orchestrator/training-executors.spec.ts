import { beforeEach, describe, expect, it } from '@jest/globals';
import { registrationOf } from './registration.js';
import { trainingExecutors } from './training-executors.js';
import type { StageResult, TrainingSpec } from '#libs/contracts/index.js';
import { modelDefinition, trainingJobDefinition, type TrainingJobCommand } from '#libs/domain/index.js';
import { AggregateStore, MemoryStream, SnapshotStore } from '#libs/event-log/index.js';
import { randomIds, systemClock } from '#libs/kernel/index.js';
import { commandMeta } from '#libs/nest/index.js';
import type { ExecutionMeta } from '#libs/processing/index.js';
import { trainingSamples } from '#tests/contract/golden-training-samples.js';

const job_id = '0198c0de-0000-7000-8000-000000000001';
const samples = trainingSamples.map(({ event }) => event);
const spec: TrainingSpec = samples.flatMap(({ type, data }) => (type === 'TrainingRequested' ? [data.spec] : []))[0]!;
const results: readonly StageResult[] = samples.flatMap(({ type, data }) =>
  type === 'TrainingStageFinished' && data.result.stage !== 'search' ? [data.result] : [],
);

let aggregates: AggregateStore;
beforeEach(() => {
  const [events, snapshots] = ['EVENTS', 'SNAPSHOTS'].map((name) => new MemoryStream({ name, clock: systemClock }));
  aggregates = new AggregateStore({
    events: events!,
    snapshots: new SnapshotStore(snapshots!),
    clock: systemClock,
    random: () => 0.5,
  });
});

const executors = () => trainingExecutors({ aggregates, clock: systemClock });
const execution = (commandId = randomIds.next(1)): ExecutionMeta => ({
  ...{ commandId, process: 'training', id: job_id, signal: new AbortController().signal },
  ...{ correlationId: randomIds.next(2), causationId: randomIds.next(3) },
});

async function onJob(...commands: readonly TrainingJobCommand[]): Promise<void> {
  for (const command of commands) {
    const meta = commandMeta({
      ...{ actor: 'ann', call: 'test', target: job_id, body: command, at: systemClock.now(), ids: randomIds },
    });
    const outcome = await aggregates.execute(trainingJobDefinition, job_id, command, meta);
    if (!outcome.ok) throw new Error(JSON.stringify(outcome));
  }
}

const finished = (changed: Partial<TrainingSpec> = {}): Promise<void> =>
  onJob(
    { type: 'RequestTraining', job_id, spec: { ...spec, search: null, ...changed } },
    { type: 'ClaimJob', worker: 'w', incarnation: randomIds.next(4) },
    ...results.map((result) => ({ type: 'FinishStage', claim: 1, duration_s: 1, result }) as const),
  );

const versions = async (): Promise<readonly string[]> => {
  const { state } = await aggregates.load(modelDefinition, spec.model, { consistency: 'leader' });
  return state.versions.map(({ version }) => version);
};

describe('the training executors', () => {
  it('register a version once, however often and however late they are asked', async () => {
    await finished();
    const asked = execution();
    const first = await executors().RegisterTrainedVersion({ type: 'RegisterTrainedVersion', job_id }, asked);
    expect(first).toMatchObject({ status: 'accepted', result: { model: spec.model, version: '1.0.0' } });
    if (first.status !== 'accepted') return;
    const registered = { model: spec.model, version: '1.0.0', seq: first.seq };
    const concluding = execution();
    const conclude = () =>
      executors().ConcludeJob({ type: 'ConcludeJob', job_id, registered, reasons: [] }, concluding);
    const concluded = await conclude();
    expect(concluded).toMatchObject({ status: 'accepted', result: {} });
    expect(await conclude()).toEqual(concluded);
    expect(await executors().RegisterTrainedVersion({ type: 'RegisterTrainedVersion', job_id }, asked)).toEqual(first);
    expect(await versions()).toEqual(['1.0.0']);
  });

  it('register no version of a job that has failed, which another runner may have seen to', async () => {
    await finished();
    await executors().FailJob({ type: 'FailJob', job_id, code: 'invalid_request', message: 'no' }, execution());
    expect(await executors().RegisterTrainedVersion({ type: 'RegisterTrainedVersion', job_id }, execution())).toEqual({
      status: 'rejected',
      code: 'job_ended',
      detail: expect.stringContaining('failed'),
    });
    expect(await versions()).toEqual([]);
  });

  it('refuse what the job refuses, with its reason', async () => {
    const unknown = await executors().TimeOut({ type: 'TimeOut', job_id }, execution());
    expect(unknown).toMatchObject({ status: 'rejected', code: 'job_not_found' });
    expect(
      await executors().RegisterTrainedVersion({ type: 'RegisterTrainedVersion', job_id }, execution()),
    ).toMatchObject({ status: 'rejected', code: 'job_not_found' });
    await onJob(
      { type: 'RequestTraining', job_id, spec: { ...spec, claim_s: 3_600 } },
      { type: 'ClaimJob', worker: 'w', incarnation: randomIds.next(4) },
    );
    const early = await executors().ExpireClaim({ type: 'ExpireClaim', job_id, claim: 1 }, execution());
    expect(early).toMatchObject({ status: 'rejected', code: 'claim_not_expired' });
    const open = await executors().RegisterTrainedVersion({ type: 'RegisterTrainedVersion', job_id }, execution());
    expect(open).toMatchObject({ status: 'rejected', code: 'stage_open' });
    const over = await executors().TimeOut({ type: 'TimeOut', job_id }, execution());
    expect(over).toMatchObject({ status: 'accepted' });
  });

  it('name an unnamed data set by its bytes, and a trainer outside by its name', async () => {
    await finished({
      dataset: { ...spec.dataset, name: null, version: null },
      trainer: {
        ...{ type: 'command', name: 'xgboost', hyperparameters: {}, command: ['python'], env: {} },
        ...{ timeout_s: 1, memory_mb: 1 },
      },
      description: null,
    });
    const { state } = await aggregates.load(trainingJobDefinition, job_id, { consistency: 'leader' });
    const registration = registrationOf(state);
    if (!registration.ok) throw new Error(registration.rejection);
    expect(registration.value).not.toHaveProperty('description');
    expect(registration.value.lineage).toEqual({
      dataset: `sha256:${'11'.repeat(32)}`,
      ...{ training_job: job_id, source: 'trainer:command/xgboost' },
    });
  });
});
