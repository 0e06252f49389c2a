import { describe, expect, it } from '@jest/globals';
import { accept } from '#libs/kernel/index.js';
import { readSearchCursor, searchCursorOf, type Search } from '../cursor.js';
import { wineKeys, wineSchema } from '../testing/wines.js';
import { pageSql, parseOrder, type Order, type SortValues } from './sort.js';

function order(text: string): Order {
  const parsed = parseOrder(text, wineSchema);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.rejection));
  return parsed.value;
}

describe('parseOrder', () => {
  it('reads fields with and without a direction', () => {
    expect(
      order('scores."f1 score" desc,name , colour ASC').map(({ field: { name, key }, direction }) => [
        ...[name, key, direction],
      ]),
    ).toEqual([
      ['scores', 'f1 score', 'desc'],
      ['name', undefined, 'asc'],
      ['colour', undefined, 'asc'],
    ]);
  });

  it.each([
    ['', /^at character 1: expected a field \(name, .*\), found the end$/],
    ['name,', /^at character 6: expected a field .*found the end$/],
    ['name, nmae desc', /^at character 7: expected a field .*found nmae$/],
    ['name down', /^at character 6: expected asc, desc, a comma or the end, found down$/],
    ['name desc price', /^at character 11: expected a comma or the end, found price$/],
    ['name, price, name desc', /^at character 14: expected each field once, found name$/],
    ['name, price, sold, colour, grower', /^at character 28: expected at most 4 fields, found grower$/],
  ])('refuses "%s"', (text, message) => {
    expect(parseOrder(text, wineSchema)).toMatchObject({
      ok: false,
      rejection: {
        code: 'invalid_order',
        errors: [{ path: 'order_by', message: expect.stringMatching(message) as unknown }],
      },
    });
  });
});

describe('pageSql', () => {
  const page = (text: string, after?: SortValues): [ReturnType<typeof pageSql>, unknown[]] => {
    const parameters: unknown[] = ['kept'];
    const sort = { order: text === '' ? [] : order(text), keys: wineKeys };
    return [pageSql(sort, after, parameters), parameters];
  };

  it('enters an index where nothing is missing and all goes one way', () => {
    expect(page('', [7])).toEqual([
      { columns: 'w.id as sort_1', orderBy: 'w.id asc', after: '(w.id) > ($2::bigint)' },
      ['kept', 7],
    ]);
    expect(page('name', ['x', 7])).toEqual([
      {
        columns: 'w.name collate "C" as sort_1, w.id as sort_2',
        orderBy: 'w.name collate "C" asc, w.id asc',
        after: '(w.name collate "C", w.id) > ($2::text, $3::bigint)',
      },
      ['kept', 'x', 7],
    ]);
    expect(page('name desc')[0].orderBy).toBe('w.name collate "C" desc, w.id asc');
  });

  it('puts what is missing last, both ways', () => {
    expect(page('price desc', [null, 7])).toEqual([
      {
        columns: 'w.price as sort_1, w.id as sort_2',
        orderBy: 'w.price desc nulls last, w.id asc',
        after: '((w.price is null and w.id > $2::bigint))',
      },
      ['kept', 7],
    ]);
  });
});

describe('a search cursor', () => {
  const search: Search = { list: 'wines', filter: 'price > 1', order_by: 'notes.a desc, colour, price' };
  const sort = { order: order('notes.a desc, colour, price'), keys: wineKeys };
  const at = { seq: 23, after: ['ä', 2, 0.1, 7] };
  const forged = (after: unknown[]) => searchCursorOf(search, { seq: 23, after: after as SortValues });

  it('is read as it was written', () => {
    expect(readSearchCursor(search, sort, searchCursorOf(search, at))).toEqual(accept(at));
    const missing = { seq: 0, after: [null, null, null, 7] };
    expect(readSearchCursor(search, sort, searchCursorOf(search, missing))).toEqual(accept(missing));
  });

  it('stays within what a request takes, whatever the texts are', () => {
    const worst = Array.from({ length: 4 }, () => '\u0001'.repeat(128));
    expect(
      searchCursorOf(search, { seq: Number.MAX_SAFE_INTEGER, after: [...worst, 'x'.repeat(512)] }).length,
    ).toBeLessThan(6_144);
  });

  it.each([
    ['another filter', searchCursorOf({ ...search, filter: 'price > 2' }, at)],
    ['another order', searchCursorOf({ ...search, order_by: 'notes.a desc, colour, price desc' }, at)],
    ['no filter', searchCursorOf({ list: 'wines', order_by: search.order_by }, at)],
    ['another list', searchCursorOf({ ...search, list: 'beers' }, at)],
    ['too few values', forged(['ä', 2, 7])],
    ['a text for a number', forged(['ä', 2, '0.1', 7])],
    ['a number for a text', forged([1, 2, 0.1, 7])],
    ['a word beyond the enumeration', forged(['ä', 4, 0.1, 7])],
    ['a key that is missing', forged(['ä', 2, 0.1, null])],
    ['a key that is no integer', forged(['ä', 2, 0.1, 7.5])],
    ['a text that cannot be stored', forged(['\0', 2, 0.1, 7])],
    ['no JSON', 'bm9uZQ'],
    ['no cursor', Buffer.from('[1]').toString('base64url')],
  ])('is refused with %s', (_what, text) => {
    expect(readSearchCursor(search, sort, text)).toMatchObject({ ok: false, rejection: { code: 'invalid_cursor' } });
  });
});
