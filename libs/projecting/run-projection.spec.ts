import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { StreamUnavailable } from '#libs/event-log/index.js';
import { systemClock } from '#libs/kernel/index.js';
import { createDatabase, type DatabaseHandle } from '#tests/support/postgres.js';
import { until } from '#tests/support/wait.js';
import { readCheckpoint } from './checkpoint.js';
import { openDatabase, type Database } from './database.js';
import { digest } from './digest.js';
import { NotReached, ProjectionFailed, ProjectionFenced, SchemaMismatch } from './errors.js';
import { runProjection, type ProjectionNotice, type RunningProjection } from './run-projection.js';
import { changesOf, ledger, ledgerSource } from './testing/ledger.js';
import type { MessageSource } from './source.js';
import type { Projection } from './projection.js';

let testDatabase: DatabaseHandle;
let database: Database;
const running: RunningProjection[] = [];

beforeAll(async () => {
  testDatabase = await createDatabase('run_projection');
  database = openDatabase({ url: testDatabase.url, applicationName: 'spec', maxConnections: 8 });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((projector) => projector.stop()));
  await database.query('drop schema if exists ledger cascade');
});
afterAll(async () => {
  await database.end();
  await testDatabase.drop();
});

function run<Message, Fact>(
  projection: Projection<Message, Fact>,
  source: MessageSource<Message>,
  options: { maxBatch?: number; onNotice?: (notice: ProjectionNotice) => void; database?: Database } = {},
): RunningProjection {
  const projector = runProjection(projection, {
    ...{ database, source, clock: systemClock, random: () => 0.5 },
    ...options,
  });
  running.push(projector);
  return projector;
}

const totalsOf = async (): Promise<unknown> =>
  (await database.query('select account, changes, last_seq from ledger.totals order by account')).rows;

