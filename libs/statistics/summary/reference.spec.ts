import { describe, expect, it } from '@jest/globals';
import type { ColumnProfile, Table } from '#libs/contracts/index.js';
import { buildBaseline } from '#libs/datasets/index.js';
import { ColumnLookup } from './column-lookup.js';
import { referenceFromRows } from './reference-from-rows.js';
import { referenceOf, referencesOf } from './reference.js';
import { normals } from './testing/draws.js';
import { WindowSummary } from './window-summary.js';

const rows = 12_000;
const day = 86_400_000;
const amount = normals(rows, 1).map((value, row) => (row % 100 === 7 ? Number.NaN : Math.round(100 * value) / 10));
const level = Float64Array.from({ length: rows }, (_, row) => [0.1, 0.7, 2][Math.min(row % 500, 2)]!);
const when = Float64Array.from({ length: rows }, (_, row) => Date.UTC(2026, 0, 1) + (row % 300) * day);
const table: Table = {
  rows,
  columns: [
    { name: 'amount', type: 'numeric', values: amount },
    { name: 'level', type: 'numeric', values: level },
    { name: 'when', type: 'timestamp', values: when },
    { name: 'active', type: 'boolean', values: Float64Array.from({ length: rows }, (_, row) => Number(row % 4 === 0)) },
    {
      ...{ name: 'city', type: 'category', dictionary: Array.from({ length: 150 }, (_, code) => `c${code}`) },
      codes: Int32Array.from({ length: rows }, (_, row) => (row % 10 === 0 ? -1 : row % 7 === 0 ? row % 150 : row % 3)),
    },
    { name: 'empty', type: 'numeric', values: new Float64Array(rows).fill(Number.NaN) },
  ],
};
const baseline = buildBaseline(table, {
  rows: Int32Array.from({ length: rows }, (_, row) => row),
  features: table.columns.map(({ name }) => name),
  outputs: {
    label: Array.from({ length: rows }, (_, row) => row % 3),
    'probabilities.0': Array.from({ length: rows }, (_, row) => (row % 97) / 97),
  },
  target: Array.from({ length: rows }, (_, row) => Math.min(row % 5, 2)),
  seed: 3,
});
const features = table.columns.map(({ name }) => ({
  name,
  type: name === 'when' || name === 'city' ? ('string' as const) : ('float32' as const),
}));
const references = referencesOf(baseline, features, true);
const named = (name: string) => references.features.find((reference) => reference.name === name)!;

