import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { api, championAlias, type ModelEvent } from '#libs/contracts/index.js';
import { parseFilter, parseOrder, type Field, type FieldValue, type SearchAt } from '#libs/projecting/index.js';
import { inOrder, matches, type ValueOf } from '#libs/projecting/testing/filter.js';
import { recordedEvent } from '#libs/projecting/testing/recorded-events.js';
import * as events from '../testing/events.js';
import { registered } from '../testing/events.js';
import { actors, models, randomLog, words } from '../testing/random-log.js';
import { answered, registryDatabase, type RegistryDatabase } from '../testing/registry-database.js';
import { versionFilter, versionOrder } from './fields.js';

let read: RegistryDatabase;
beforeAll(async () => {
  read = await registryDatabase('search');
});
afterAll(() => read.drop());

const fold = (log: readonly ModelEvent[]): Promise<void> =>
  read.fold(log.map((event, index) => recordedEvent(index + 1, event)));

async function modelsWith(at: Partial<SearchAt>, lastSeq = 1_000): Promise<string[]> {
  const list = await answered(read.queries(lastSeq).listModels({ limit: 50, ...at }));
  expect(api.modelList.parse(list)).toEqual(list);
  return list.items.map(({ model_id }) => model_id);
}

async function versionsWith(at: Partial<SearchAt> & { model?: string }, lastSeq = 1_000): Promise<string[]> {
  const list = await answered(read.queries(lastSeq).listVersions({ limit: 50, ...at }));
  expect(api.versionList.parse(list)).toEqual(list);
  return list.items.map(({ model_id, version }) => `${model_id}@${version}`);
}

const refusedFor = (code: string) => ({ ok: false, rejection: expect.objectContaining({ code }) as unknown });

