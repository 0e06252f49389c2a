import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { api, trainingStages, type GovernanceEvent, type TrainingStage } from '#libs/contracts/index.js';
import { systemClock } from '#libs/kernel/index.js';
import { digest, openDatabase, ProjectionReader, type Database } from '#libs/projecting/index.js';
import { foldAnew } from '#libs/projecting/testing/fold.js';
import { positionOfRecord, recordedEvent, unknownRecord, uuidOf } from '#libs/projecting/testing/recorded-events.js';
import { createDatabase, type DatabaseHandle } from '#tests/support/postgres.js';
import { training } from './apply.js';
import { TrainingQueries } from './queries.js';
import * as events from './testing/events.js';

let handle: DatabaseHandle;
let database: Database;
beforeAll(async () => {
  handle = await createDatabase('training');
  database = openDatabase({ url: handle.url, applicationName: 'spec' });
});
afterAll(async () => {
  await database.end();
  await handle.drop();
});

const fold = (log: readonly GovernanceEvent[], options = {}): Promise<void> =>
  foldAnew(
    database,
    training,
    { positionOf: positionOfRecord },
    log.map((event, index) => recordedEvent(index + 1, event)),
    options,
  );
const queries = (lastSeq: number): TrainingQueries =>
  new TrainingQueries(
    new ProjectionReader({
      ...{ database, projection: training, clock: systemClock, waitMs: 50 },
      head: () => Promise.resolve({ firstSeq: 1, lastSeq, lastTime: 1_000 * lastSeq }),
    }),
  );
const [job, other] = [uuidOf(501), uuidOf(502)];

async function jobAt(seq: number, id = job): Promise<api.JobView> {
  const found = await queries(seq).getJob(id, { as_of: { seq } });
  if (!found.ok) throw new Error(found.rejection.detail);
  expect(api.jobView.parse(found.value.view)).toEqual(found.value.view);
  return found.value.view;
}
const skipped = async (): Promise<number | undefined> => (await digest(database, training))?.skipped;
const stagesOf = ({ stages }: api.JobView): string[] => stages.map(({ stage, status }) => `${stage} ${status}`);

describe('a training job', () => {
  it('goes from stage to stage, and skips a search that nobody asked for', async () => {
    const log = [
      ...[events.requested(job), events.claimed(job, 1, 'ingest'), events.finished(job, 1, 'ingest')],
      ...[events.finished(job, 1, 'validate'), events.finished(job, 1, 'train')],
    ];
    await fold(log);
    expect(stagesOf(await jobAt(2))).toEqual([
      ...[
        'ingest running',
        'validate pending',
        'search skipped',
        'train pending',
        'evaluate pending',
        'package pending',
      ],
    ]);
    expect(await jobAt(5)).toMatchObject({ status: 'running', stage: 'evaluate', progress: 0.6, claims: 1 });
    expect((await jobAt(5)).stages[0]).toEqual({
      ...{ stage: 'ingest', status: 'finished', progress: 1, duration_s: 2 },
      finished_at: '1970-01-01T00:00:03.000Z',
    });
    await fold([events.requested(job, 'loans', { searches: true }), ...log.slice(1, 4)]);
    expect(await jobAt(4)).toMatchObject({ stage: 'search', progress: 2 / 6 });
  });

  it('writes a row for a hundredth of progress, however often its worker is heard of', async () => {
    const heard = Array.from({ length: 2_000 }, (_, index) => events.progressed(job, 1, 'ingest', index / 2_000));
    await fold([events.requested(job), events.claimed(job, 1, 'ingest'), ...heard]);
    const { rows } = await database.query<{ count: number }>(
      'select count(*)::integer as count from training.job_states where job_id = $1',
      [job],
    );
    expect(rows[0]!.count).toBe(2 + 99);
    expect((await jobAt(1_002)).stages[0]).toMatchObject({ status: 'running', progress: 0.49 });
    expect(await skipped()).toBe(0);
  });

  it('begins its stage again with the next worker', async () => {
    await fold([
      ...[events.requested(job), events.claimed(job, 1, 'ingest'), events.finished(job, 1, 'ingest')],
      ...[events.progressed(job, 1, 'validate', 0.5), events.released(job, 1), events.claimed(job, 2, 'validate', 'v')],
    ]);
    expect(await jobAt(4)).toMatchObject({ status: 'running', worker: 'w', progress: 0.3 });
    expect(await jobAt(5)).toMatchObject({ status: 'queued', worker: null, stage: 'validate', progress: 0.2 });
    expect(stagesOf(await jobAt(5))[1]).toBe('validate pending');
    expect(await jobAt(6)).toMatchObject({ status: 'running', worker: 'v', claims: 2, started_at: expect.any(String) });
  });

  it('counts and leaves out what its own rules would never give', async () => {
    await fold([
      ...[events.claimed(job, 1, 'ingest'), events.requested(job), events.requested(job)],
      ...[events.claimed(job, 2, 'ingest'), events.claimed(job, 1, 'ingest'), events.finished(job, 1, 'validate')],
      ...[events.progressed(job, 2, 'ingest', 0.5), events.progressed(job, 1, 'train', 0.5), events.succeeded(job)],
      ...[events.released(job, 2), events.cancelled(job), events.failed(job), events.claimed(job, 2, 'ingest')],
    ]);
    expect(await skipped()).toBe(10);
    expect(await jobAt(13)).toMatchObject({
      ...{ status: 'cancelled', claims: 1, error: { code: 'cancelled', message: 'wrong data' } },
    });
  });

  it('is unknown to a build that knows fewer events, which are counted', async () => {
    await foldAnew(database, training, { positionOf: positionOfRecord }, [
      recordedEvent(1, events.requested(job)),
      unknownRecord(2),
      recordedEvent(3, { type: 'ConfigurationApplied', data: { digest: events.digestOf(1), content: {} } }),
    ]);
    expect([await skipped(), (await jobAt(3)).status]).toEqual([1, 'queued']);
  });
});

