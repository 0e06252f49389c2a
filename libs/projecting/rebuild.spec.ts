import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '#libs/kernel/index.js';
import { createDatabase, type DatabaseHandle } from '#tests/support/postgres.js';
import { until } from '#tests/support/wait.js';
import { readCheckpoint } from './checkpoint.js';
import { openDatabase, type Database } from './database.js';
import { digest } from './digest.js';
import { ProjectionFenced, RebuildInProgress, StreamTruncated } from './errors.js';
import { rebuild } from './rebuild.js';
import { runProjection, type ProjectionNotice, type RunningProjection } from './run-projection.js';
import type { ArraySource } from './testing/array-source.js';
import { changesOf, ledger, ledgerSource, type Entry } from './testing/ledger.js';

let testDatabase: DatabaseHandle;
let database: Database;
const running: RunningProjection[] = [];

beforeAll(async () => {
  testDatabase = await createDatabase('rebuild');
  database = openDatabase({ url: testDatabase.url, applicationName: 'spec', maxConnections: 8 });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((projector) => projector.stop()));
  for (const schema of await schemas()) await database.query(`drop schema ${schema} cascade`);
});
afterAll(async () => {
  await database.end();
  await testDatabase.drop();
});

function run(source: ArraySource<Entry>, projection = ledger, notices: ProjectionNotice[] = []): RunningProjection {
  const projector = runProjection(projection, {
    ...{ database, source, clock: systemClock, random: () => 0.5 },
    onNotice: (notice) => notices.push(notice),
  });
  running.push(projector);
  return projector;
}

async function schemas(): Promise<string[]> {
  const { rows } = await database.query<{ name: string }>(
    `select nspname as name from pg_namespace where nspname like 'ledger%' order by 1`,
  );
  return rows.map(({ name }) => name);
}

const entries = (count: number, first = 1): Entry[] =>
  Array.from({ length: count }, (_, index) => changesOf(`account ${index % 7}`, [index], first + index)[0]!);

describe('rebuild', () => {
  it('is identical to the live read model and takes its place while that one goes on', async () => {
    const source = ledgerSource(...entries(500));
    source.cut = () => 40;
    const projector = run(source);
    await projector.until(500, 5_000);
    const before = await digest(database, ledger);
    const oid = await schemaId();

    const report = await rebuild(ledger, {
      ...{ database, source, maxBatch: 50 },
      onProgress: ({ position }) => {
        // The live one goes on during the rebuild and during the swap.
        if (position % 100 === 0) source.append(...entries(10, source.messages.length + 1));
      },
    });
    expect(report).toMatchObject({ identical: true, swapped: true, liveVersion: 1 });
    expect(report.live?.position).toBeGreaterThanOrEqual(500);
    expect(await schemaId()).not.toBe(oid);

    source.append(...entries(20, source.messages.length + 1));
    await projector.until(source.messages.length, 5_000);
    expect(projector.status().state).toBe('running');
    expect(await schemas()).toEqual(['ledger']);
    const compared = await rebuild(ledger, { database, source, swap: 'never' });
    expect(compared).toMatchObject({ identical: true, swapped: false });
    expect(compared.rebuilt.digest).not.toBe(before?.digest);
    expect(await schemas()).toEqual(['ledger']);
  });

  it('makes the live projector wait while the schemas are swapped, and lets it go on with the new one', async () => {
    const source = ledgerSource(...entries(50));
    const projector = run(source);
    await projector.until(50, 5_000);
    const someoneWaits = async (): Promise<boolean> =>
      (await database.query('select from pg_locks where not granted')).rowCount > 0;
    // Just before the rename: either the lock holds the projector back, or it gets past and the swap loses its batch.
    const interfering: Database = {
      ...database,
      transaction: (work, mode) =>
        database.transaction(
          (transaction) =>
            work({
              async query(text, values) {
                if (text.includes('ledger__retired')) {
                  source.append(...entries(5, 51));
                  await until(async () => projector.status().position > 50 || (await someoneWaits()), {
                    what: 'the projector to meet the swap',
                  });
                }
                return transaction.query(text, values);
              },
            }),
          mode,
        ),
    };
    expect(await rebuild(ledger, { database: interfering, source })).toMatchObject({ identical: true, swapped: true });
    source.append(...entries(5, 56));
    await projector.until(60, 5_000);
    const { rows } = await database.query('select sum(changes)::integer as changes from ledger.totals');
    expect(rows).toEqual([{ changes: 60 }]);
    expect(await rebuild(ledger, { database, source, swap: 'never' })).toMatchObject({ identical: true });
  });

  it('reports a damaged read model and mends it', async () => {
    const source = ledgerSource(...entries(50));
    const projector = run(source);
    await projector.until(50, 5_000);
    await database.query(
      `update ledger.accounts set balance = 999 where account = 'account 3' and valid_to_seq is null`,
    );
    const seen = await rebuild(ledger, { database, source, swap: 'never' });
    expect(seen).toMatchObject({ identical: false, swapped: false });
    expect(seen.live?.tables.map(({ digest }) => digest)).not.toEqual(seen.rebuilt.tables.map(({ digest }) => digest));
    expect(await rebuild(ledger, { database, source })).toMatchObject({ identical: false, swapped: true });
    expect(await rebuild(ledger, { database, source, swap: 'never' })).toMatchObject({ identical: true });
  });

  it('leaves nothing of a cancelled rebuild after the next one', async () => {
    const source = ledgerSource(...entries(200));
    const projector = run(source);
    await projector.until(200, 5_000);
    const cancel = new AbortController();
    const cancelled = rebuild(ledger, {
      ...{ database, source, maxBatch: 20, signal: cancel.signal },
      onProgress: ({ position }) => {
        if (position === 100) cancel.abort();
      },
    });
    await expect(cancelled).rejects.toThrow(/abort/i);
    expect(await schemas()).toEqual(['ledger', 'ledger__rebuild_1']);
    expect(await rebuild(ledger, { database, source })).toMatchObject({ identical: true, swapped: true });
    expect(await schemas()).toEqual(['ledger']);
  });

  it('runs one at a time', async () => {
    const source = ledgerSource(...entries(20));
    await run(source).until(20, 5_000);
    const both = await Promise.allSettled([1, 2].map(() => rebuild(ledger, { database, source })));
    const refused = both.filter((outcome) => outcome.status === 'rejected');
    expect(refused.length).toBe(1);
    expect(refused[0]?.reason).toBeInstanceOf(RebuildInProgress);
    expect(await schemas()).toEqual(['ledger']);
  });

  it('refuses a stream that no longer has its beginning', async () => {
    const source = ledgerSource(...entries(20));
    await run(source).until(20, 5_000);
    source.head = () => Promise.resolve({ firstSeq: 5, lastSeq: 20, lastTime: 0 });
    await expect(rebuild(ledger, { database, source })).rejects.toThrow(StreamTruncated);
    expect(await schemas()).toEqual(['ledger']);
  });
});

