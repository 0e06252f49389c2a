import { deserialize, serialize } from 'node:v8';
import { describe, expect, it } from '@jest/globals';
import { textHash } from '#libs/kernel/index.js';
import fc from 'fast-check';
import { BinLookup } from './bin-lookup.js';
import { ColumnLookup } from './column-lookup.js';
import { binQuantiles } from './quantiles.js';
import { referenceFromRows } from './reference-from-rows.js';
import { Reservoir } from './reservoir.js';
import { baselineRows, windowRows } from './rows.js';
import { summaryJson, summaryState, type SummaryJson } from './summary-json.js';
import { normals } from './testing/draws.js';
import { windowSamples } from './window-samples.js';
import { WindowSummary } from './window-summary.js';

const rows = 3000;
const width = 4;
const normal = normals(rows * width, 4);
const names = Array.from({ length: rows }, (_, row) => `n${row % 40}`);
/** Three columns of numbers, one of them with holes, and one of few values. */
const tensor = Float32Array.from({ length: rows * width }, (_, at) => {
  const [row, column] = [Math.floor(at / width), at % width];
  if (column === 1 && row % 10 === 0) return Number.NaN;
  return column === 3 ? row % 3 : Math.fround(normal[at]! * 10 ** column);
});
const column = (offset: number) => ({ data: tensor, width, offset });
const references = referenceFromRows(
  [
    ...[0, 1, 2, 3].map((offset) => ({
      ...{ name: `x${offset}`, kind: 'numeric' as const },
      data: Float32Array.from({ length: 1000 }, (_, row) => tensor[row * width + offset]!),
    })),
    {
      name: 'name',
      kind: 'categorical' as const,
      data: names.slice(0, 1000).map((name) => (name > 'n3' ? 'n0' : name)),
    },
  ],
  1,
);
const lookups = references.map((reference) => new ColumnLookup(reference));
const sources = [...[0, 1, 2, 3].map(column), { data: names, width: 1, offset: 0 }];
const summaryOf = (...ranges: { from: number; to: number }[]) => {
  const summary = new WindowSummary(lookups);
  for (const range of ranges) summary.add(sources, range);
  return summary;
};

const binsAt = (...data: number[]) =>
  new WindowSummary(
    referenceFromRows([{ name: 'x', kind: 'numeric', data: Float64Array.from(data) }], 1).map(
      (reference) => new ColumnLookup(reference),
    ),
  );
const categoriesOf = (...data: string[]) =>
  new WindowSummary(
    referenceFromRows([{ name: 'c', kind: 'categorical', data }], 1).map((reference) => new ColumnLookup(reference)),
  );

