import fc from 'fast-check';
import type {
  DatePart,
  FeaturePipeline,
  FeatureStep,
  NumberColumn,
  Table,
  TableColumn,
} from '#libs/contracts/index.js';

export const dateParts: DatePart[] = ['year', 'month', 'day', 'weekday', 'hour', 'minute', 'epoch_days'];

const mostRows = 12;

const singles = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 1, -1, 0.1, 1e-45, -1e-40, 3.4e38, -3.4e38, 123_456.789, 16_777_217),
  fc.integer({ min: -3, max: 3 }),
);
const some = <T>(value: fc.Arbitrary<T>, missing: T) => fc.oneof({ weight: 5, arbitrary: value }, fc.constant(missing));
const column = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: mostRows, maxLength: mostRows });
const texts = fc.constantFrom(
  'red',
  'green',
  'blue',
  'b\ud800',
  'b\ufffd',
  ' ',
  '',
  'NaN',
  'rød',
  '🧀',
  '🧀 and a longer text',
);

/** Columns of every type, `x` and `y` numbers without and with missing values, and so on. */
export const tables = fc
  .record({
    rows: fc.integer({ min: 1, max: mostRows }),
    x: column(singles),
    y: column(some(singles, NaN)),
    n: column(some(fc.integer({ min: -2, max: 2 }), NaN)),
    flag: column(fc.constantFrom(0, 1)),
    maybe: column(some(fc.constantFrom(0, 1), NaN)).map(([, ...others]) => [NaN, ...others]),
    colour: column(texts),
    town: column(some(texts, 'unknown')),
    when: column(some(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), NaN)),
    day: column(fc.integer({ min: 0, max: 20_000 }).map((days) => days * 86_400_000)),
  })
  .map(({ rows, x, y, n, flag, maybe, colour, town, when, day }): Table => {
    const numbers = (name: string, type: NumberColumn['type'], values: number[]) => ({
      name,
      type,
      values: Float64Array.from(values.slice(0, rows)),
    });
    return {
      rows,
      columns: [
        numbers('x', 'numeric', x),
        numbers('y', 'numeric', y),
        numbers('n', 'integer', n),
        numbers('flag', 'boolean', flag),
        numbers('maybe', 'boolean', maybe),
        textColumn('colour', 'category', colour.slice(0, rows)),
        textColumn('town', 'text', town.slice(0, rows)),
        numbers('when', 'timestamp', when),
        numbers('day', 'timestamp', day),
      ],
    };
  });

function textColumn(name: string, type: 'category' | 'text', values: readonly string[]): TableColumn {
  const dictionary = [...new Set(values)].filter((value) => value !== 'unknown');
  return { name, type, dictionary, codes: Int32Array.from(values, (value) => dictionary.indexOf(value)) };
}

const chosen = (...names: string[]) => fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 4 });
const impute = fc.oneof(
  fc.constantFrom('none' as const, 'mean' as const, 'median' as const, 'most_frequent' as const),
  fc.record({ constant: singles }),
);
const scale = fc.constantFrom('none', 'standard', 'min_max', 'robust');
const grouped = chosen('colour', 'town', 'n', 'flag', 'maybe');

const steps: fc.Arbitrary<FeatureStep> = fc.oneof(
  fc.record({
    type: fc.constant('numeric'),
    columns: chosen('x', 'y', 'n', 'flag', 'maybe'),
    impute,
    indicator: fc.boolean(),
    scale,
  }),
  fc.record({
    type: fc.constant('one_hot'),
    columns: grouped,
    min_count: fc.integer({ min: 1, max: 3 }),
    max_categories: fc.integer({ min: 1, max: 5 }),
  }),
  fc.record({ type: fc.constant('ordinal'), columns: grouped }),
  fc.record({
    type: fc.constant('target'),
    columns: grouped,
    smoothing: fc.constantFrom(0, 10),
    folds: fc.constant(2),
  }),
  fc.record({
    type: fc.constant('date_parts'),
    columns: chosen('when', 'day'),
    parts: fc.subarray(dateParts, { minLength: 1 }),
    impute,
    scale,
  }),
  fc.record({
    type: fc.constant('bins'),
    columns: chosen('x', 'y', 'n'),
    bins: fc.integer({ min: 2, max: 9 }),
    strategy: fc.constantFrom('quantile', 'uniform'),
  }),
  fc.record({
    type: fc.constant('interaction'),
    columns: fc.tuple(fc.constantFrom('x', 'y', 'n', 'flag'), fc.constantFrom('x', 'y', 'maybe')),
  }),
);
/** Any steps on the columns of `tables`. */
export const pipelines: fc.Arbitrary<FeaturePipeline> = fc.array(steps, { minLength: 1, maxLength: 5 });
