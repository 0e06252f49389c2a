import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type {
  DatePart,
  FeaturePipeline,
  FeatureStep,
  NumberColumn,
  Table,
  TableColumn,
} from '#libs/contracts/index.js';
import { parseTimestamp } from '../timestamp.js';
import { fitFeatures, fitTransformFeatures, transformFeatures } from './index.js';
import type { FittedFeatures, Supervision } from './index.js';

interface Fixture {
  readonly columns: {
    readonly numbers: number[];
    readonly holes: (number | null)[];
    readonly colours: string[];
    readonly times: (string | null)[];
    readonly value: number[];
    readonly binary: number[];
    readonly three: number[];
  };
  readonly scale: Record<'standard' | 'min_max' | 'robust', number[]>;
  readonly impute: Record<'mean' | 'median' | 'most_frequent', number[]>;
  readonly impute_then_scale: number[];
  readonly frequencies: [string, number][];
  readonly ordinal: number[];
  readonly target: Record<'value' | 'binary' | 'three', { categories: string[]; encodings: number[][] }>;
  readonly bins: Record<'quantile' | 'uniform', number[]>;
  readonly dates: Record<DatePart, (number | null)[]>;
}

const fixture = JSON.parse(
  readFileSync(new URL('../../../tests/fixtures/features/features.json', import.meta.url), 'utf8'),
) as Fixture;

const numbersOf = (name: string, type: NumberColumn['type'], values: readonly (number | null)[]): TableColumn => ({
  name,
  type,
  values: Float64Array.from(values, (value) => value ?? NaN),
});

function texts(name: string, type: 'category' | 'text', values: readonly (string | null)[]): TableColumn {
  const dictionary = [...new Set(values)].filter((value) => value !== null);
  return { name, type, dictionary, codes: Int32Array.from(values, (value) => dictionary.indexOf(value ?? '\n')) };
}

const { columns } = fixture;
const table: Table = {
  rows: columns.numbers.length,
  columns: [
    numbersOf('numbers', 'numeric', columns.numbers),
    numbersOf('holes', 'numeric', columns.holes),
    texts('colours', 'category', columns.colours),
    numbersOf(
      'when',
      'timestamp',
      columns.times.map((text) => parseTimestamp(text ?? '')),
    ),
  ],
};

const ofNumbers = { target: Float64Array.from(columns.value), classes: 0, seed: 5 };
const ofBinary = { target: Float64Array.from(columns.binary), classes: 2, seed: 5 };
const ofThree = { target: Float64Array.from(columns.three), classes: 3, seed: 5 };

function fitted(pipeline: FeaturePipeline, supervision: Supervision = ofNumbers, of = table): FittedFeatures {
  const fit = fitFeatures(of, null, pipeline, supervision);
  if (!fit.ok) throw new Error(fit.rejection.detail);
  return fit.value;
}

function refusal(pipeline: FeaturePipeline, of = table) {
  const fit = fitFeatures(of, null, pipeline, { ...ofNumbers, target: new Float64Array(of.rows) });
  if (fit.ok) throw new Error('accepted');
  return fit.rejection;
}

const matrixOf = (pipeline: FeaturePipeline, supervision?: Supervision) =>
  transformFeatures(fitted(pipeline, supervision), table, null);

function expectClose(column: Float32Array | undefined, expected: readonly number[]): void {
  expect(column).toHaveLength(expected.length);
  for (const [row, value] of expected.entries()) expect([row, column![row]!]).toEqual([row, expect.closeTo(value, 5)]);
}

type Numeric = Extract<FeatureStep, { type: 'numeric' }>;
const numeric = (column: string, rest: Partial<Numeric> = {}): FeatureStep => ({
  type: 'numeric',
  columns: [column],
  impute: 'none',
  indicator: false,
  scale: 'none',
  ...rest,
});

