import { describe, expect, it } from '@jest/globals';
import { filterSql } from './filter-sql.js';
import { filterLimits, parseFilter } from './parse-filter.js';
import { wineSchema } from '../testing/wines.js';

/** SQL and parameters of a filter. */
function compiled(text: string): [string, unknown[]] {
  const parsed = parseFilter(text, wineSchema);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.rejection));
  const parameters: unknown[] = [];
  return [filterSql(parsed.value, parameters), parameters];
}

/** What a refusal says; undefined where the filter is taken. */
function refusal(text: string): string | undefined {
  const parsed = parseFilter(text, wineSchema);
  if (parsed.ok) return undefined;
  const { code, errors } = parsed.rejection;
  expect([code, errors?.length, errors?.[0]?.path]).toEqual(['invalid_filter', 1, 'filter']);
  return errors?.[0]?.message;
}

describe('parseFilter', () => {
  it('binds not before and, and before or; parentheses before all', () => {
    expect(compiled('sold = true or not sold = false and price > 1')).toEqual([
      '((w.sold = $1::boolean) or (((w.sold = $2::boolean) is not true) and (w.price > $3::double precision)))',
      [true, false, 1],
    ]);
    expect(compiled('(sold = true or price > 1) AND NOT (price > 2)')[0]).toBe(
      '(((w.sold = $1::boolean) or (w.price > $2::double precision)) and ((w.price > $3::double precision) is not true))',
    );
  });

  it.each([
    [
      'price BETWEEN -1 AND 2.5e1',
      '((w.price >= $1::double precision) and (w.price <= $2::double precision))',
      [-1, 25],
    ],
    ['price not between 1 and 2', '((w.price < $1::double precision) or (w.price > $2::double precision))', [1, 2]],
    ['colour in ("red",\'white\')', '(w.colour = any ($1::text[]))', [['red', 'white']]],
    ['price not in (1, 2)', '(w.price <> all ($1::double precision[]))', [[1, 2]]],
    ['grower is null', '(w.grower is null)', []],
    ['grower Is Not Null', '(w.grower is not null)', []],
    ['name>="a"', '(w.name collate "C" >= $1::text)', ['a']],
    ['name not like "a%"', '(w.name collate "C" not like $1::text)', ['a%']],
    ['name ilike "a%"', '(lower(w.name collate "C") like lower($1::text collate "C"))', ['a%']],
    ['notes.by = "x"', '((w.notes ->> $1::text) = $2::text)', ['by', 'x']],
    ['notes."f1 ""score""" = "x"', '((w.notes ->> $1::text) = $2::text)', ['f1 "score"', 'x']],
    ['notes.`team ``x`` name` = "x"', '((w.notes ->> $1::text) = $2::text)', ['team `x` name', 'x']],
    ['notes.a.1st-b."c d" = "x"', '((w.notes ->> $1::text) = $2::text)', ['a.1st-b.c d', 'x']],
    ['notes.in = "x"', '((w.notes ->> $1::text) = $2::text)', ['in', 'x']],
    [
      'bottled_at < "2026-11-23T13:00:00.5+01:00"',
      '(w.bottled_at collate "C" < $1::text)',
      ['2026-11-23T12:00:00.500Z'],
    ],
  ])('reads %s', (text, sql, parameters) => {
    expect(compiled(text)).toEqual([sql, parameters]);
  });

  it('lets a family compile its comparisons in its own way', () => {
    expect(compiled('scores.auc > 0.9')).toEqual([
      '(exists (select from scores s where s.wine = w.id and s.key = $1::text and s.value > $2::double precision))',
      ['auc', 0.9],
    ]);
    expect(compiled('scores.auc is null')[0]).toMatch(/^\(not exists/);
  });

  it.each([
    [String.raw`"it's \"so\" \\ \n\u00e4"`, `it's "so" \\ \n\u00e4`],
    [`'it''s "so"'`, `it's "so"`],
    [`"say ""so"""`, 'say "so"'],
    ['"$1 ; drop table wines --"', '$1 ; drop table wines --'],
    ['""', ''],
    [String.raw`"\ud83c\udf77"`, '🍷'],
  ])('reads the text %s, which goes to a parameter', (written, value) => {
    expect(compiled(`grower = ${written}`)).toEqual(['(w.grower = $1::text)', [value]]);
  });

  it('says where it stopped, what it expected and what it found', () => {
    const fields = 'name, grower, colour, price, sold, bottled_at, notes.…, scores.…';
    expect(refusal('')).toBe(`at character 1: expected a field (${fields}), not, or (, found the end`);
    expect(refusal('nmae = "a"')).toBe(`at character 1: expected a field (${fields}), found nmae`);
    expect(refusal('constructor = "a"')).toBe(`at character 1: expected a field (${fields}), found constructor`);
    expect(refusal('scores > 1')).toBe(`at character 1: expected a field (${fields}), found scores`);
    expect(refusal('0.9 < price')).toBe(`at character 1: expected a field (${fields}), not, or (, found 0.9`);
    expect(refusal('scores.auc > "abc"')).toBe('at character 14: expected a number, found "abc"');
    expect(refusal('name = "🍷" and price = abc')).toBe('at character 24: expected a number, found abc');
  });

  it.each([
    ['colour = "blue"', 'at character 10: expected one of "white", "rosé", "red", found "blue"'],
    ['colour in ("red", "blue")', 'at character 19: expected one of "white", "rosé", "red", found "blue"'],
    ['colour < "red"', 'at character 8: expected one of =, !=, in, not in, is null, is not null, found <'],
    ['sold like "a"', 'at character 6: expected one of =, !=, in, not in, is null, is not null, found like'],
    [
      'colour not between "a" and "b"',
      'at character 8: expected one of =, !=, in, not in, is null, is not null, found not',
    ],
    ['sold = "true"', 'at character 8: expected true or false, found "true"'],
    ['name = 5', 'at character 8: expected text in quotes, found 5'],
    ['name = abc', 'at character 8: expected text in quotes, found abc'],
    ['name = null', 'at character 8: expected text in quotes (what is missing is found with is null), found null'],
    ['price == 5', 'at character 8: expected a number, found ='],
    ['price <> 5', 'at character 8: expected a number, found >'],
    ['price = 05', 'at character 9: expected a number as JSON writes it, found 05'],
    ['price = 5.', 'at character 9: expected a number as JSON writes it, found 5.'],
    ['price = 1e999', 'at character 9: expected a number of at most 1.7976931348623157e308, found 1e999'],
    ['price in ()', 'at character 11: expected a number, found )'],
    ['price in (1 2)', 'at character 13: expected a comma or ), found 2'],
    ['price in 1', 'at character 10: expected (, found 1'],
    ['price between 1 or 2', 'at character 17: expected and, found or'],
    ['price is 5', 'at character 10: expected null or not null, found 5'],
    ['price is not 5', 'at character 14: expected null, found 5'],
    ['price > 1 sold = true', 'at character 11: expected and, or, or the end, found sold'],
    ['(price > 1', 'at character 11: expected and, or, or ), found the end'],
    ['price > 1)', 'at character 10: expected and, or, or the end, found )'],
    ['name = "abc', 'at character 8: expected text that ends with ", found "abc'],
    [
      'name = "a" and notes. x = "b"',
      'at character 22: expected a name, in "…" or `…` where it is not one word, found  ',
    ],
    ['notes."" = "b"', 'at character 7: expected a name, in "…" or `…` where it is not one word, found "'],
    ['price # 5', 'at character 7: expected a field, a value or an operator, found #'],
    [String.raw`name like "a\%"`, String.raw`at character 13: expected \\, \", \', \n, \r, \t or \uXXXX, found \%`],
    [
      String.raw`name like "a\\"`,
      String.raw`at character 11: expected a pattern that ends in no single \, found "a\\"`,
    ],
    [
      String.raw`name = "\ud83c"`,
      String.raw`at character 8: expected text without U+0000 and without half a surrogate pair, found "\ud83c"`,
    ],
    ['name = "a\0"', 'at character 8: expected text without U+0000 and without half a surrogate pair, found "a\ufffd"'],
    [`name = ${'x'.repeat(99)}`, `at character 8: expected text in quotes, found ${'x'.repeat(40)}…`],
  ])('refuses %s', (text, message) => {
    expect(refusal(text)).toBe(message);
  });

  it.each([
    '2026-11-23',
    '2026-11-23T12:00:00',
    '2026-13-01T00:00:00Z',
    '2026-11-23T12:00:00.0005Z',
    '9999-12-31T23:59:59-01:00',
  ])('refuses %s as an instant', (instant) => {
    expect(refusal(`bottled_at = "${instant}"`)).toMatch(/^at character 14: expected an instant to the millisecond/);
  });

  it('is bounded in depth, in comparisons and in values', () => {
    const nested = (levels: number) => `${'('.repeat(levels)}price = 1${')'.repeat(levels)}`;
    expect(refusal(nested(filterLimits.depth))).toBeUndefined();
    expect(refusal(nested(filterLimits.depth + 1))).toMatch(/^at character 34: expected at most 32 levels/);
    expect(refusal(`${'not '.repeat(1_000)}price = 1`)).toMatch(/expected at most 32 levels/);
    const chained = (count: number) => Array.from({ length: count }, () => 'price = 1').join(' or ');
    expect(refusal(chained(filterLimits.comparisons))).toBeUndefined();
    expect(refusal(chained(filterLimits.comparisons + 1))).toMatch(/expected at most 64 comparisons, found price$/);
    const listed = (count: number) => `price in (${Array.from({ length: count }, () => 1).join(', ')})`;
    expect(refusal(listed(filterLimits.values))).toBeUndefined();
    expect(refusal(listed(filterLimits.values + 1))).toMatch(/expected at most 256 values/);
  });
});
