import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { accept, systemClock, type Clock } from '#libs/kernel/index.js';
import { createDatabase, type DatabaseHandle } from '#tests/support/postgres.js';
import { until } from '#tests/support/wait.js';
import { openDatabase, type Database, type Queryable } from './database.js';
import { ProjectionReader } from './reader.js';
import { runProjection, type RunningProjection } from './run-projection.js';
import type { ArraySource } from './testing/array-source.js';
import { ledger, ledgerSource, type Entry } from './testing/ledger.js';

let testDatabase: DatabaseHandle;
let database: Database;
let source: ArraySource<Entry>;
let projector: RunningProjection | undefined;

beforeAll(async () => {
  testDatabase = await createDatabase('reader');
  database = openDatabase({ url: testDatabase.url, applicationName: 'spec', maxConnections: 8 });
});
beforeEach(() => {
  source = ledgerSource();
});
afterEach(async () => {
  await projector?.stop();
  projector = undefined;
  await database.query('drop schema if exists ledger cascade');
});
afterAll(async () => {
  await database.end();
  await testDatabase.drop();
});

const entry = (seq: number, storedAt: number): Entry => ({ seq, storedAt, kind: 'change', account: 'a', by: 1 });

function start(): RunningProjection {
  projector = runProjection(ledger, { database, source, clock: systemClock, random: () => 0.5 });
  return projector;
}

function reader(
  options: { waitMs?: number; now?: number; version?: number; readableFrom?: number } = {},
): ProjectionReader {
  const { waitMs = 100, now = 1_000_000, version = 1, ...rest } = options;
  const clock: Clock = { now: () => now, monotonic: () => performance.now() };
  const projection = { ...ledger, version, ...rest };
  return new ProjectionReader({ database, projection, head: () => source.head(), clock, waitMs });
}

const refusal = (code: string, detail = '') => ({
  ok: false,
  rejection: expect.objectContaining({ code, detail: expect.stringContaining(detail) }) as unknown,
});

describe('resolveAsOf', () => {
  it('is the checkpoint where nothing is asked', async () => {
    source.append(entry(1, 10), entry(2, 20));
    await start().until(2, 5_000);
    expect(await reader().resolveAsOf(undefined)).toEqual(accept(2));
  });

  it('is N for seq:N, and invalid_position past the end', async () => {
    source.append(entry(1, 10), entry(2, 20));
    await start().until(2, 5_000);
    expect(await reader().resolveAsOf({ seq: 1 })).toEqual(accept(1));
    expect(await reader().resolveAsOf({ seq: 3 })).toEqual(refusal('invalid_position', 'which is at 2'));
  });

  it('is the last sequence whose running maximum of time is not after the instant', async () => {
    source.append(entry(1, 100), entry(2, 300), entry(3, 200), entry(4, 300), entry(5, 400));
    await start().until(5, 5_000);
    const resolved = [];
    for (const at of [100, 199, 200, 299, 300, 399, 400, 401]) resolved.push(await reader().resolveAsOf({ at }));
    expect(resolved).toEqual([1, 1, 1, 1, 4, 4, 5, 5].map(accept));
    expect(await reader().logTimeAt(3)).toBe(300);
  });

  it('refuses an instant before the first message and tells the instant of that; a cut there is 0', async () => {
    source.append(entry(1, 100), entry(2, 50));
    await start().until(2, 5_000);
    const first = '1970-01-01T00:00:00.099Z is before the first event of the log, at 1970-01-01T00:00:00.100Z';
    expect(await reader().resolveAsOf({ at: 99 })).toEqual(refusal('invalid_position', first));
    expect(await reader().resolveAsOf({ at: 60 })).toEqual(refusal('invalid_position', 'at 1970-01-01T00:00:00.100Z'));
    expect(await reader().cutAt(99)).toEqual(accept(0));
    expect(await reader().cutAt(100)).toEqual(accept(2));
  });

  it('refuses every instant of an empty log, once it is known to be empty', async () => {
    expect(await reader({ waitMs: 20 }).resolveAsOf({ at: 400 })).toEqual(refusal('not_caught_up', 'is not built yet'));
    const running = start();
    await until(() => running.status().state === 'running', { what: 'the projector' });
    expect(await reader().resolveAsOf({ at: 400 })).toEqual(
      refusal('invalid_position', 'the log had no event yet at 1970-01-01T00:00:00.400Z'),
    );
    expect(await reader().cutAt(400)).toEqual(accept(0));
    expect(await reader().resolveAsOf(undefined)).toEqual(accept(0));
  });

  it('refuses an instant that has not come', async () => {
    await start().until(0, 5_000);
    expect(await reader({ now: 500 }).resolveAsOf({ at: 501 })).toEqual(refusal('invalid_position', 'has not come'));
  });

  it('waits for an instant until a later message, or the end that the leader names, is folded', async () => {
    source.append(entry(1, 100), entry(2, 200));
    const early = reader({ waitMs: 10_000 });
    const [atInstant, atSequence, atLeast] = [
      early.resolveAsOf({ at: 150 }),
      early.resolveAsOf({ seq: 2 }),
      early.resolveAsOf(undefined, 2),
    ];
    start();
    expect(await atInstant).toEqual(accept(1));
    expect(await atSequence).toEqual(accept(2));
    expect(await atLeast).toEqual(accept(2));
    expect(await reader().resolveAsOf({ at: 250 })).toEqual(accept(2));
  });

  it('gives up with not_caught_up', async () => {
    source.append(entry(1, 100));
    expect(await reader({ waitMs: 20 }).resolveAsOf(undefined)).toEqual(refusal('not_caught_up', 'is not built yet'));
    const running = start();
    await running.until(1, 5_000);
    await running.stop();
    source.append(entry(2, 200));
    expect(await reader({ waitMs: 20 }).resolveAsOf({ seq: 2 })).toEqual(refusal('not_caught_up', 'is at 1'));
    expect(await reader({ waitMs: 20 }).resolveAsOf({ at: 250 })).toEqual(refusal('not_caught_up', '2 was asked for'));
    expect(await reader({ waitMs: 20 }).resolveAsOf(undefined, 7)).toEqual(refusal('not_caught_up', '7 was asked for'));
    expect(await reader({ waitMs: 20 }).resolveAsOf({ at: 150 })).toEqual(refusal('not_caught_up', '2 was asked for'));
    expect(await reader({ waitMs: 20 }).resolveAsOf({ at: 50 })).toEqual(refusal('invalid_position', '00.100Z'));
  });

  it('reads the tables of an older version only where the projection says it can', async () => {
    const running = start();
    await until(() => running.status().state === 'running', { what: 'the projector' });
    expect(await reader({ version: 2, readableFrom: 1 }).resolveAsOf(undefined)).toEqual(accept(0));
    expect(await reader({ version: 2 }).resolveAsOf(undefined)).toEqual(refusal('not_caught_up'));
  });
});

