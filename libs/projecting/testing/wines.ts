/** For specs: a table that lists are asked of, with every type, and values that are missing. */
import fc from 'fast-check';
import type { Queryable } from '../database.js';
import type { FieldValue, FilterSchema } from '../filter/schema.js';
import type { Sort } from '../filter/sort.js';
import type { ValueOf } from './filter.js';

export interface Wine {
  readonly id: number;
  readonly name: string;
  readonly grower: string | null;
  readonly colour: string | null;
  readonly price: number | null;
  readonly sold: boolean | null;
  readonly bottled_at: string | null;
  readonly scores: Readonly<Record<string, number>>;
  readonly notes: Readonly<Record<string, string>>;
}

export const colours = ['white', 'rosé', 'red'];

export const wineSchema: FilterSchema = {
  fields: {
    name: { type: 'text', sql: 'w.name', indexed: true },
    grower: { type: 'text', sql: 'w.grower' },
    colour: { type: colours, sql: 'w.colour' },
    price: { type: 'number', sql: 'w.price' },
    sold: { type: 'boolean', sql: 'w.sold' },
    bottled_at: { type: 'instant', sql: 'w.bottled_at' },
  },
  families: {
    notes: { type: 'text', sql: (key) => `(w.notes ->> ${key})` },
    scores: {
      type: 'number',
      sql: (key) => `(select s.value from scores s where s.wine = w.id and s.key = ${key})`,
      compare: ({ key, operator, on }) => {
        const scored = `from scores s where s.wine = w.id and s.key = ${key}`;
        if (operator === 'is null') return `not exists (select ${scored})`;
        return `exists (select ${scored} and ${on('s.value')})`;
      },
    },
  },
};

export const wineKeys: Sort['keys'] = [{ sql: 'w.id', type: 'integer' }];

export const valueOf =
  (wine: Wine): ValueOf =>
  ({ name, key }) => {
    if (key === undefined) return wine[name as Exclude<keyof Wine, 'scores' | 'notes'>];
    const family: Readonly<Record<string, FieldValue>> = name === 'scores' ? wine.scores : wine.notes;
    return Object.hasOwn(family, key) ? family[key]! : null;
  };

/** Growers have a collation of their own, in which a comes before B: what a user's PostgreSQL may have as its default. */
export async function createWines(database: Queryable): Promise<void> {
  await database.query(
    `create table wines (id bigint primary key, name text collate "C" not null, grower text collate "und-x-icu", colour text,
       price double precision, sold boolean, bottled_at text, notes jsonb not null)`,
  );
  await database.query('create table scores (wine bigint, key text, value double precision, primary key (wine, key))');
}

export async function putWines(database: Queryable, wines: readonly Wine[]): Promise<void> {
  await database.query('delete from wines; delete from scores');
  await database.query(
    `insert into wines select * from jsonb_to_recordset($1::jsonb) as w (id bigint, name text, grower text, colour text,
       price double precision, sold boolean, bottled_at text, notes jsonb)`,
    [JSON.stringify(wines)],
  );
  await database.query(
    `insert into scores select w.id, s.key, s.value::double precision
     from jsonb_to_recordset($1::jsonb) as w (id bigint, scores jsonb), jsonb_each_text(w.scores) s`,
    [JSON.stringify(wines)],
  );
}

/** Texts that differ in case, in the order of bytes and of UTF-16 units (U+E000 and U+1F377), and signs of patterns. */
export const words = ['', 'a', 'A', 'b', 'ä', 'Ä', '\ue000', '🍷', 'İ', 'a%', 'a_b', '\\', 'a\nb', "'", '"', '$1'];
export const word = fc.oneof(
  fc.constantFrom(...words),
  fc.string({ unit: fc.constantFrom('a', 'B', 'ß', '🍷', '%', '_', '\\'), maxLength: 5 }),
  // Beyond the length that text is sorted by.
  fc.constantFrom('a', '🍷').map((unit) => unit.repeat(128) + unit),
  fc.constantFrom('a', '🍷').map((unit) => `${unit.repeat(128)}A`),
);
export const price = fc.oneof(fc.constantFrom(0, -0, 1, 0.1, 1e300, 5e-324), fc.integer({ min: -2, max: 2 }));
export const instant = fc.integer({ min: 0, max: 3 }).map((day) => `2026-11-0${day + 1}T00:00:00.000Z`);
export const scoreKeys = ['auc', 'f1 score', 'a.b', '"', '`', 'constructor'];

export const wines: fc.Arbitrary<Wine[]> = fc
  .array(
    fc.record({
      name: fc.oneof(
        fc.constantFrom('a', 'B', 'ä', '🍷'),
        fc.string({ maxLength: 3, unit: fc.constantFrom('a', 'b') }),
      ),
      grower: fc.option(word),
      colour: fc.option(fc.constantFrom(...colours)),
      price: fc.option(price),
      sold: fc.option(fc.boolean()),
      bottled_at: fc.option(instant),
      scores: fc.dictionary(fc.constantFrom(...scoreKeys), price, { maxKeys: 4, noNullPrototype: true }),
      notes: fc.dictionary(fc.constantFrom(...scoreKeys), word, { maxKeys: 3, noNullPrototype: true }),
    }),
    { maxLength: 12 },
  )
  .map((rows) => rows.map((row, id) => ({ ...row, id })));
