import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createDatabase, type DatabaseHandle } from '#tests/support/postgres.js';
import { readSearchCursor, searchCursorOf } from '../cursor.js';
import { openDatabase, type Database } from '../database.js';
import { inOrder, matches } from '../testing/filter.js';
import * as cellar from '../testing/wines.js';
import { filterSql } from './filter-sql.js';
import { parseFilter, type Filter } from './parse-filter.js';
import { pageSql, parseOrder, sortValuesOf, type Order } from './sort.js';

let testDatabase: DatabaseHandle;
let database: Database;

beforeAll(async () => {
  testDatabase = await createDatabase('filter');
  database = openDatabase({ url: testDatabase.url, applicationName: 'spec' });
  await cellar.createWines(database);
});
afterAll(async () => {
  await database.end();
  await testDatabase.drop();
});

const quoted = (text: string): string =>
  `"${text
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', '""')
    .replaceAll('\n', String.raw`\n`)}"`;
const segment = (key: string): string => `"${key.replaceAll('"', '""')}"`;

const key = fc.constantFrom(...cellar.scoreKeys);
const field = {
  text: fc.oneof(
    fc.constantFrom('name', 'grower'),
    key.map((name) => `notes.${segment(name)}`),
  ),
  number: fc.oneof(
    fc.constant('price'),
    key.map((name) => `scores.${segment(name)}`),
  ),
};
const value = {
  text: cellar.word.map(quoted),
  number: cellar.price.map((number) => JSON.stringify(number)),
  instant: cellar.instant.map(quoted),
  colour: fc.constantFrom(...cellar.colours).map(quoted),
  sold: fc.constantFrom('true', 'FALSE'),
};
/** A pattern that does not end within an escape. */
const pattern = cellar.word.filter((text) => /\\*$/.exec(text)![0].length % 2 === 0).map(quoted);

const negation = fc.constantFrom('', 'not ');
const equal = fc.constantFrom('=', '!=');
const relation = fc.constantFrom('=', '!=', '<', '<=', '>', '>=');
const phrase = (...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((words) => words.join(' '));
const word = (text: string): fc.Arbitrary<string> => fc.constant(text);
const asked = (of: fc.Arbitrary<string>, values: fc.Arbitrary<string>, operator: fc.Arbitrary<string>) =>
  fc.oneof(
    phrase(of, operator, values),
    phrase(of, negation, word('in ('), fc.array(values, { minLength: 1, maxLength: 3 }).map(String), word(')')),
    phrase(of, word('is'), negation, word('null')),
  );
const range = (of: fc.Arbitrary<string>, values: fc.Arbitrary<string>) =>
  phrase(of, negation, word('between'), values, word('and'), values);

const comparison = fc.oneof(
  asked(field.text, value.text, relation),
  asked(field.number, value.number, relation),
  asked(word('bottled_at'), value.instant, relation),
  asked(word('colour'), value.colour, equal),
  asked(word('sold'), value.sold, equal),
  phrase(field.text, negation, fc.constantFrom('like', 'ilike'), pattern),
  range(field.text, value.text),
  range(field.number, value.number),
);

const { filter } = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    comparison,
    phrase(word('('), tie('filter'), fc.constantFrom('and', 'or'), tie('filter'), word(')')),
    phrase(word('not ('), tie('filter'), word(')')),
  ),
}));

const order = fc
  .uniqueArray(fc.oneof(field.text, field.number, fc.constantFrom('name', 'colour', 'sold', 'bottled_at')), {
    ...{ minLength: 0, maxLength: 4 },
  })
  .chain((fields) => fc.tuple(...fields.map((name) => phrase(word(name), fc.constantFrom('', 'asc', 'desc')))))
  .map((terms) => terms.join(', '));

function filterOf(text: string): Filter {
  const parsed = parseFilter(text, cellar.wineSchema);
  if (!parsed.ok) throw new Error(`${text}: ${JSON.stringify(parsed.rejection)}`);
  return parsed.value;
}

function orderOf(text: string): Order {
  const parsed = text === '' ? { ok: true as const, value: [] } : parseOrder(text, cellar.wineSchema);
  if (!parsed.ok) throw new Error(`${text}: ${JSON.stringify(parsed.rejection)}`);
  return parsed.value;
}

async function found(filter: Filter): Promise<number[]> {
  const parameters: unknown[] = [];
  const where = filterSql(filter, parameters);
  const { rows } = await database.query<{ id: number }>(
    `select id from wines w where ${where} order by id`,
    parameters,
  );
  return rows.map(({ id }) => id);
}