describe('read', () => {
  it('hands over the moment, and says unavailable when PostgreSQL cannot be reached', async () => {
    source.append(entry(1, 10));
    await start().until(1, 5_000);
    expect(await reader().read({}, (_database, seq) => Promise.resolve(accept(seq)))).toEqual(accept(1));
    const away = openDatabase({ url: 'postgres://nobody@127.0.0.1:1/none', applicationName: 'spec' });
    const lost = new ProjectionReader({
      ...{ database: away, projection: ledger, head: () => source.head(), clock: systemClock },
    });
    expect(await lost.read({}, (_database, seq) => Promise.resolve(accept(seq)))).toEqual(refusal('unavailable'));
    await away.end();
  });

  it('says unavailable when PostgreSQL takes a query and does not answer in time', async () => {
    source.append(entry(1, 10));
    await start().until(1, 5_000);
    const impatient = openDatabase({
      ...{ url: testDatabase.url, applicationName: 'impatient', maxConnections: 1, queryTimeoutMs: 200 },
    });
    const reading = new ProjectionReader({
      ...{ database: impatient, projection: ledger, head: () => source.head(), clock: systemClock },
    });
    const silent = (open: Queryable) => open.query('select pg_sleep(2)').then(() => accept(1));
    expect(await reading.read({}, (open) => silent(open))).toEqual(refusal('unavailable'));
    const inTransaction = impatient.transaction((open) => silent(open));
    await expect(inTransaction).rejects.toThrow('Query read timeout');
    expect(await reading.read({}, (_database, seq) => Promise.resolve(accept(seq)))).toEqual(accept(1));
    await impatient.end();
  });
});

describe('cutAt', () => {
  it('takes a time of the server, whose clock is ahead of this one', async () => {
    source.append(entry(1, 10), entry(2, 2_000));
    await start().until(2, 5_000);
    expect(await reader({ now: 1_000 }).cutAt(2_000)).toEqual(accept(2));
    expect(await reader({ now: 1_000 }).resolveAsOf({ at: 2_000 })).toEqual(
      refusal('invalid_position', 'not come yet'),
    );
  });
});