describe('data sets', () => {
  it('have versions in order of registration, at every moment', async () => {
    await fold([
      ...[events.datasetRegistered('b', '1.0.0'), events.datasetRegistered('a', '1.0.0', 5)],
      ...[events.datasetRegistered('b', '1.1.0', 8), events.datasetRegistered('b', '1.1.0', 9)],
    ]);
    expect(await skipped()).toBe(1);
    const of = await queries(4).getDataset('b');
    expect(of).toMatchObject({
      value: {
        versions: [
          { version: '1.0.0', seq: 1 },
          { version: '1.1.0', rows: 8, seq: 3 },
        ],
      },
    });
    expect(await queries(4).getDatasetVersion('b', '1.1.0', { as_of: { seq: 2 } })).toMatchObject({
      rejection: { code: 'dataset_version_not_found' },
    });
    expect(await queries(4).getDataset('a', { as_of: { seq: 1 } })).toMatchObject({
      rejection: { code: 'dataset_not_found' },
    });
    const first = await queries(4).listDatasets({ limit: 1 });
    expect(first).toMatchObject({ value: { items: [{ dataset: 'a', versions: 1, latest_version: '1.0.0' }] } });
    const cursor = first.ok ? first.value.next_cursor! : '';
    expect(await queries(4).listDatasets({ limit: 1, cursor })).toMatchObject({
      value: { items: [{ dataset: 'b', versions: 2, latest_version: '1.1.0', rows: 8 }], next_cursor: null },
    });
  });
});

/** Mostly in the order of stages, so that jobs get somewhere; with whatever else may be said between. */
const stage = fc.constantFrom(...trainingStages);
const claim = fc.integer({ min: 1, max: 3 });
const step: fc.Arbitrary<GovernanceEvent> = fc
  .tuple(
    fc.constantFrom(job, job, other),
    claim,
    stage,
    fc.integer({ min: 0, max: 11 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  )
  .map(([id, number, of, kind, share]) => {
    const make: readonly (() => GovernanceEvent)[] = [
      ...[
        () => events.requested(id),
        () => events.claimed(id, number, of),
        () => events.progressed(id, number, of, share),
      ],
      ...[() => events.finished(id, number, of), () => events.released(id, number), () => events.succeeded(id)],
      ...[
        () => events.failed(id, of),
        () => events.cancelled(id),
        () => events.datasetRegistered('a', `1.${number}.0`),
      ],
    ];
    return (make[kind] ?? (() => events.finished(id, number, of)))();
  });
const inOrder = (id: string, stages: readonly TrainingStage[]): GovernanceEvent[] => [
  ...[events.requested(id), events.claimed(id, 1, 'ingest')],
  ...stages.map((each) => events.finished(id, 1, each)),
];

describe('the read model', () => {
  it('is the same wherever batches are cut, and its past is what a fold up to there gives', async () => {
    const stages = trainingStages.filter((each) => each !== 'search');
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    const logs = fc
      .tuple(fc.integer({ min: 0, max: stages.length }), fc.array(step, { maxLength: 15 }))
      .map(([count, steps]) => [...inOrder(job, stages.slice(0, count)), ...steps]);
    await fc.assert(
      fc.asyncProperty(logs, sizes, sizes, async (log, some, others) => {
        const lengths = [2, Math.ceil(log.length / 2), log.length];
        const then = [];
        for (const length of lengths) {
          await fold(log.slice(0, length), { sizes: some });
          then.push([
            await jobAt(length),
            await queries(length).listJobs({ limit: 10 }),
            await queries(length).getDataset('a'),
          ]);
        }
        const cutOneWay = await digest(database, training);
        for (const [index, length] of lengths.entries()) {
          const at = { as_of: { seq: length } };
          const now = [
            ...[await jobAt(length), await queries(log.length).listJobs({ ...at, limit: 10 })],
            await queries(log.length).getDataset('a', at),
          ];
          expect(now).toEqual(then[index]);
        }
        await fold(log, { sizes: others });
        expect(await digest(database, training)).toEqual(cutOneWay);
      }),
      { numRuns: 15 },
    );
  });
});