describe('numbers are those of scikit-learn', () => {
  it.each(['standard', 'min_max', 'robust'] as const)('scaled by %s', (scale) => {
    expectClose(matrixOf([numeric('numbers', { scale })]).columns[0], fixture.scale[scale]);
  });

  it.each(['mean', 'median', 'most_frequent'] as const)('filled with the %s', (impute) => {
    expectClose(matrixOf([numeric('holes', { impute })]).columns[0], fixture.impute[impute]);
  });

  it('filled, then scaled', () => {
    const { columns: made } = matrixOf([numeric('holes', { impute: 'median', scale: 'standard' })]);
    expectClose(made[0], fixture.impute_then_scale);
  });

  it.each(['quantile', 'uniform'] as const)('in bins of %s', (strategy) => {
    const { columns: made, names } = matrixOf([{ type: 'bins', columns: ['numbers'], bins: 7, strategy }]);
    expect([...made[0]!]).toEqual(fixture.bins[strategy]);
    expect(names).toEqual(['numbers.bin']);
  });
});

describe('numbers', () => {
  it('stay missing unless they are filled; the indicator tells which were', () => {
    const { columns: made, names } = matrixOf([numeric('holes', { impute: { constant: 0.1 }, indicator: true })]);
    expect(names).toEqual(['holes', 'holes?missing']);
    for (const [row, value] of columns.holes.entries()) {
      expect([made[0]![row], made[1]![row]]).toEqual(value === null ? [Math.fround(0.1), 1] : [value, 0]);
    }
    const missing = columns.holes.map((value) => value ?? NaN);
    expect([...matrixOf([numeric('holes')]).columns[0]!]).toEqual(missing);
  });

  it('of one value are shifted and not divided by the rounding of their mean', () => {
    const equal: Table = { rows: 3, columns: [numbersOf('c', 'numeric', [0.1, 0.1, 0.1])] };
    for (const scale of ['standard', 'min_max', 'robust'] as const) {
      const features = fitted([numeric('c', { scale })], ofNumbers, equal);
      expect([...transformFeatures(features, equal, null).columns[0]!]).toEqual([0, 0, 0]);
    }
  });

  it('that are all missing are filled with 0', () => {
    const empty: Table = { rows: 2, columns: [numbersOf('c', 'numeric', [null, null])] };
    const features = fitted([numeric('c', { impute: 'mean', scale: 'standard' })], ofNumbers, empty);
    expect([...transformFeatures(features, empty, null).columns[0]!]).toEqual([0, 0]);
  });

  it('are multiplied after they were rounded to float32', () => {
    const features = fitted([{ type: 'interaction', columns: ['numbers', 'holes'] }]);
    expect(features.outputs).toEqual([{ name: 'numbers*holes', sources: ['numbers', 'holes'] }]);
    const expected = columns.numbers.map((value, row) => Math.fround(value * (columns.holes[row] ?? NaN)));
    expect([...transformFeatures(features, table, null).columns[0]!]).toEqual(expected);
  });
});

