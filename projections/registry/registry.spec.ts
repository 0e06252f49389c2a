import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { api, type GovernanceEvent, type Signature } from '#libs/contracts/index.js';
import type { LogRecord } from '#libs/event-log/index.js';
import { systemClock } from '#libs/kernel/index.js';
import { digest, openDatabase, ProjectionReader, type Database } from '#libs/projecting/index.js';
import { foldAnew } from '#libs/projecting/testing/fold.js';
import { positionOfRecord, recordedEvent, unknownRecord, uuidOf } from '#libs/projecting/testing/recorded-events.js';
import { createDatabase, type DatabaseHandle } from '#tests/support/postgres.js';
import { registry } from './apply.js';
import { RegistryQueries } from './queries.js';

let handle: DatabaseHandle;
let database: Database;

beforeAll(async () => {
  handle = await createDatabase('registry');
  database = openDatabase({ url: handle.url, applicationName: 'spec' });
});
afterAll(async () => {
  await database.end();
  await handle.drop();
});

const signature: Signature = {
  inputs: [{ name: 'x', type: 'float32', shape: [null, 2] }],
  outputs: [{ name: 'y', type: 'float32', shape: [null, 1], role: 'value' }],
  features: [
    { name: 'age', type: 'float32', nullable: false, input: 'x', index: 0 },
    { name: 'income', type: 'float32', nullable: true, input: 'x', index: 1 },
  ],
};

const artifact = `sha256:${'a'.repeat(64)}`;

const registered = (model: string, version: string, more: object = {}): GovernanceEvent => ({
  type: 'VersionRegistered',
  data: { model, version, artifact, size: 10, tags: {}, metrics: {}, signature, lineage: {}, ...more },
});

const fold = (records: readonly LogRecord<GovernanceEvent>[], options = {}): Promise<void> =>
  foldAnew(database, registry, { positionOf: positionOfRecord }, records, options);

const queries = (lastSeq: number): RegistryQueries =>
  new RegistryQueries(
    new ProjectionReader({
      database,
      projection: registry,
      head: () => Promise.resolve({ firstSeq: 1, lastSeq, lastTime: 1_000 * lastSeq }),
      clock: systemClock,
      waitMs: 50,
    }),
  );

const refused = (code: string) => ({ ok: false, rejection: expect.objectContaining({ code }) as unknown });

describe('the registry', () => {
  it('tells a model with all its versions in order of registration, as the contract says', async () => {
    const details = {
      ...{ description: 'churn', task: 'classification', tags: { team: 'a' }, metrics: { auc: 0.9 } },
      ...{ lineage: { source: 'git' }, baseline: { artifact, format: 'csv' } },
    };
    await fold([
      recordedEvent(1, registered('churn', '2.0.0', details), { actor: 'grace' }),
      recordedEvent(2, { type: 'ConfigurationApplied', data: { digest: artifact, content: {} } }),
      recordedEvent(3, registered('churn', '1.0.0')),
    ]);
    const model = await queries(3).getModel('churn');
    if (!model.ok) throw new Error(model.rejection.detail);
    expect(api.modelView.parse(model.value)).toEqual(model.value);
    expect(model.value).toMatchObject({ model_id: 'churn', champion: null, aliases: {}, as_of_seq: 3 });
    expect(model.value.versions).toEqual([
      {
        ...{ version: '2.0.0', stage: 'development', artifact, size: 10, signature, feature_names: ['age', 'income'] },
        ...details,
        ...{ created_at: '1970-01-01T00:00:01.000Z', created_by: 'grace', event_id: uuidOf(1), seq: 1 },
      },
      expect.objectContaining({ version: '1.0.0', description: null, task: null, baseline: null, seq: 3 }),
    ]);
    expect(await queries(3).getVersion('churn', '1.0.0')).toMatchObject({ ok: true, value: { seq: 3, as_of_seq: 3 } });
  });

  it('tells the past as it was', async () => {
    await fold([
      recordedEvent(1, registered('a', '1.0.0')),
      recordedEvent(2, registered('a', '1.1.0')),
      recordedEvent(3, registered('b', '1.0.0')),
    ]);
    const past = await queries(3).getModel('a', { as_of: { seq: 1 } });
    expect(past).toMatchObject({ ok: true, value: { versions: [{ version: '1.0.0' }], as_of_seq: 1 } });
    expect(past.ok && past.value.versions.length).toBe(1);
    expect(await queries(3).listModels({ limit: 10, as_of: { at: 2_500 } })).toEqual({
      ok: true,
      value: {
        items: [
          {
            ...{ model_id: 'a', champion: null, aliases: {}, versions: 2, latest_version: '1.1.0' },
            ...{ created_at: '1970-01-01T00:00:01.000Z', updated_at: '1970-01-01T00:00:02.000Z' },
          },
        ],
        next_cursor: null,
        as_of_seq: 2,
      },
    });
    expect(await queries(3).getModel('b', { as_of: { seq: 2 } })).toEqual(refused('model_not_found'));
  });

  it('refuses what it does not know by its code', async () => {
    await fold([recordedEvent(1, registered('a', '1.0.0'))]);
    expect(await queries(1).getModel('b')).toEqual(refused('model_not_found'));
    expect(await queries(1).getVersion('b', '1.0.0')).toEqual(refused('model_not_found'));
    expect(await queries(1).getVersion('a', '9.0.0')).toEqual(refused('version_not_found'));
    expect(await queries(1).getModel('a', { as_of: { seq: 2 } })).toEqual(refused('invalid_position'));
    expect(await queries(1).getModel('a', { min_seq: 2 })).toEqual(refused('not_caught_up'));
    expect(await queries(1).listModels({ limit: 1, cursor: 'nonsense' })).toEqual(refused('invalid_cursor'));
  });

  it('walks through all models in byte order, unmoved by what is registered meanwhile', async () => {
    const names = ['a', 'B', 'a b', 'a.b', 'Z', 'z', '_', '-x'];
    const records = names.map((name, index) => recordedEvent(index + 1, registered(name, '1.0.0')));
    await fold(records);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await queries(records.length).listModels({ limit: 3, cursor });
      if (!page.ok) throw new Error(page.rejection.detail);
      expect(page.value.as_of_seq).toBe(names.length);
      seen.push(...page.value.items.map(({ model_id }) => model_id));
      cursor = page.value.next_cursor ?? undefined;
      // Between two pages: a model that the rest of the walk would meet, and a change of one.
      if (seen.length === 3) {
        records.push(recordedEvent(9, registered('c', '1.0.0')), recordedEvent(10, registered('z', '2.0.0')));
        await fold(records);
      }
    } while (cursor !== undefined);
    expect(seen).toEqual(names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  });

  it('counts events it cannot read', async () => {
    await fold([recordedEvent(1, registered('a', '1.0.0')), unknownRecord(2)]);
    expect((await digest(database, registry))?.skipped).toBe(1);
  });

  it('is the same wherever batches are cut', async () => {
    const log = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 9 })), { maxLength: 30 });
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(log, sizes, sizes, async (events, some, others) => {
        const records = events.map(([model, minor], at) => recordedEvent(at + 1, registered(model, `1.${minor}.0`)));
        await fold(records, { schema: 'registry_a', sizes: some });
        await fold(records, { schema: 'registry_b', sizes: others });
        expect(await digest(database, registry, 'registry_a')).toEqual(await digest(database, registry, 'registry_b'));
      }),
      { numRuns: 6 },
    );
  });
});