describe("references of a version's baseline", () => {
  it('have every row in one bin, and the rows of the baseline themselves as a window fall into the same bins', () => {
    const lookups = references.features.map((reference) => new ColumnLookup(reference, { numberOf: Date.parse }));
    const summary = new WindowSummary(lookups);
    const at = (name: string) => table.columns.find((column) => column.name === name)!;
    summary.add(
      references.features.map(({ name }) => {
        const column = at(name);
        if ('codes' in column)
          return { data: Array.from(column.codes, (code) => column.dictionary[code] ?? ''), width: 1, offset: 0 };
        if (name === 'when')
          return { data: Array.from(column.values, (value) => new Date(value).toISOString()), width: 1, offset: 0 };
        // As a model is given them.
        return { data: Float32Array.from(column.values), width: 1, offset: 0 };
      }),
      { from: 0, to: rows },
    );
    for (const [index, window] of summary.figures().entries()) {
      const { counts, missing, min, max, name, distinct } = references.features[index]!;
      expect(counts.reduce((sum, count) => sum + count, missing)).toBe(rows);
      expect(window).toMatchObject({ name, rows, missing, counts, min, max, below: 0, above: 0, typeErrors: 0 });
      expect(Math.abs(window.distinct / Math.max(distinct, 1) - Math.min(distinct, 1))).toBeLessThan(0.13);
    }
  });

  it('give at most five different numbers a bin each, however rare, and one to what is above them', () => {
    const [low, middle] = [Math.fround(0.1), Math.fround(0.7)];
    expect(named('level').bins).toEqual({ kind: 'numeric', edges: Float64Array.of(low, middle, 2) });
    expect(named('level').counts).toEqual(Float64Array.of(24, 24, rows - 48, 0));
    expect(named('level')).toMatchObject({ distinct: 3, min: low, max: 2, sampled: true });
  });

  it('take the rows of the sample as values, ascending', () => {
    const { values, sampled, mean, sd } = named('amount');
    const sample = baseline.sample.features['amount']!.filter((value) => value !== null);
    expect(sampled).toBe(true);
    expect(values).toEqual(Float64Array.from(sample.map((value) => Math.fround(value as number))).sort());
    const { numeric } = baseline.features[0]!;
    expect({ mean, sd }).toEqual({ mean: numeric!.mean, sd: numeric!.sd });
    expect(named('when').values[0]).toBe(Date.UTC(2026, 0, 1));
  });

  it('know booleans, frequent categories and others', () => {
    expect(named('active').bins).toEqual({ kind: 'categorical', categories: ['false', 'true'] });
    expect(named('active').counts).toEqual(Float64Array.of(0.75 * rows, 0.25 * rows, 0));
    const { bins, counts, values, mean, distinct } = named('city');
    expect(bins.kind === 'categorical' && bins.categories).toHaveLength(100);
    expect(counts).toHaveLength(101);
    expect(counts[100]).toBeGreaterThan(0);
    expect({ length: values.length, mean, distinct }).toEqual({ length: 0, mean: null, distinct: 136 });
  });

  it('of a column without values have one bin, empty', () => {
    expect(named('empty')).toMatchObject({ missing: rows, mean: null, sd: null, min: null, max: null, distinct: 0 });
    expect(named('empty').counts).toEqual(Float64Array.of(0));
  });

  it('of classes are categories, also where these are numbers', () => {
    const [label, probability] = references.outputs;
    expect(label!.bins).toEqual({ kind: 'categorical', categories: ['0', '1', '2'] });
    expect(label!.counts).toEqual(Float64Array.of(4000, 4000, 4000, 0));
    expect(probability!.bins.kind).toBe('numeric');
    expect(references.target).toMatchObject({ name: 'target', rows: 5000, missing: 0, distinct: 3 });
    const counted = new Map<string, number>();
    for (const value of baseline.sample.target) counted.set(String(value), (counted.get(String(value)) ?? 0) + 1);
    const { bins, counts } = references.target;
    expect(bins.kind === 'categorical' && bins.categories.map((each, bin) => [each, counts[bin]])).toEqual(
      [...counted].sort(([, a], [, b]) => b - a),
    );
    expect(referencesOf(baseline, features, false).target).toMatchObject({ bins: { kind: 'numeric' }, sampled: false });
  });
});

describe('float32', () => {
  const profile: ColumnProfile = {
    ...{ name: 'x', type: 'numeric', count: 100, missing: 0, distinct: 60, exact: true, top: [] },
    numeric: { min: 0.1, max: 1e300, mean: 1, sd: 1, quantiles: {} as never },
    // The third edge is the second one's float32 again; the last but one is beyond what float32 reaches.
    histogram: { edges: [0.1, 0.1, 0.3, 0.3 + 1e-12, 7, 1e299, 1e300], counts: [10, 20, 30, 15, 20, 5] },
  };

  it('rounds edges as serving rounds values, and joins bins that nothing is between', () => {
    const { bins, counts, values, max } = referenceOf(profile, [0.3, 0.1, 1e300, null], { precision: 'float32' });
    const edges = [0.1, 0.3, 7].map(Math.fround);
    expect(bins).toEqual({ kind: 'numeric', edges: Float64Array.from(edges) });
    expect(counts).toEqual(Float64Array.of(10, 50, 15, 25));
    expect(values).toEqual(Float64Array.from([0.1, 0.3].map(Math.fround)));
    expect(max).toBe(Infinity);
  });

  it('is not assumed', () => {
    const { bins, counts } = referenceOf(profile, []);
    expect(bins).toEqual({ kind: 'numeric', edges: Float64Array.from(profile.histogram!.edges.slice(1, -1)) });
    expect(counts).toEqual(Float64Array.from(profile.histogram!.counts));
  });
});