describe('categories', () => {
  const oneHot = (rest: Partial<Extract<FeatureStep, { type: 'one_hot' }>> = {}): FeatureStep => ({
    type: 'one_hot',
    columns: ['colours'],
    min_count: 1,
    max_categories: 100,
    ...rest,
  });

  it('get a column each, the most frequent first, and one for all others', () => {
    const { names, columns: made } = matrixOf([oneHot()]);
    const expected = fixture.frequencies.map(([text]) => text);
    expect(names).toEqual([...expected.map((text) => `colours=${text}`), 'colours=?']);
    for (const [row, colour] of columns.colours.entries()) {
      expect(made.map((column) => column[row])).toEqual([...expected.map((text) => (text === colour ? 1 : 0)), 0]);
    }
  });

  it.each([
    ['that come often enough', { min_count: 10 }, ({ 1: count }: [string, number]) => count >= 10],
    ['up to the limit', { max_categories: 2 }, (_: [string, number], at: number) => at < 2],
  ] as const)('only %s', (_, rest, kept) => {
    const { names, columns: made } = matrixOf([oneHot(rest)]);
    const expected = fixture.frequencies.filter((one, at) => kept(one, at)).map(([text]) => text);
    expect(names).toHaveLength(expected.length + 1);
    const others = columns.colours.map((colour) => (expected.includes(colour) ? 0 : 1));
    expect([...made.at(-1)!]).toEqual(others);
  });

  it('have the ranks of scikit-learn, which are those of code points', () => {
    const { columns: made, names } = matrixOf([{ type: 'ordinal', columns: ['colours'] }]);
    expect([...made[0]!]).toEqual(fixture.ordinal);
    expect(names).toEqual(['colours.rank']);
    const beyond: Table = { rows: 3, columns: [texts('c', 'text', ['\u{1f9c0}', '\uff5e', 'a'])] };
    const ranked = fitted([{ type: 'ordinal', columns: ['c'] }], ofNumbers, beyond);
    expect(ranked.steps[0]).toMatchObject({ categories: ['a', '\uff5e', '\u{1f9c0}'] });
  });

  it('of integers and booleans are in order of their size', () => {
    const coded: Table = {
      rows: 4,
      columns: [numbersOf('code', 'integer', [10, 9, null, 10]), numbersOf('flag', 'boolean', [1, 0, 1, 1])],
    };
    const pipeline: FeaturePipeline = [{ type: 'ordinal', columns: ['code'] }, oneHot({ columns: ['flag'] })];
    const { columns: made, names } = transformFeatures(fitted(pipeline, ofNumbers, coded), coded, null);
    expect(names).toEqual(['code.rank', 'flag=true', 'flag=false', 'flag=?']);
    expect([...made[0]!]).toEqual([1, 0, -1, 1]);
  });

  it('that were not there, are missing or empty are in the unknown bucket', () => {
    const features = fitted([oneHot(), { type: 'ordinal', columns: ['colours'] }]);
    const other: Table = { rows: 3, columns: [texts('colours', 'text', ['violet', null, ''])] };
    const { columns: made } = transformFeatures(features, other, null);
    expect(made.slice(-2).map((column) => [...column])).toEqual([
      [1, 1, 1],
      [-1, -1, -1],
    ]);
  });
});