describe('lists', () => {
  const log = [
    registered('a', '1.9.0', { metrics: { auc: 0.8 }, tags: { 'the team': 'x'.repeat(200) }, size: 5 }),
    registered('a', '1.10.0', { metrics: { auc: 0.9 }, hyperparameters: { depth: 3, kind: 'gini', warm: true } }),
    registered('b', '1.0.0', { metrics: { auc: 0.95, f1: 0.1 }, lineage: { dataset: 'wine@2' } }),
    ...events.crowned('a', '1.9.0'),
    events.evaluated('b', '1.0.0', { dataset: 'd', metrics: { auc: 0.7, f1: 0.5 } }),
    events.evaluated('b', '1.0.0', { dataset: 'e', metrics: { auc: 0.6 } }),
    ...events.crowned('a', '1.10.0', '1.9.0'),
    events.aliasSet('b', 'best', '1.0.0'),
    events.archived('b', '1.0.0', ['best']),
  ];

  it('show a model of which one version satisfies the whole filter', async () => {
    await fold(log);
    expect(await modelsWith({})).toEqual(['a', 'b']);
    expect(await modelsWith({ filter: 'metrics.auc > 0.85' })).toEqual(['a', 'b']);
    // Each half is true of a version of a, but not both of one.
    expect(await modelsWith({ filter: 'metrics.auc < 0.85 and stage = "production"' })).toEqual([]);
    expect(await modelsWith({ filter: 'metrics.auc < 0.85 and stage = "production"', as_of: { seq: 5 } })).toEqual([
      'a',
    ]);
    expect(await modelsWith({ filter: 'not metrics.auc > 0.85' })).toEqual(['a']);
    const list = await answered(read.queries(1_000).listModels({ limit: 1, as_of: { seq: 3 } }));
    expect(list.items).toEqual([
      {
        ...{ model_id: 'a', champion: null, aliases: {}, versions: 2, latest_version: '1.10.0' },
        ...{ created_at: '1970-01-01T00:00:01.000Z', updated_at: '1970-01-01T00:00:02.000Z' },
      },
    ]);
  });

  it.each<[string, number, string[]]>([
    ['name = "b"', 11, ['b@1.0.0']],
    ['version = "1.9.0"', 11, ['a@1.9.0']],
    ['version > "1.9.0"', 11, ['a@1.10.0']],
    ['stage = "production"', 5, ['a@1.9.0']],
    ['stage = "production"', 11, ['a@1.10.0']],
    ['stage in ("staging", "production")', 11, ['a@1.9.0', 'a@1.10.0']],
    ['champion = true', 9, ['a@1.10.0']],
    ['champion = false', 9, ['a@1.9.0', 'b@1.0.0']],
    ['archived = true', 10, []],
    ['archived = true', 11, ['b@1.0.0']],
    ['alias = "best"', 10, ['b@1.0.0']],
    ['alias = "best"', 11, []],
    ['alias = "champion"', 11, ['a@1.10.0']],
    ['alias is null', 10, ['a@1.9.0']],
    ['dataset = "wine@2"', 11, ['b@1.0.0']],
    ['dataset is null', 11, ['a@1.9.0', 'a@1.10.0']],
    ['size < 10', 11, ['a@1.9.0']],
    ['created_at >= "1970-01-01T00:00:03Z"', 11, ['b@1.0.0']],
    ['updated_at > "1970-01-01T00:00:09Z"', 11, ['b@1.0.0']],
    ['updated_at > "1970-01-01T00:00:05Z"', 7, ['b@1.0.0']],
    ['metrics.auc >= 0.9', 2, ['a@1.10.0']],
    ['metrics.f1 is not null', 11, ['b@1.0.0']],
    ['metrics.f1 is null', 11, ['a@1.9.0', 'a@1.10.0']],
    ['evaluations.auc = 0.7', 6, ['b@1.0.0']],
    ['evaluations.auc = 0.7', 7, []],
    ['evaluations.auc = 0.6 and evaluations.f1 = 0.5', 7, ['b@1.0.0']],
    [`tags."the team" = "${'x'.repeat(200)}"`, 11, ['a@1.9.0']],
    [`tags."the team" = "${'x'.repeat(199)}y"`, 11, []],
    ['hyperparameters.kind = "gini"', 11, ['a@1.10.0']],
    ['hyperparameters.depth between 2 and 3', 11, ['a@1.10.0']],
    ['hyperparameters.depth = "3"', 11, []],
    ['hyperparameters.warm = true', 11, ['a@1.10.0']],
    ['metrics.auc > 0.94 or tags."the team" like "xx%"', 11, ['a@1.9.0', 'b@1.0.0']],
  ])('of versions with %s as of %i', async (filter, seq, expected) => {
    await fold(log);
    expect(await versionsWith({ filter, as_of: { seq } })).toEqual(expected);
    const listed = [...new Set(expected.map((each) => each.split('@')[0]!))];
    expect(await modelsWith({ filter, as_of: { seq } })).toEqual(listed);
  });

  it('are ordered as asked', async () => {
    await fold(log);
    expect(await versionsWith({ order_by: 'metrics.auc desc' })).toEqual(['b@1.0.0', 'a@1.10.0', 'a@1.9.0']);
    expect(await versionsWith({ order_by: 'version desc' })).toEqual(['a@1.10.0', 'a@1.9.0', 'b@1.0.0']);
    expect(await versionsWith({ order_by: 'stage desc, name' })).toEqual(['a@1.10.0', 'a@1.9.0', 'b@1.0.0']);
    expect(await modelsWith({ order_by: 'updated_at desc' })).toEqual(['b', 'a']);
    expect(await modelsWith({ order_by: 'created_at desc', filter: 'size > 0' })).toEqual(['b', 'a']);
    expect(await versionsWith({ model: 'a', order_by: 'metrics.auc' })).toEqual(['a@1.9.0', 'a@1.10.0']);
  });

  it('refuse what they cannot read', async () => {
    await fold(log);
    const queries = read.queries(1_000);
    expect(await queries.listModels({ limit: 1, filter: 'metrics.auc > "x"' })).toEqual(refusedFor('invalid_filter'));
    expect(await queries.listVersions({ limit: 1, filter: 'colour = "red"' })).toEqual(refusedFor('invalid_filter'));
    expect(await queries.listModels({ limit: 1, order_by: 'metrics.auc' })).toEqual(refusedFor('invalid_order'));
    expect(await queries.listModels({ limit: 1, cursor: 'nonsense' })).toEqual(refusedFor('invalid_cursor'));
    expect(await queries.listVersions({ limit: 1, model: 'c' })).toEqual(refusedFor('model_not_found'));
    const page = await answered(queries.listModels({ limit: 1 }));
    const cursor = page.next_cursor!;
    expect(await queries.listModels({ limit: 1, cursor, filter: 'size > 0' })).toEqual(refusedFor('invalid_cursor'));
    expect(await queries.listVersions({ limit: 1, cursor })).toEqual(refusedFor('invalid_cursor'));
  });

  it('walk through all models in byte order, unmoved by what is registered meanwhile', async () => {
    const names = ['a', 'B', 'a b', 'a.b', 'Z', 'z', '_', '-x'];
    const many = names.map((name) => registered(name, '1.0.0'));
    for (const filter of [undefined, 'size > 0', 'created_by = "ada"']) {
      await fold(many);
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await answered(read.queries(10).listModels({ limit: 3, cursor, filter }));
        expect(page.as_of_seq).toBe(names.length);
        seen.push(...page.items.map(({ model_id }) => model_id));
        cursor = page.next_cursor ?? undefined;
        // Between two pages: a model that the rest of the walk would meet, and a change of one.
        if (seen.length === 3) await fold([...many, registered('c', '1.0.0'), registered('z', '2.0.0')]);
      } while (cursor !== undefined);
      expect(seen).toEqual(names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    }
  });

  it('are whole whichever way they are found: by a walk, by an index, among all versions', async () => {
    // More models than are walked through; every 31st is found by the filters.
    const count = 1_300;
    const name = (index: number): string => `model ${String(index).padStart(4, '0')}`;
    await fold(
      Array.from({ length: count }, (_, index) =>
        registered(name(index), '1.0.0', index % 31 === 7 ? { metrics: { auc: 1 }, description: 'rare', size: 7 } : {}),
      ),
    );
    const rare = Array.from({ length: count }, (_, index) => index).filter((index) => index % 31 === 7);
    for (const filter of ['metrics.auc = 1', 'size = 7', 'size != 7', 'not size = 7 or metrics.auc = 1']) {
      const expected = filter.includes('!=') ? null : filter.includes('or') ? null : rare.map(name);
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await answered(read.queries(count).listModels({ limit: 16, cursor, filter }));
        seen.push(...page.items.map(({ model_id }) => model_id));
        cursor = page.next_cursor ?? undefined;
      } while (cursor !== undefined && seen.length < 200);
      if (expected !== null) expect(seen).toEqual(expected);
      else expect(seen).toEqual([...new Set(seen)].sort());
    }
  });

  it('of versions are whole in every order, past the steps of a walk and past the versions without the metric', async () => {
    // Many have the same value, so that a page ends among equals; every 7th has none.
    const count = 1_500;
    const all = Array.from({ length: count }, (_, index) => ({
      model: `model ${String((index * 701) % count).padStart(4, '0')}`,
      auc: index % 7 === 3 ? null : (index % 5) / 10,
      size: index % 300 === 8 ? 7 : 1,
      seq: index + 1,
    }));
    await fold(
      all.map(({ model, auc, size }) => registered(model, '1.0.0', { size, metrics: auc === null ? {} : { auc } })),
    );
    const byName = (a: { model: string }, b: { model: string }): number => (a.model < b.model ? -1 : 1);
    const orders: [string | undefined, (a: (typeof all)[number], b: (typeof all)[number]) => number][] = [
      [undefined, byName],
      ['name desc', (a, b) => byName(b, a)],
      ['metrics.auc desc', (a, b) => (b.auc ?? -1) - (a.auc ?? -1) || byName(a, b)],
      ['metrics.auc', (a, b) => (a.auc ?? 2) - (b.auc ?? 2) || byName(a, b)],
    ];
    const filters: [string | undefined, (each: (typeof all)[number]) => boolean][] = [
      [undefined, () => true],
      ['size = 7', ({ size }) => size === 7],
      ['not metrics.auc > 0.3', ({ auc }) => auc === null || auc <= 0.3],
      ['name like "model 07%"', ({ model }) => model.startsWith('model 07')],
      ['name like "%99"', ({ model }) => model.endsWith('99')],
    ];
    for (const [order_by, compare] of orders)
      for (const [filter, holds] of filters)
        for (const seq of [count, 900]) {
          const seen: string[] = [];
          let cursor: string | undefined;
          do {
            const at = { limit: 200, cursor, filter, order_by, as_of: { seq } };
            const page = await answered(read.queries(count).listVersions(at));
            seen.push(...page.items.map(({ model_id }) => model_id));
            cursor = page.next_cursor ?? undefined;
          } while (cursor !== undefined);
          const expected = all.filter((each) => each.seq <= seq && holds(each)).toSorted(compare);
          expect([order_by, filter, seen]).toEqual([order_by, filter, expected.map(({ model }) => model)]);
        }
  });

  it('are at any past sequence what the filter and order say of the versions that stood then', async () => {
    await fc.assert(
      fc.asyncProperty(
        randomLog({ minLength: 25, maxLength: 60 }),
        fc.array(fc.tuple(condition, order), { minLength: 6, maxLength: 6 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async ({ records }, asked, where) => {
          fc.pre(records.length > 0);
          await read.fold(records);
          const seq = Math.max(1, Math.ceil(where * records.length));
          const rows = await versionsAt(seq, records.length);
          for (const [filter, order_by] of asked) {
            const parsed = parseFilter(filter, versionFilter);
            const sorted = parseOrder(order_by, versionOrder);
            if (!parsed.ok || !sorted.ok) throw new Error(`${filter} or ${order_by} cannot be read`);
            const expected = rows
              .filter(({ valueOf }) => matches(parsed.value, valueOf))
              .toSorted(inOrder({ order: sorted.value }));
            const found = await versionsWith({ filter, order_by, as_of: { seq } }, records.length);
            expect([filter, found]).toEqual([filter, expected.map(({ name }) => name)]);
            const listed = [...new Set(expected.map(({ name }) => name.split('@')[0]!))];
            expect(await modelsWith({ filter, as_of: { seq } }, records.length)).toEqual(bytewise(listed));
          }
        },
      ),
      { numRuns: 12 },
    );
  });
});

const quoted = (text: string): string => `"${text}"`;
const word = fc.constantFrom(...words).map(quoted);
const compared = fc.constantFrom('=', '!=', '<', '>=');
const phrase = (...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((written) => written.join(' '));
const number = fc.constantFrom('0', '0.5', '-1', '7');
const comparison = fc.oneof(
  phrase(fc.constantFrom('metrics.auc', 'metrics."f1 score"', 'evaluations.auc', 'size'), compared, number),
  phrase(fc.constantFrom('tags.team', 'description', 'hyperparameters.kind', 'task', 'dataset'), compared, word),
  phrase(
    fc.constantFrom('metrics.auc', 'tags.team', 'description', 'evaluations.auc'),
    fc.constantFrom('is null', 'is not null'),
  ),
  phrase(
    fc.constant('stage'),
    fc.constantFrom('=', '!='),
    fc.constantFrom('development', 'staging', 'production').map(quoted),
  ),
  phrase(fc.constantFrom('champion', 'archived'), fc.constant('='), fc.constantFrom('true', 'false')),
  phrase(fc.constant('hyperparameters.depth'), compared, number),
  phrase(fc.constant('hyperparameters.shuffled ='), fc.constantFrom('true', 'false')),
  phrase(fc.constant('created_by ='), fc.constantFrom(...actors).map(quoted)),
  phrase(fc.constant('name ='), fc.constantFrom(...models).map(quoted)),
  phrase(
    fc.constantFrom('updated_at', 'created_at'),
    compared,
    fc.integer({ min: 1, max: 60 }).map((s) => quoted(new Date(1_000 * s).toISOString())),
  ),
);
const condition = fc.oneof(
  comparison,
  phrase(comparison, fc.constantFrom('and', 'or'), comparison),
  phrase(fc.constant('not ('), comparison, fc.constantFrom('and', 'or'), comparison, fc.constant(')')),
);
const order = fc.constantFrom(
  'name',
  'metrics.auc desc',
  'stage, size desc',
  'updated_at desc',
  'tags.team, created_at desc',
  'evaluations.auc',
);

interface VersionAt {
  readonly name: string;
  readonly valueOf: ValueOf;
  readonly keys: readonly (string | number)[];
}

/** Every version of every model as it was told one by one. */
async function versionsAt(seq: number, lastSeq: number): Promise<VersionAt[]> {
  const told = await Promise.all(models.map((model) => read.queries(lastSeq).getModel(model, { as_of: { seq } })));
  return told
    .flatMap((answer) => (answer.ok ? [answer.value] : []))
    .flatMap(({ model_id, champion, versions }) =>
      versions.map((version) => ({
        name: `${model_id}@${version.version}`,
        valueOf: (field: Pick<Field, 'name' | 'key'>) => valueOf(model_id, champion, version, field),
        keys: [model_id, version.seq],
      })),
    );
}

function valueOf(
  model: string,
  champion: string | null,
  version: api.VersionView,
  { name, key = '' }: Pick<Field, 'name' | 'key'>,
): FieldValue | null {
  switch (name) {
    case 'name':
      return model;
    case championAlias:
      return version.version === champion;
    case 'metrics':
      return version.metrics[key] ?? null;
    case 'tags':
      return version.tags[key] ?? null;
    case 'hyperparameters':
      return (version.hyperparameters[key] as FieldValue | undefined) ?? null;
    case 'evaluations':
      return version.evaluations.findLast(({ metrics }) => key in metrics)?.metrics[key] ?? null;
    case 'dataset':
      return version.lineage.dataset ?? null;
    default:
      return version[
        name as 'size' | 'stage' | 'archived' | 'description' | 'task' | 'created_by' | 'created_at' | 'updated_at'
      ];
  }
}

const bytewise = (names: readonly string[]): string[] =>
  names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