describe('a projection of another version', () => {
  const next = {
    ...ledger,
    version: 2,
    schemaSql: ledger.schemaSql.replace('changes bigint', 'changes integer'),
    tables: [
      ledger.tables[0]!,
      { ...ledger.tables[1]!, columns: { account: 'text', changes: 'integer', last_seq: 'bigint' } as const },
    ],
  };
  // The fold writes to the tables it declares.
  const migrated = {
    ...next,
    needs: (recorded: Parameters<typeof ledger.needs>[0]) =>
      ledger.needs(recorded).map(({ table, key }) => ({ table: inNext(table.name), key })),
    apply: (before: Parameters<typeof ledger.apply>[0], facts: Parameters<typeof ledger.apply>[1]) =>
      ledger
        .apply({ get: (table, key) => before.get(inNext(table.name), key) }, facts)
        .map((operation) =>
          operation.kind === 'skip' ? operation : { ...operation, table: inNext(operation.table.name) },
        ),
  };
  const inNext = (name: string) => next.tables.find((table) => table.name === name)!;

  it('is rebuilt side by side at start; the older projector serves until then and is fenced after', async () => {
    const source = ledgerSource(...entries(300));
    const older = run(source);
    await older.until(300, 5_000);
    const notices: ProjectionNotice[] = [];
    const newer = run(source, migrated, notices);
    await until(() => newer.status().state === 'running', { what: 'the new version' });
    source.append(...entries(5, 301));
    await newer.until(305, 5_000);
    await expect(older.done).rejects.toThrow(ProjectionFenced);
    expect(notices.map(({ kind }) => kind)).toEqual(['rebuilding', 'rebuilt', 'started']);
    expect(await readCheckpoint(database, 'ledger')).toMatchObject({ version: 2, position: 305 });
    const { rows } = await database.query('select sum(changes)::integer as changes from ledger.totals');
    expect(rows).toEqual([{ changes: 305 }]);
    expect(await schemas()).toEqual(['ledger']);
  });
});

async function schemaId(): Promise<number> {
  const { rows } = await database.query<{ oid: number }>(`select oid from pg_namespace where nspname = 'ledger'`);
  return rows[0]!.oid;
}