describe('target encoding', () => {
  const step = (smoothing: number, folds = 5): FeatureStep => ({
    type: 'target',
    columns: ['colours'],
    smoothing,
    folds,
  });

  it.each([
    ['value', ofNumbers, [0], ['colours.target']],
    ['binary', ofBinary, [0], ['colours.target']],
    ['three', ofThree, [1, 2], ['colours.target.1', 'colours.target.2']],
  ] as const)('of %s is that of scikit-learn', (target, supervision, outputs, names) => {
    const { categories, encodings } = fixture.target[target];
    const matrix = matrixOf([step(10)], supervision);
    expect(matrix.names).toEqual(names);
    for (const [at, output] of outputs.entries()) {
      const expected = columns.colours.map((colour) => encodings[output]![categories.indexOf(colour)]!);
      expectClose(matrix.columns[at], expected);
    }
  });

  it('gives an unknown category the overall mean', () => {
    const features = fitted([step(3)]);
    const other: Table = { rows: 2, columns: [texts('colours', 'category', ['violet', null])] };
    const mean = columns.value.reduce((sum, value) => sum + value, 0) / table.rows;
    expectClose(transformFeatures(features, other, null).columns[0], [mean, mean]);
  });

  const training = (supervision: Supervision, of: Table, pipeline: FeaturePipeline) => {
    const made = fitTransformFeatures(of, null, pipeline, supervision);
    if (!made.ok) throw new Error(made.rejection.detail);
    return made.value;
  };

  it('of a row in training does not know its own target', () => {
    const own = fc.tuple(fc.nat(table.rows - 1), fc.double({ min: -1e6, max: 1e6, noNaN: true }));
    const before = training(ofNumbers, table, [step(2)]).matrix.columns[0]!;
    fc.assert(
      fc.property(own, ([row, changed]) => {
        const target = Float64Array.from(columns.value);
        target[row] = changed;
        const after = training({ ...ofNumbers, target }, table, [step(2)]).matrix.columns[0]!;
        expect(after[row]).toBe(before[row]);
      }),
      { numRuns: 20 },
    );
  });

  it('of a row in training is what the other folds give, and the fitted one is of all rows', () => {
    const { fitted: features, matrix } = training(ofBinary, table, [numeric('numbers'), step(0, 2)]);
    expect(features).toEqual(fitted([numeric('numbers'), step(0, 2)], ofBinary));
    expect([...matrix.columns[0]!]).toEqual(columns.numbers);
    const reds = [...columns.colours.keys()].filter((row) => columns.colours[row] === 'red');
    const given = new Set(reds.map((row) => matrix.columns[1]![row]));
    expect(given.size).toBe(2);
    // Two folds: each one's mean is given to the other, so the share of ones is between them.
    const share = reds.filter((row) => columns.binary[row] === 1).length / reds.length;
    expect(Math.min(...(given as Set<number>))).toBeLessThanOrEqual(share);
    expect(Math.max(...(given as Set<number>))).toBeGreaterThanOrEqual(share);
  });

  it('is no use as a feature where the category says nothing, unlike the mean of a row with itself', () => {
    const rows = 400;
    const alone: Table = {
      rows,
      columns: [
        texts(
          'id',
          'text',
          Array.from({ length: rows }, (_, row) => `id ${row}`),
        ),
      ],
    };
    const target = Float64Array.from({ length: rows }, (_, row) => (row * 7919) % 2);
    const id: FeatureStep = { type: 'target', columns: ['id'], smoothing: 0, folds: 5 };
    const { fitted: features, matrix } = training({ target, classes: 2, seed: 3 }, alone, [id]);
    expect([...transformFeatures(features, alone, null).columns[0]!]).toEqual([...target]);
    expect(new Set(matrix.columns[0]).size).toBeLessThanOrEqual(5);
  });

  it('is the same for the same seed, and another for another', () => {
    const columnOf = (seed: number) => training({ ...ofBinary, seed }, table, [step(1)]).matrix.columns[0];
    expect(columnOf(1)).toEqual(columnOf(1));
    expect(columnOf(1)).not.toEqual(columnOf(2));
  });

  it('deals each class to all folds', () => {
    const rare = Float64Array.from({ length: 30 }, (_, row) => (row % 6 === 0 ? 1 : 0));
    const same: Table = { rows: 30, columns: [texts('c', 'category', Array<string>(30).fill('x'))] };
    const pipeline: FeaturePipeline = [{ type: 'target', columns: ['c'], smoothing: 0, folds: 5 }];
    for (const seed of [1, 2, 3]) {
      const { matrix } = training({ target: rare, classes: 2, seed }, same, pipeline);
      expect(new Set(matrix.columns[0])).toEqual(new Set([Math.fround(4 / 24)]));
    }
  });

  it('refuses to go without a target', () => {
    const target = Float64Array.from(columns.value);
    target[3] = NaN;
    expect(() => fitFeatures(table, null, [step(1)], { ...ofNumbers, target })).toThrow(
      'target NaN, expected a number',
    );
    const beyond = { ...ofThree, classes: 2 };
    expect(() => fitFeatures(table, null, [step(1)], beyond)).toThrow('target 2, expected a class from 0 to 1');
  });
});