describe('runProjection', () => {
  it('folds what is there and what comes, and counts what cannot be read', async () => {
    const source = ledgerSource(...changesOf('a', [1, 2, 3]));
    const projector = run(ledger, source);
    await projector.until(3, 5_000);
    source.append(
      { seq: 4, storedAt: 4_000, kind: 'garbage', account: '', by: 0 },
      { seq: 5, storedAt: 5_000, kind: 'noise', account: '', by: 0 },
      { seq: 6, storedAt: 6_000, kind: 'close', account: 'b', by: 0 },
      ...changesOf('b', [5], 7),
    );
    await projector.until(7, 5_000);
    expect(await totalsOf()).toEqual([
      { account: 'a', changes: 3, last_seq: 3 },
      { account: 'b', changes: 2, last_seq: 7 },
    ]);
    expect(await readCheckpoint(database, 'ledger')).toMatchObject({
      ...{ version: 1, position: 7, logTime: 7_000, epoch: 1, skipped: 2 },
      lastSkipped: { seq: 6, reason: 'b is not open' },
    });
    expect(await projector.gap()).toBe(0);
    expect(projector.status()).toMatchObject({ state: 'running', position: 7 });
  });

  it('folds every message once however often the log comes again', async () => {
    const source = ledgerSource(...changesOf('a', [1, 2, 3, 4, 5]));
    const first = run(ledger, source, { maxBatch: 2 });
    await first.until(5, 5_000);
    await first.stop();
    // The whole log once more, as after a crash between commit and acknowledgement, with something new behind it.
    const again: MessageSource<(typeof source.messages)[number]> = {
      stream: 'EVENTS',
      maxBatch: 500,
      positionOf: source.positionOf,
      head: () => source.head(),
      follow: ({ signal, maxBatch }) => source.follow({ fromSeq: 1, signal, ...(maxBatch ? { maxBatch } : {}) }),
    };
    source.append(...changesOf('a', [6], 6));
    const second = run(ledger, again);
    await second.until(6, 5_000);
    expect(await totalsOf()).toEqual([{ account: 'a', changes: 6, last_seq: 6 }]);
    const before = await digest(database, ledger);
    const third = run(ledger, again);
    await until(() => third.status().state === 'running', { what: 'the third projector' });
    await third.stop();
    expect((await digest(database, ledger))?.digest).toBe(before?.digest);
  });

  it('stops with ProjectionFenced when another projector takes over, and loses nothing', async () => {
    const source = ledgerSource(...changesOf('a', [1, 2]));
    const older = run(ledger, source);
    await older.until(2, 5_000);
    const newer = run(ledger, source);
    await newer.until(2, 5_000);
    source.append(...changesOf('a', [3, 4], 3));
    await newer.until(4, 5_000);
    await expect(older.done).rejects.toThrow(ProjectionFenced);
    expect(older.status()).toMatchObject({ state: 'failed' });
    await expect(older.until(5, 1_000)).rejects.toThrow(ProjectionFenced);
    expect(await totalsOf()).toEqual([{ account: 'a', changes: 4, last_seq: 4 }]);
  });

  it('goes on from the checkpoint when PostgreSQL ends its connections', async () => {
    const source = ledgerSource();
    source.cut = () => 3;
    const notices: string[] = [];
    const lossy = openDatabase({ url: testDatabase.url, applicationName: 'lossy', maxConnections: 2 });
    const projector = run(ledger, source, {
      ...{ maxBatch: 3, database: lossy },
      onNotice: ({ kind }) => notices.push(kind),
    });
    await until(() => projector.status().state === 'running', { what: 'the projector' });
    let ended = 0;
    for (let round = 0; round < 10; round++) {
      source.append(...changesOf('a', new Array<number>(30).fill(1), 1 + 30 * round));
      const { rowCount } = await database.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'lossy'`,
      );
      ended += rowCount;
    }
    await projector.until(300, 20_000);
    expect(ended).toBeGreaterThan(0);
    expect(await totalsOf()).toEqual([{ account: 'a', changes: 300, last_seq: 300 }]);
    expect((await readCheckpoint(database, 'ledger'))?.epoch).toBe(1);
    expect(notices).toContain('interrupted');
    expect(notices.at(-1)).toBe('resumed');
    await projector.stop();
    await lossy.end();
  });

  it('follows again when the stream does not answer, and gives up on a stream that is broken', async () => {
    const source = ledgerSource(...changesOf('a', [1]));
    const projector = run(ledger, source);
    await projector.until(1, 5_000);
    source.failOnce(new StreamUnavailable('follow', 'no responders'));
    source.append(...changesOf('a', [2], 2));
    await projector.until(2, 5_000);
    source.failOnce(new Error('sequence 3 is missing'));
    await expect(projector.done).rejects.toThrow('sequence 3 is missing');
  });

  it('stops before a batch that its fold refuses', async () => {
    const source = ledgerSource(...changesOf('a', [1]));
    const projector = run(ledger, source);
    await projector.until(1, 5_000);
    source.append(...changesOf('a', [0.5], 2));
    await expect(projector.done).rejects.toThrow(ProjectionFailed);
    expect(projector.status().reason).toMatch(/sequences 2 to 2/);
    expect((await readCheckpoint(database, 'ledger'))?.position).toBe(1);
  });

  it('says when a sequence is not reached', async () => {
    const projector = run(ledger, ledgerSource());
    await expect(projector.until(1, 10)).rejects.toThrow(NotReached);
  });

  it('finishes the batch in hand when it is stopped', async () => {
    const source = ledgerSource(...changesOf('a', new Array<number>(100).fill(1)));
    const projector = run(ledger, source, { maxBatch: 7 });
    await until(() => projector.status().position > 0, { what: 'the first batch' });
    await projector.stop();
    const { position } = projector.status();
    expect((await readCheckpoint(database, 'ledger'))?.position).toBe(position);
    await expect(projector.done).resolves.toBeUndefined();
  });

  it('names every difference between schema.sql and the declared tables', async () => {
    const schemaSql = ledger.schemaSql
      .replace('changes bigint', 'changes integer')
      .replace('balance bigint not null,', '');
    const projector = run({ ...ledger, schemaSql }, ledgerSource());
    await expect(projector.done).rejects.toThrow(SchemaMismatch);
    expect(projector.status().reason).toMatch(
      /accounts.balance is missing; totals.changes is integer, declared bigint/,
    );
  });
});