const inMemory = (filter: Filter, wines: readonly cellar.Wine[]): number[] =>
  wines.filter((wine) => matches(filter, cellar.valueOf(wine))).map(({ id }) => id);

describe('PostgreSQL and memory', () => {
  it('agree on every filter', async () => {
    await fc.assert(
      fc.asyncProperty(cellar.wines, fc.array(filter, { minLength: 1, maxLength: 8 }), async (wines, filters) => {
        await cellar.putWines(database, wines);
        for (const text of filters) {
          const parsed = filterOf(text);
          expect([text, await found(parsed)]).toEqual([text, inMemory(parsed, wines)]);
        }
      }),
      { numRuns: 150 },
    );
  }, 120_000);

  it('agree on every order, page by page through cursors', async () => {
    await fc.assert(
      fc.asyncProperty(cellar.wines, filter, order, fc.integer({ min: 1, max: 5 }), async (wines, text, by, limit) => {
        await cellar.putWines(database, wines);
        const [parsed, sort] = [filterOf(text), { order: orderOf(by), keys: cellar.wineKeys }];
        const compare = inOrder(sort);
        const sorted = wines
          .filter((wine) => matches(parsed, cellar.valueOf(wine)))
          .map((wine) => ({ valueOf: cellar.valueOf(wine), keys: [wine.id] }))
          .sort(compare)
          .map(({ keys }) => keys[0]);
        expect(await walk({ text, by, limit })).toEqual(sorted);
      }),
      { numRuns: 100 },
    );
  }, 120_000);
});

describe('text', () => {
  const wine = { id: 0, name: 'a', colour: null, price: null, sold: null, bottled_at: null, scores: {}, notes: {} };

  it.each([
    ['a', '< "B"', false],
    ['B', '< "a"', true],
    ['\ue000', '< "🍷"', true],
    ['Ä', 'ilike "ä"', false],
    ['AB', 'ilike "ab"', true],
    ['🍷', 'like "_"', true],
    ['a%b', String.raw`like "a\\%b"`, true],
    ['axb', String.raw`like "a\\%b"`, false],
    ['a\nb', 'like "a_b"', true],
  ])('%j %s: %s', async (grower, asked, expected) => {
    const wines = [{ ...wine, grower }];
    await cellar.putWines(database, wines);
    expect(await found(filterOf(`grower ${asked}`))).toEqual(expected ? [0] : []);
    expect(inMemory(filterOf(`grower ${asked}`), wines)).toEqual(expected ? [0] : []);
  });
});

describe('a value that is missing', () => {
  const wine = { id: 0, name: 'a', colour: null, price: null, sold: null, bottled_at: null, scores: {}, notes: {} };

  it.each([
    ['grower = "a"', false],
    ['grower != "a"', false],
    ['grower not in ("a")', false],
    ['grower not like "a"', false],
    ['scores.auc not between 1 and 2', false],
    ['scores.auc != 1', false],
    ['not grower = "a"', true],
    ['not not grower = "a"', false],
    ['not (grower = "a" and name = "a")', true],
    ['not (grower = "a" or name = "a")', false],
    ['not scores.auc > 1', true],
    ['grower is null and scores.auc is null', true],
    ['not (grower is not null or scores.auc is not null)', true],
  ])('%s: %s', async (text, expected) => {
    const wines = [{ ...wine, grower: null }];
    await cellar.putWines(database, wines);
    expect(await found(filterOf(text))).toEqual(expected ? [0] : []);
    expect(inMemory(filterOf(text), wines)).toEqual(expected ? [0] : []);
  });
});

/** All rows of a search, through the cursors of its pages. */
async function walk({ text, by, limit }: { text: string; by: string; limit: number }): Promise<number[]> {
  const search = { list: 'wines', filter: text, order_by: by };
  const sort = { order: orderOf(by), keys: cellar.wineKeys };
  const ids: number[] = [];
  for (let cursor: string | undefined; ;) {
    const from = cursor === undefined ? undefined : readSearchCursor(search, sort, cursor);
    if (from !== undefined && !from.ok) throw new Error(from.rejection.detail);
    const parameters: unknown[] = [];
    const page = pageSql(sort, from?.value.after, parameters);
    const { rows } = await database.query<{ id: number }>(
      `select id, ${page.columns} from wines w where ${page.after} and ${filterSql(filterOf(text), parameters)}
       order by ${page.orderBy} limit ${limit}`,
      parameters,
    );
    ids.push(...rows.map(({ id }) => id));
    const last = rows.at(-1);
    if (last === undefined || ids.length > 12) return ids;
    cursor = searchCursorOf(search, { seq: 1, after: sortValuesOf(sort, { ...last }) });
  }
}