describe('a summary of a window', () => {
  const figures = summaryOf({ from: 500, to: 2500 }).figures();

  it('counts, and tells range, mean and spread', () => {
    for (const [offset, found] of figures.slice(0, 4).entries()) {
      const values = Array.from({ length: 2000 }, (_, row) => tensor[(500 + row) * width + offset]!).filter(
        (value) => !Number.isNaN(value),
      );
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
      const { bins, min, max } = references[offset]!;
      const edges = bins.kind === 'numeric' ? bins.edges : new Float64Array(0);
      const counts = new Float64Array(edges.length + 1);
      for (const value of values) counts[edges.filter((edge) => edge < value).length]!++;
      expect(found).toMatchObject({
        ...{ name: `x${offset}`, rows: 2000, missing: 2000 - values.length, nonFinite: 0, typeErrors: 0, counts },
        ...{ min: Math.min(...values), max: Math.max(...values) },
        below: values.filter((value) => value < min!).length,
        above: values.filter((value) => value > max!).length,
      });
      expect(found.mean! / mean).toBeCloseTo(1, 12);
      expect(found.sd! / sd).toBeCloseTo(1, 12);
    }
    expect(figures[0]!.below + figures[0]!.above).toBeGreaterThan(0);
    expect(figures[3]).toMatchObject({ distinct: 3, distinctExact: true });
    expect(figures[0]!.distinctExact).toBe(false);
    expect(Math.abs(figures[0]!.distinct / 2000 - 1)).toBeLessThan(4 * 0.0325);
  });

  it('names categories that the reference does not have', () => {
    const unseen = [...new Set(names)].filter((name) => name > 'n3');
    const { counts, distinct, unseen: found } = figures[4]!;
    expect(distinct).toBe(40);
    expect(found.rows).toBe(50 * unseen.length);
    expect(counts.at(-1)).toBe(found.rows);
    const order = unseen.map((name) => (Number(name.slice(1)) + 20) % 40).sort((a, b) => a - b);
    expect(found.first).toEqual(order.slice(0, 20).map((place) => ({ category: `n${(place + 20) % 40}`, rows: 50 })));
  });

  it('takes rows by their number, in any order', () => {
    const listed = Int32Array.from({ length: 2000 }, (_, at) => 500 + ((at * 7) % 2000));
    const summary = new WindowSummary(lookups);
    summary.add(sources, listed);
    for (const [index, { counts, distinct, min, max, missing }] of summary.figures().entries())
      expect({ counts, distinct, min, max, missing }).toEqual({
        ...{ counts: figures[index]!.counts, distinct: figures[index]!.distinct },
        ...{ min: figures[index]!.min, max: figures[index]!.max, missing: figures[index]!.missing },
      });
  });

  it('merges, over cuts of any place, to the same but for last digits', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 500, max: 2500 }), { maxLength: 6 }), (cuts) => {
        const places = [500, ...cuts.sort((a, b) => a - b), 2500];
        const parts = places.slice(1).map((to, index) => summaryOf({ from: places[index]!, to }));
        const merged = new WindowSummary(lookups);
        for (const part of parts) merged.merge(part);
        for (const [index, found] of merged.figures().entries()) {
          const expected = figures[index]!;
          // Names are the ones met first, whose counts a merge may know in part.
          const { mean, sd, unseen, ...exact } = found;
          const { mean: meanAtOnce, sd: sdAtOnce, unseen: unseenAtOnce, ...exactAtOnce } = expected;
          expect(exact).toEqual(exactAtOnce);
          expect(unseen.rows).toBe(unseenAtOnce.rows);
          if (mean === null || sd === null) expect([meanAtOnce, sdAtOnce]).toEqual([null, null]);
          else {
            expect(Math.abs(mean - meanAtOnce!)).toBeLessThan(1e-12 * sd);
            expect(sd / sdAtOnce!).toBeCloseTo(1, 12);
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  it('is the same to the last bit for the same cuts, through structured clone and JSON too', () => {
    const cuts = [
      { from: 0, to: 700 },
      { from: 700, to: 703 },
      { from: 703, to: 2000 },
    ] as const;
    const atOnce = summaryOf(...cuts).state();
    const cloned = summaryOf(cuts[0]);
    const restored = WindowSummary.restore(
      lookups,
      deserialize(serialize(cloned.state())) as ReturnType<typeof cloned.state>,
    );
    restored.add(sources, cuts[1]);
    const json = JSON.stringify(summaryJson(restored.state()));
    const again = WindowSummary.restore(lookups, summaryState(JSON.parse(json) as SummaryJson));
    again.add(sources, cuts[2]);
    expect(again.state()).toEqual(atOnce);
    expect(again.figures()).toEqual(summaryOf(...cuts).figures());
  });

  it('tells what is not finite, of another type, or not there', () => {
    const [numbers, times, flags] = referenceFromRows(
      [
        { name: 'numbers', kind: 'numeric', data: Float64Array.of(-1, -0, 0, 2 ** 53) },
        { name: 'times', kind: 'numeric', data: Float64Array.of(0, 86_400_000, 1, 2) },
        { name: 'flags', kind: 'boolean', data: Uint8Array.of(0, 1, 1, 1) },
      ],
      1,
    );
    expect(numbers!.distinct).toBe(3);
    const summary = new WindowSummary([
      new ColumnLookup(numbers!),
      new ColumnLookup(times!, { numberOf: Date.parse }),
      new ColumnLookup(flags!),
      new ColumnLookup(numbers!),
    ]);
    summary.add(
      [
        { data: Float64Array.of(Infinity, -Infinity, NaN, -0), width: 1, offset: 0 },
        { data: ['1970-01-02', 'yesterday', '', '1970-01-03'], width: 1, offset: 0 },
        { data: Float32Array.of(1, 0, NaN, 2), width: 1, offset: 0 },
        { data: ['1', '2', '', '3'], width: 1, offset: 0 },
      ],
      { from: 0, to: 4 },
    );
    summary.add([{ data: BigInt64Array.of(-1n, 2n ** 53n, -(2n ** 53n), 0n), width: 1, offset: 0 }, null, null, null], {
      from: 0,
      to: 4,
    });
    const [ofNumbers, ofTimes, ofFlags, ofTexts] = summary.figures();
    expect(ofNumbers).toMatchObject({ rows: 8, missing: 1, nonFinite: 2, counts: Float64Array.of(3, 2, 1, 1) });
    expect(ofNumbers).toMatchObject({ min: -(2 ** 53), max: 2 ** 53, below: 1, above: 0, distinct: 4 });
    expect(ofTimes).toMatchObject({ rows: 4, missing: 1, typeErrors: 1, min: 86_400_000, above: 1 });
    expect(ofFlags).toMatchObject({ rows: 4, missing: 1, counts: Float64Array.of(1, 1, 1) });
    expect(ofFlags!.unseen).toEqual({ rows: 1, first: [{ category: '2', rows: 1 }] });
    expect(ofTexts).toMatchObject({ rows: 4, missing: 1, typeErrors: 3, min: null, mean: null, sd: null, distinct: 0 });
  });

  it('stays small with a million categories', () => {
    const summary = new WindowSummary([lookups[4]!]);
    for (let part = 0; part < 100; part++) {
      const data = Array.from({ length: 1000 }, (_, row) => `category ${part * 1000 + row}`);
      summary.add([{ data, width: 1, offset: 0 }], { from: 0, to: 1000 });
    }
    const [{ distinct, distinctExact, unseen }] = summary.figures() as [ReturnType<typeof summary.figures>[number]];
    expect(distinctExact).toBe(false);
    expect(Math.abs(distinct / 100_000 - 1)).toBeLessThan(4 * 0.0325);
    expect(unseen.first).toHaveLength(20);
    expect(serialize(summary.state()).length).toBeLessThan(8000);
  });

  it('tells categories that the reference has without a bin of their own from those that it does not have', () => {
    const data = ['a', 'a', 'b', 'c', 'd'];
    const [reference] = referenceFromRows([{ name: 'c', kind: 'categorical', data: ['a', 'a', 'b'] }], 1);
    const hashes = Uint32Array.of(textHash('c'), textHash('17')).sort();
    const lookups = [new ColumnLookup({ ...reference!, others: { hashes, once: 1 } })];
    const summary = new WindowSummary(lookups);
    summary.add([{ data, width: 1, offset: 0 }], { from: 0, to: 5 });
    summary.add([{ data: Float64Array.of(17, 18), width: 1, offset: 0 }], { from: 0, to: 2 });
    const restored = WindowSummary.restore(lookups, summary.state());
    restored.merge(summary);
    const figures = [summary, restored].map((each) => each.figures()[0]!);
    expect(figures.map(({ counts, distinct }) => [[...counts], distinct])).toEqual([
      [[2, 1, 4], 6],
      [[4, 2, 8], 6],
    ]);
    expect(figures.map(({ unseen }) => [unseen.rows, unseen.first.map(({ category }) => category)])).toEqual([
      [2, ['d', '18']],
      [4, ['d', '18']],
    ]);
  });

  it('knows long categories by their beginning, as profiles tell them', () => {
    const long = 'a'.repeat(300);
    const [reference] = referenceFromRows([{ name: 'long', kind: 'categorical', data: [long, long, 'b'] }], 1);
    const summary = new WindowSummary([new ColumnLookup(reference!)]);
    summary.add([{ data: [long, 'b', `${long}c`, 'z'.repeat(300)], width: 1, offset: 0 }], { from: 0, to: 4 });
    const [{ counts, unseen }] = summary.figures() as [ReturnType<typeof summary.figures>[number]];
    expect(counts).toEqual(Float64Array.of(2, 1, 1));
    expect(unseen.first).toEqual([{ category: `${'z'.repeat(100)}…`, rows: 1 }]);
  });

  it.each<[string, () => void, string]>([
    [
      'another number of sources',
      () => {
        new WindowSummary(lookups).add([], { from: 0, to: 1 });
      },
      'sources: expected 5, got 0',
    ],
    [
      'rows beyond the data',
      () => {
        new WindowSummary([lookups[0]!]).add([column(0)], { from: 2999, to: 3001 });
      },
      "column 'x0': expected rows within 3000, got 2999 to 3000",
    ],
    [
      'a range that runs back',
      () => {
        new WindowSummary([lookups[0]!]).add([column(0)], { from: 3, to: 2 });
      },
      'rows: expected whole numbers with from at most to, got 3 to 2',
    ],
    [
      'a listed row beyond the data',
      () => {
        new WindowSummary([lookups[0]!]).add([column(0)], Int32Array.of(3, -1));
      },
      "column 'x0': expected rows within 3000, got -1 to 3",
    ],
    [
      'an offset beyond the width',
      () => {
        new WindowSummary([lookups[0]!]).add([column(4)], { from: 0, to: 1 });
      },
      "column 'x0': expected an offset of 0 to below width, got 4 of 4",
    ],
    [
      'a summary of another column',
      () => {
        new WindowSummary([lookups[0]!]).merge(new WindowSummary([lookups[1]!]));
      },
      "columns[0]: expected 'x0', got 'x1'",
    ],
    [
      'a state of another column',
      () => {
        WindowSummary.restore([lookups[1]!], new WindowSummary([lookups[0]!]).state());
      },
      "columns[0]: expected 'x1', got 'x0'",
    ],
    [
      'a state of another version',
      () => {
        WindowSummary.restore(lookups, { ...summaryOf().state(), version: 2 as 1 });
      },
      'version: expected 1, got 2',
    ],
    [
      'a state of another version that was JSON',
      () => {
        WindowSummary.restore(lookups, summaryState({ ...summaryJson(summaryOf().state()), version: 2 as 1 }));
      },
      'version: expected 1, got 2',
    ],
    [
      'registers that no hash has',
      () => {
        const state = new WindowSummary([lookups[0]!]).state();
        const distinct = { keys: null, registers: new Uint8Array(1024).fill(24) };
        WindowSummary.restore([lookups[0]!], { ...state, columns: [{ ...state.columns[0]!, distinct }] });
      },
      'distinct.registers[0]: expected 0 to 23, got 24',
    ],
    [
      'a summary of as many other bins',
      () => {
        binsAt(1, 2).merge(binsAt(1, 3));
      },
      "bins of column 'x': expected 2 at 1, got 3",
    ],
    [
      'a summary of as many other categories',
      () => {
        categoriesOf('a', 'b').merge(categoriesOf('a', 'c'));
      },
      'bins of column \'c\': expected "b" at 1, got "c"',
    ],
  ])('refuses %s', (_, act, message) => {
    expect(act).toThrow(new RangeError(message));
  });
});

describe('samples of a window', () => {
  it('hold sorted values next to what is known of all rows', () => {
    const [summary, reservoir] = [new WindowSummary(lookups), new Reservoir({ columns: 5, seed: 1 })];
    summary.add(sources, { from: 0, to: 1500 }, reservoir);
    const samples = windowSamples(summary, reservoir);
    const figures = summary.figures();
    const values = Float64Array.from({ length: 1500 }, (_, row) => tensor[row * width + 1]!);
    expect(samples[1]).toEqual({
      ...{ rows: 1500, missing: 150, counts: figures[1]!.counts, sampled: false },
      values: values.filter((value) => !Number.isNaN(value)).sort(),
      ...{ mean: figures[1]!.mean, sd: figures[1]!.sd, distinct: figures[1]!.distinct },
    });
    expect(samples[4]).toMatchObject({ values: new Float64Array(0), sampled: false, mean: null, distinct: 40 });
    // The reservoir has categories by their bin.
    const { bins } = references[4]!;
    const categories = bins.kind === 'categorical' ? bins.categories : [];
    for (const [row, bin] of reservoir.column(4).entries()) expect(categories[bin] ?? names[row]).toBe(names[row]);
    summary.add(sources, { from: 0, to: 3000 }, reservoir);
    summary.add(sources, { from: 0, to: 3000 }, reservoir);
    const [sampled] = windowSamples(summary, reservoir);
    expect(sampled).toMatchObject({ rows: 7500, sampled: true });
    expect(sampled!.values).toHaveLength(5000);
    expect(sampled!.counts.reduce((sum, count) => sum + count, 0)).toBe(7500);
  });

  it('want the reservoir of their columns', () => {
    const act = () => windowSamples(new WindowSummary(lookups), new Reservoir({ columns: 4, seed: 1 }));
    expect(act).toThrow(new RangeError('reservoir: expected 5 columns, got 4'));
  });
});

describe('rows of a window', () => {
  it('are whole, and have the same codes as those of a baseline', () => {
    const [summary, reservoir] = [new WindowSummary(lookups), new Reservoir({ columns: 5, seed: 1 })];
    summary.add(sources, { from: 0, to: 200 }, reservoir);
    const sample = {
      ...Object.fromEntries(
        [0, 1, 2, 3].map((offset) => [
          `x${offset}`,
          Array.from({ length: 200 }, (_, row) => {
            const value = tensor[row * width + offset]!;
            return Number.isNaN(value) ? null : value;
          }),
        ]),
      ),
      name: names.slice(0, 200),
    };
    const rowsOfWindow = windowRows(lookups, reservoir);
    expect(rowsOfWindow).toEqual(baselineRows(lookups, sample));
    const { bins } = references[4]!;
    const categories = bins.kind === 'categorical' ? bins.categories : [];
    expect(rowsOfWindow['name']).toEqual({
      kind: 'categorical',
      codes: Int32Array.from(sample.name, (name) =>
        categories.includes(name) ? categories.indexOf(name) : categories.length,
      ),
    });
    expect(() => baselineRows(lookups, { x0: [] })).toThrow(new RangeError("sample: expected a column 'x1'"));
  });

  it('have nothing where a value is missing or not finite', () => {
    const summary = new WindowSummary([lookups[0]!, lookups[4]!]);
    const reservoir = new Reservoir({ columns: 2, seed: 1 });
    summary.add(
      [
        { data: Float64Array.of(1, Infinity, NaN), width: 1, offset: 0 },
        { data: ['', 'n0', 'what'], width: 1, offset: 0 },
      ],
      { from: 0, to: 3 },
      reservoir,
    );
    summary.add([null, { data: ['n0'], width: 1, offset: 0 }], { from: 0, to: 1 }, reservoir);
    const { x0, name } = windowRows(summary.lookups, reservoir);
    const known =
      lookups[4]!.bins instanceof BinLookup ? [] : [lookups[4]!.bins.binOfText('n0'), lookups[4]!.bins.other];
    expect(x0).toEqual({ kind: 'numeric', values: Float64Array.of(1, NaN, NaN, NaN) });
    expect(name).toEqual({ kind: 'categorical', codes: Int32Array.of(-1, known[0]!, known[1]!, known[0]!) });
    expect(summary.figures().map(({ rows: counted }) => counted)).toEqual([3, 4]);
  });
});

describe('quantiles from bins', () => {
  const edgesOf = (index: number) => {
    const { bins } = references[index]!;
    return bins.kind === 'numeric' ? bins.edges : new Float64Array(0);
  };

  it('lie in the bin that the true ones lie in', () => {
    const [figures] = summaryOf({ from: 0, to: rows }).figures();
    const sorted = Float64Array.from({ length: rows }, (_, row) => tensor[row * width]!).sort();
    const edges = edgesOf(0);
    const shares = Array.from({ length: 101 }, (_, index) => index / 100);
    const found = binQuantiles(edges, figures!, shares);
    expect([found[0], found[100]]).toEqual([sorted[0], sorted[rows - 1]]);
    const binOf = (value: number) => edges.filter((edge) => edge < value).length;
    for (const [index, share] of shares.slice(1).entries()) {
      const exact = sorted[Math.ceil(share * rows) - 1]!;
      const from = edges[binOf(exact) - 1] ?? sorted[0]!;
      expect(found[index + 1]).toBeGreaterThanOrEqual(from);
      expect(found[index + 1]).toBeLessThanOrEqual(edges[binOf(exact)] ?? sorted[rows - 1]!);
    }
    expect(found).toEqual([...found].sort((a, b) => a - b));
  });

  it('are interpolated within a bin', () => {
    const binned = { counts: Float64Array.of(4, 4, 0), min: 0, max: 20 };
    expect(binQuantiles(Float64Array.of(10, 20), binned, [0, 0.25, 0.5, 0.75, 1])).toEqual([0, 5, 10, 15, 20]);
    expect(binQuantiles(new Float64Array(0), { counts: Float64Array.of(9), min: 3, max: 3 }, [0.5])).toEqual([3]);
    expect(binQuantiles(Float64Array.of(1), { counts: Float64Array.of(0, 0), min: null, max: null }, [0.5])).toEqual([
      NaN,
    ]);
    expect(() => binQuantiles(new Float64Array(0), binned, [0.5, 0.2])).toThrow(
      new RangeError('shares[1]: expected 0 to 1 and ascending, got 0.2'),
    );
  });
});