describe('references from rows', () => {
  const data = normals(6_000, 9);
  const [numbers, texts, flags, times] = referenceFromRows(
    [
      { name: 'numbers', kind: 'numeric', data: Float32Array.from(data, (value, row) => (row === 5 ? NaN : value)) },
      {
        name: 'texts',
        kind: 'categorical',
        data: Array.from(data, (value) => (value > 2 ? '' : `t${Math.floor(40 * value)}`)),
      },
      { name: 'flags', kind: 'boolean', data: Uint8Array.from(data, (value) => Number(value > 0)) },
      {
        ...{ name: 'times', kind: 'numeric', numberOf: Date.parse },
        data: Array.from(data, (_, row) => (row === 0 ? 'no time' : new Date(row * day).toISOString())),
      },
    ],
    5,
  );

  it('have bins of as many values each', () => {
    expect(numbers!.counts).toHaveLength(50);
    for (const count of numbers!.counts) expect(Math.abs(count - 120)).toBeLessThanOrEqual(1);
    expect(numbers).toMatchObject({
      rows: 6_000,
      missing: 1,
      sampled: true,
      distinct: new Set(Float32Array.from(data)).size - 1,
    });
    expect(numbers!.values.length).toBeGreaterThanOrEqual(4999);
    expect(numbers!.values).toEqual(numbers!.values.slice().sort());
    const kept = data.map(Math.fround).filter((_, row) => row !== 5);
    const mean = kept.reduce((sum, value) => sum + value, 0) / kept.length;
    expect(numbers!.mean).toBeCloseTo(mean, 13);
    expect(numbers!.sd).toBeCloseTo(
      Math.sqrt(kept.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (kept.length - 1)),
      12,
    );
  });

  it('have the most frequent categories and others', () => {
    expect(texts!.counts).toHaveLength(101);
    const empty = data.filter((value) => value > 2).length;
    expect(texts).toMatchObject({ rows: 6_000, missing: empty });
    expect(texts!.counts.reduce((sum, count) => sum + count, 0)).toBe(6_000 - empty);
    expect(texts!.counts.slice(0, 100)).toEqual(texts!.counts.slice(0, 100).sort().reverse());
    expect(flags!.bins).toMatchObject({ kind: 'categorical', categories: expect.arrayContaining(['false', 'true']) });
    expect(times).toMatchObject({ missing: 1, min: day, max: 5_999 * day });
  });

  it('know whole numbers of 64 bits as windows read them', () => {
    const data = BigInt64Array.of(9_007_199_254_740_993n, 7n, 7n, 1n);
    const [ids, flags] = referenceFromRows(
      [
        { name: 'ids', kind: 'categorical', data },
        { name: 'flags', kind: 'boolean', data: BigInt64Array.of(0n, 1n, 1n, 1n) },
      ],
      1,
    );
    expect(flags!.counts).toEqual(Float64Array.of(3, 1, 0));
    const window = new WindowSummary([new ColumnLookup(ids!)]);
    window.add([{ data, width: 1, offset: 0 }], { from: 0, to: 4 });
    expect(window.figures()[0]!.counts).toEqual(ids!.counts);
  });

  it('are the same for the same seed, and of one length', () => {
    const of = (seed: number) => referenceFromRows([{ name: 'x', kind: 'numeric', data }], seed)[0]!.values;
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
    const columns = [data, data.slice(1)].map((each, index) => ({
      name: `x${index}`,
      kind: 'numeric' as const,
      data: each,
    }));
    expect(() => referenceFromRows(columns, 1)).toThrow(new RangeError("column 'x1': expected 6000 rows, got 5999"));
  });
});
