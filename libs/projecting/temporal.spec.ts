import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createDatabase, type DatabaseHandle } from '#tests/support/postgres.js';
import { asOf } from './as-of.js';
import { firstSeqAfter, logTimeAt } from './checkpoint.js';
import { openDatabase, type Database } from './database.js';
import { digest } from './digest.js';
import { decodeBatch, writeBatch } from './fold-batch.js';
import { createSchema } from './schema.js';
import { foldAnew } from './testing/fold.js';
import { ledger, ledgerSource, type Entry } from './testing/ledger.js';

let testDatabase: DatabaseHandle;
let database: Database;

beforeAll(async () => {
  testDatabase = await createDatabase('temporal');
  database = openDatabase({ url: testDatabase.url, applicationName: 'spec' });
});
afterAll(async () => {
  await database.end();
  await testDatabase.drop();
});

/** Few accounts, so that a batch changes one key often; a server clock that steps back. */
const log = fc
  .array(
    fc.record({
      kind: fc.constantFrom<Entry['kind']>('change', 'change', 'change', 'close', 'garbage', 'noise'),
      account: fc.constantFrom('a', 'b', 'Ä', 'a\u0000b', '\ud800'),
      by: fc.integer({ min: -9, max: 9 }),
      storedAt: fc.integer({ min: 1, max: 40 }),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((entries) =>
    entries.map((entry, index): Entry => ({ ...entry, seq: index + 1, account: named(entry.account) })),
  );

/** Keys are names that PostgreSQL can hold. */
const named = (account: string): string => account.toWellFormed().replaceAll('\0', '_');

const cuts = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 10 });

const fold = (schema: string, entries: readonly Entry[], sizes: readonly number[]): Promise<void> =>
  foldAnew(database, ledger, ledgerSource(), entries, { schema, sizes });

/** Balances after a sequence, by the book. */
function replay(entries: readonly Entry[], seq: number): Record<string, number> {
  const balances: Record<string, number> = {};
  for (const { seq: at, kind, account, by } of entries) {
    if (at > seq) break;
    if (kind === 'change') balances[account] = (balances[account] ?? 0) + by;
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
    if (kind === 'close') delete balances[account];
  }
  return balances;
}

describe('a fold', () => {
  it('gives the same tables wherever its batches are cut', async () => {
    await fc.assert(
      fc.asyncProperty(log, cuts, cuts, async (entries, some, others) => {
        await fold('cut_a', entries, some);
        await fold('cut_b', entries, others);
        const [a, b] = [await digest(database, ledger, 'cut_a'), await digest(database, ledger, 'cut_b')];
        expect(a).toEqual(b);
        expect(a?.position).toBe(entries.length);
      }),
      { numRuns: 15 },
    );
  });

  it('answers as of every sequence what a replay up to there gives', async () => {
    await fc.assert(
      fc.asyncProperty(log, cuts, async (entries, sizes) => {
        await fold('history', entries, sizes);
        const { rows } = await database.query<{ seq: number; balances: Record<string, number> }>(
          `select s.seq::bigint as seq, coalesce(jsonb_object_agg(a.account, a.balance) filter (where a.account is not null), '{}')
             as balances
           from generate_series(0, $1::integer) as s (seq)
           left join history.accounts a on ${asOf('s.seq', 'a')} group by s.seq order by s.seq`,
          [entries.length],
        );
        for (const { seq, balances } of rows) expect(balances).toEqual(replay(entries, seq));
      }),
      { numRuns: 15 },
    );
  });

  it('knows the log’s time at every sequence, and the sequence of every time, though the clock steps back', async () => {
    await fc.assert(
      fc.asyncProperty(log, cuts, async (entries, sizes) => {
        await fold('times', entries, sizes);
        const running = entries.map((_, index) => Math.max(...entries.slice(0, index + 1).map((e) => e.storedAt)));
        for (const [index, time] of running.entries()) expect(await logTimeAt(database, 'times', index + 1)).toBe(time);
        expect(await logTimeAt(database, 'times', 0)).toBe(0);
        for (let time = 0; time <= 41; time++) {
          const first = running.findIndex((at) => at > time);
          expect(await firstSeqAfter(database, 'times', time)).toBe(first === -1 ? undefined : first + 1);
        }
      }),
      { numRuns: 10 },
    );
  });

  it('changes its digest with any changed row', async () => {
    const entries = [1, 2, 3].map((seq): Entry => ({ seq, storedAt: seq, kind: 'change', account: 'a', by: seq }));
    await fold('changed', entries, [2]);
    const before = await digest(database, ledger, 'changed');
    await database.query('update changed.accounts set balance = balance + 1 where valid_from_seq = 2');
    const after = await digest(database, ledger, 'changed');
    expect(after?.digest).not.toBe(before?.digest);
    expect(after?.tables.map(({ table, rows }) => [table, rows])).toEqual([
      ['accounts', 3],
      ['totals', 1],
    ]);
    expect(after?.tables[1]).toEqual(before?.tables[1]);
  });
});

describe('a temporal table', () => {
  it('shows U+FFFD where PostgreSQL cannot hold a character', async () => {
    const schema = 'characters';
    await createSchema(database, ledger, schema);
    const projection = {
      ...ledger,
      apply: (before: Parameters<typeof ledger.apply>[0], facts: Parameters<typeof ledger.apply>[1]) =>
        ledger
          .apply(before, facts)
          .map((operation) =>
            operation.kind === 'put' && operation.table.name === 'accounts'
              ? { ...operation, row: { ...operation.row, history: ['\0', '\ud800', '\\u0000', { '\0': 1 }] } }
              : operation,
          ),
    };
    const entry: Entry = { seq: 1, storedAt: 1, kind: 'change', account: 'a', by: 1 };
    const batch = decodeBatch(projection, ledgerSource(), { epoch: 0, position: 0, logTime: 0 }, [entry])!;
    await database.transaction((transaction) => writeBatch(transaction, projection, schema, batch));
    const { rows } = await database.query('select history from characters.accounts');
    expect(rows).toEqual([{ history: ['\uFFFD', '\uFFFD', '\\u0000', { '\uFFFD': 1 }] }]);
  });
});