describe('dates', () => {
  const parts = Object.keys(fixture.dates) as DatePart[];

  it('have the parts that pandas gives them', () => {
    const { columns: made, names } = matrixOf([
      { type: 'date_parts', columns: ['when'], parts, impute: 'none', scale: 'none' },
    ]);
    expect(names).toEqual(parts.map((part) => `when.${part}`));
    for (const [at, part] of parts.entries()) {
      expect([...made[at]!]).toEqual(fixture.dates[part].map((value) => value ?? NaN));
    }
  });

  it('are those of Date on any day', () => {
    const range = { min: new Date('0001-01-01T00:00Z'), max: new Date('9999-12-31T23:59Z'), noInvalidDate: true };
    const [known] = [fitted([{ type: 'date_parts', columns: ['when'], parts, impute: 'none', scale: 'none' }])];
    fc.assert(
      fc.property(fc.date(range), (date) => {
        const one: Table = { rows: 1, columns: [numbersOf('when', 'timestamp', [date.getTime()])] };
        expect(transformFeatures(known, one, null).columns.map(([value]) => value)).toEqual([
          date.getUTCFullYear(),
          date.getUTCMonth() + 1,
          date.getUTCDate(),
          (date.getUTCDay() + 6) % 7,
          date.getUTCHours(),
          date.getUTCMinutes(),
          Math.floor(date.getTime() / 86_400_000),
        ]);
      }),
    );
  });

  it('that are missing can be filled, and parts scaled', () => {
    const { columns: made } = matrixOf([
      { type: 'date_parts', columns: ['when'], parts: ['year'], impute: 'mean', scale: 'standard' },
    ]);
    expect(made[0]![5]).toBeCloseTo(0, 4);
    expect(made[0]!.every((value) => Math.abs(value) < 4)).toBe(true);
  });
});

describe('a fitted pipeline', () => {
  const all: FeaturePipeline = [
    numeric('numbers', { scale: 'standard' }),
    { type: 'one_hot', columns: ['colours'], min_count: 1, max_categories: 100 },
    numeric('holes', { impute: 'mean', indicator: true }),
    { type: 'target', columns: ['colours'], smoothing: 10, folds: 5 },
    { type: 'bins', columns: ['holes'], bins: 3, strategy: 'quantile' },
    { type: 'date_parts', columns: ['when'], parts: ['hour'], impute: 'none', scale: 'none' },
  ];

  it('is plain JSON, the same each time', () => {
    const features = fitted(all);
    expect(JSON.parse(JSON.stringify(features))).toEqual(features);
    expect(JSON.stringify(fitted(all))).toBe(JSON.stringify(features));
  });

  it('names its raw columns with the input they go to, and each feature with where it comes from', () => {
    const features = fitted(all);
    expect(features.inputs).toEqual([
      { name: 'numbers', type: 'numeric', input: 'numbers', index: 0, nullable: false },
      { name: 'holes', type: 'numeric', input: 'numbers', index: 1, nullable: true },
      { name: 'colours', type: 'category', input: 'texts', index: 0, nullable: false },
      { name: 'when', type: 'timestamp', input: 'texts', index: 1, nullable: true },
    ]);
    expect(features.outputs.map(({ name }) => name)).toContain('holes?missing');
    expect(features.outputs.every(({ sources }) => sources.length === 1)).toBe(true);
  });

  it('gives features that come twice a number', () => {
    const { names } = matrixOf([numeric('numbers'), numeric('numbers', { scale: 'standard' })]);
    expect(names).toEqual(['numbers', 'numbers#2']);
  });

  it('is of the given rows alone, and gives features of the given rows in their order', () => {
    const rows = Int32Array.of(7, 3, 7);
    const fit = fitFeatures(table, Int32Array.of(0, 1, 2, 3), [numeric('numbers', { scale: 'min_max' })], ofNumbers);
    if (!fit.ok) throw new Error(fit.rejection.detail);
    const [made] = transformFeatures(fit.value, table, rows).columns;
    const first = columns.numbers.slice(0, 4);
    const [least, most] = [Math.min(...first), Math.max(...first)];
    expectClose(
      made,
      [...rows].map((row) => (columns.numbers[row]! - least) / (most - least)),
    );
  });

  it('can lie on shared memory', () => {
    const { columns: made } = transformFeatures(fitted(all), table, null, { shared: true });
    expect(made.every(({ buffer }) => buffer instanceof SharedArrayBuffer)).toBe(true);
    expect(made).toEqual(transformFeatures(fitted(all), table, null).columns);
  });

  it('says which column a table lacks', () => {
    const without = { ...table, columns: table.columns.slice(1) };
    expect(() => transformFeatures(fitted(all), without, null)).toThrow("the table has no column 'numbers'");
  });
});

