import { describe, expect, it } from '@jest/globals';
import { driftBaseline, type Table } from '#libs/contracts/index.js';
import { decodeTextHashes, textHash } from '#libs/kernel/index.js';
import { buildBaseline, type BaselineOptions } from './baseline.js';
import { sample } from './random.js';

const day = 86_400_000;
const count = 10_400;
const table: Table = {
  rows: count,
  columns: [
    {
      name: 'n',
      type: 'numeric',
      values: Float64Array.from({ length: count }, (_, row) => (row % 10 === 0 ? NaN : row / 2)),
    },
    { name: 'b', type: 'boolean', values: Float64Array.from({ length: count }, (_, row) => (row % 4 === 0 ? 1 : 0)) },
    { name: 't', type: 'timestamp', values: Float64Array.from({ length: count }, (_, row) => (row % 3) * day) },
    {
      ...{ name: 'c', type: 'category', dictionary: ['x', 'y', 'z'] },
      codes: Int32Array.from({ length: count }, (_, row) => (row % 6) - 1).map((code) => Math.min(code, 2)),
    },
  ],
};
const rows = Int32Array.from({ length: count / 2 }, (_, at) => 2 * at + 1);
const options: BaselineOptions = {
  ...{ rows, features: ['c', 'n', 'b', 't'], seed: 7 },
  outputs: {
    label: Array.from(rows, (row) => (row % 3 === 0 ? 'yes' : 'no')),
    'probabilities.yes': Array.from(rows, (row) => (row % 100) / 100),
  },
  target: Array.from(rows, (row) => row % 2),
};
const baseline = buildBaseline(table, options);

describe('a baseline', () => {
  it('is that of the contract', () => {
    expect(JSON.stringify(driftBaseline.parse(baseline))).toBe(JSON.stringify(baseline));
    expect(baseline.rows).toBe(5200);
    expect(baseline.features.map(({ name, type }) => `${name} ${type}`)).toEqual([
      ...['c category', 'n numeric', 'b boolean', 't timestamp'],
    ]);
    expect(baseline.outputs.map(({ name, type }) => `${name} ${type}`)).toEqual([
      ...['label category', 'probabilities.yes numeric'],
    ]);
  });

  it('is exact, of the rows of training alone', () => {
    const [c, n, b, t] = baseline.features;
    // Of odd rows, row % 6 is 1, 3 or 5: codes 0, 2 and 2 again.
    expect(c).toMatchObject({ count: 5200, missing: 0, distinct: 2, exact: true });
    expect(c!.top).toEqual([
      { value: 'z', count: 3466 },
      { value: 'x', count: 1734 },
    ]);
    expect(n).toMatchObject({
      missing: 0,
      distinct: 5200,
      exact: true,
      numeric: { min: 0.5, max: 5199.5, mean: 2600 },
    });
    expect(n!.histogram!.counts).toEqual(Array.from({ length: 50 }, () => 104));
    expect(b!.top).toEqual([{ value: 'false', count: 5200 }]);
    expect(t).toMatchObject({ distinct: 3, numeric: { min: 0, max: 2 * day } });
  });

  it('has a sample of 5,000 rows as a caller would send them', () => {
    const { sample: drawn } = baseline;
    expect(drawn.rows).toHaveLength(5000);
    expect(drawn.rows).toEqual([...new Set(drawn.rows)].sort((a, b) => a - b));
    for (const [at, row] of drawn.rows.entries()) {
      const code = Math.min((row % 6) - 1, 2);
      const given = Object.values(drawn.features).map((values) => values[at]);
      const instant = new Date((row % 3) * day).toISOString();
      const expected = [['x', 'y', 'z'][code], row / 2, false, instant];
      const outputs = [row % 3 === 0 ? 'yes' : 'no', (row % 100) / 100];
      const found = [...given, ...Object.values(drawn.outputs).map((values) => values[at]), drawn.target[at]];
      if (JSON.stringify(found) !== JSON.stringify([...expected, ...outputs, 1]))
        expect(found).toEqual([...expected, ...outputs, 1]);
    }
  });

  it('is the same of the same seed, and another of another', () => {
    expect(JSON.stringify(buildBaseline(table, options))).toBe(JSON.stringify(baseline));
    expect(buildBaseline(table, { ...options, seed: 8 }).sample.rows).not.toEqual(baseline.sample.rows);
  });

  it('of few rows has all of them, what is missing as null', () => {
    const few = buildBaseline(table, {
      ...{ rows: Int32Array.of(0, 6), features: ['n', 'c'], seed: 1 },
      ...{ outputs: { value: [1, 2.5] }, target: [3, 4] },
    });
    expect(few.sample).toEqual({
      ...{ rows: [0, 6], features: { n: [null, 3], c: [null, null] }, outputs: { value: [1, 2.5] }, target: [3, 4] },
    });
    expect(few.features[1]).toMatchObject({ missing: 2, distinct: 0, top: [] });
  });

  it('tells the categories that its profiles have no room for by their hashes, and how many came once', () => {
    const dictionary = Array.from({ length: 130 }, (_, code) => `airport ${code}`);
    // The first ten of the rows have a category each, all others share 120.
    const codes = Int32Array.from({ length: 1000 }, (_, row) => (row < 10 ? row : 10 + (row % 120)));
    const airports: Table = { rows: 1000, columns: [{ name: 'a', type: 'category', dictionary, codes }] };
    const of = (rows: Int32Array) =>
      buildBaseline(airports, { ...options, rows, features: ['a'], outputs: {}, target: [...rows] });
    const { categories, features } = of(Int32Array.from(codes.keys()));
    expect(features[0]!.top).toHaveLength(100);
    expect(categories!['a']!.once).toBe(10);
    expect([...decodeTextHashes(categories!['a']!.hashes)]).toEqual(dictionary.map(textHash).sort((x, y) => x - y));
    expect(of(Int32Array.from({ length: 50 }, (_, row) => row)).categories).toBeUndefined();
  });

  it('is of what the table has', () => {
    expect(() => buildBaseline(table, { ...options, features: ['q'] })).toThrow("the table has no column 'q'");
    expect(() => buildBaseline(table, { ...options, target: [1] })).toThrow('the target: 1 values, expected 5200');
  });
});

it('draws every place as often, and pairs of them too', () => {
  const [places, size, seeds] = [20, 5, 4000];
  const drawn = new Float64Array(places);
  let together = 0;
  for (let seed = 0; seed < seeds; seed++) {
    const one = sample(places, size, seed);
    for (const place of one) drawn[place]!++;
    if (one.includes(3) && one.includes(4)) together++;
  }
  // Chi-square of 19 degrees of freedom is beyond 43.8 once in a thousand; the draws are the same each time.
  const expected = (seeds * size) / places;
  const chiSquare = drawn.reduce((sum, times) => sum + (times - expected) ** 2 / expected, 0);
  expect(chiSquare).toBeLessThan(43.8);
  // 5 · 4 / (20 · 19) of the draws hold both: 210.5 with a deviation of 14.1.
  expect(Math.abs(together - 210.5)).toBeLessThan(3 * 14.1);
});