describe('a pipeline is refused by name', () => {
  it.each<[string, FeaturePipeline, object]>([
    [
      'for a column that is not there',
      [numeric('numbers'), numeric('colour')],
      {
        reason: 'unfit',
        where: "column 'colour'",
        detail: "column 'colour': is not in the table, in step 2 (numeric); did you mean 'colours'?",
      },
    ],
    [
      'for numbers of a text',
      [numeric('colours')],
      { detail: "column 'colours': is category, expected numeric, integer, boolean in step 1 (numeric)" },
    ],
    [
      'for categories of fractions',
      [{ type: 'ordinal', columns: ['numbers'] }],
      { detail: "column 'numbers': is numeric, expected category, text, integer, boolean in step 1 (ordinal)" },
    ],
    [
      'for parts of a number',
      [{ type: 'date_parts', columns: ['numbers'], parts: ['year'], impute: 'none', scale: 'none' }],
      { detail: "column 'numbers': is numeric, expected timestamp in step 1 (date_parts)" },
    ],
    [
      'for a constant beyond float32',
      [numeric('holes', { impute: { constant: 1e39 } })],
      { reason: 'unfit', detail: 'impute: 1e+39, expected a number within float32' },
    ],
  ])('%s', (_, pipeline, expected) => {
    expect(refusal(pipeline)).toMatchObject(expected);
  });

  it.each([
    [Infinity, 'numeric', "row 2, column 'c': Infinity, expected a number within float32"],
    [-3.5e38, 'numeric', "row 2, column 'c': -3.5e+38, expected a number within float32"],
    [
      253_402_300_800_000,
      'timestamp',
      "row 2, column 'c': 253402300800000, expected milliseconds of the years 1 to 9999",
    ],
  ] as const)('for a value of %s, which no request can bring', (value, type, detail) => {
    const step: FeatureStep =
      type === 'numeric'
        ? numeric('c')
        : { type: 'date_parts', columns: ['c'], parts: ['year'], impute: 'none', scale: 'none' };
    const of: Table = { rows: 2, columns: [numbersOf('c', type, [0, value])] };
    expect(refusal([step], of)).toEqual({ reason: 'unsupported', where: "row 2, column 'c'", detail });
  });

  const many: Table = {
    rows: 10_001,
    columns: [
      texts(
        'id',
        'text',
        Array.from({ length: 10_001 }, (_, row) => `id ${row}`),
      ),
    ],
  };

  it.each<FeatureStep>([
    { type: 'ordinal', columns: ['id'] },
    { type: 'target', columns: ['id'], smoothing: 1, folds: 2 },
  ])('for more than 10,000 categories of $type', (step) => {
    expect(refusal([step], many)).toEqual({
      reason: 'too_large',
      where: "column 'id'",
      detail: "column 'id': 10001 categories, expected at most 10000: take the most frequent by one_hot",
    });
  });

  it('for more than 10,000 features', () => {
    const step: FeatureStep = { type: 'one_hot', columns: ['id'], min_count: 1, max_categories: 10_000 };
    expect(refusal([step], many)).toMatchObject({
      reason: 'too_large',
      detail: '10001 columns of features, expected at most 10000',
    });
    expect(
      fitted([{ ...step, max_categories: 100 }], { ...ofNumbers, target: new Float64Array(10_001) }, many).outputs,
    ).toHaveLength(101);
  });

  it('for no rows', () => {
    const fit = fitFeatures(table, new Int32Array(), [numeric('numbers')], ofNumbers);
    expect(fit).toMatchObject({ ok: false, rejection: { detail: 'no rows, expected at least one' } });
  });
});
