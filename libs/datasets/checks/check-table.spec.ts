import { describe, expect, it } from '@jest/globals';
import {
  dataChecks,
  dataFinding,
  type ColumnType,
  type DataFinding,
  type DatasetSchema,
  type Table,
} from '#libs/contracts/index.js';
import type { z } from 'zod';
import { checkTable, type CheckOptions } from './check-table.js';
import type { LabelAnswer } from './label.js';

type Cell = number | string | null;
type Columns = Readonly<Record<string, readonly [ColumnType, readonly Cell[]]>>;

/** A table of columns that are written as their type and their values; null is missing. */
function tableOf(columns: Columns): Table {
  const entries = Object.entries(columns);
  return {
    rows: entries[0]![1][1].length,
    columns: entries.map(([name, [type, values]]) => {
      if (type !== 'category' && type !== 'text')
        return {
          name,
          type,
          values: Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value))),
        };
      const dictionary = [...new Set(values.filter((value) => value !== null).map(String))];
      const codes = Int32Array.from(values, (value) => (value === null ? -1 : dictionary.indexOf(String(value))));
      return { name, type, codes, dictionary };
    }),
  };
}

const schemaOf = (columns: Columns): DatasetSchema => ({
  columns: Object.entries(columns).map(([name, [type, values]]) => ({ name, type, nullable: values.includes(null) })),
});

type Given = Omit<CheckOptions, 'checks' | 'schema' | 'target'> & {
  readonly checks?: z.input<typeof dataChecks>;
  readonly target?: string;
};

const check = (columns: Columns, { checks, target = 'y', ...options }: Given = {}): LabelAnswer =>
  checkTable(tableOf(columns), { ...options, target, checks: dataChecks.parse(checks), schema: schemaOf(columns) });

/** `severity check column: message [rows: examples]` */
const told = ({ findings }: LabelAnswer): string[] =>
  findings.map((one) => {
    expect(dataFinding.parse(one)).toEqual(one);
    return `${one.severity} ${one.check} ${one.column}: ${one.message} [${one.rows}: ${one.examples.join()}]`;
  });

const only = (answer: LabelAnswer, name: DataFinding['check']): string[] =>
  told({ ...answer, findings: answer.findings.filter((one) => one.check === name) });

const repeat = <T>(times: number, ...values: T[]): T[] => Array.from({ length: times }, () => values).flat();
const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

/** 20 rows without a fault. */
const sound: Columns = {
  a: ['numeric', range(20).map((value) => (value * 7) % 20)],
  c: ['category', repeat(4, 'r', 's', 't', 'u', 'v')],
  y: ['category', repeat(10, 'no', 'yes')],
};

it('finds nothing where there is nothing', () => {
  expect(check(sound)).toEqual({ task: 'classification', classes: ['no', 'yes'], findings: [] });
});

describe('the task', () => {
  const learnt = (type: ColumnType, values: Cell[], given?: Given): [string, unknown] => {
    const { task, classes } = check({ a: ['numeric', range(values.length)], y: [type, values] }, given);
    return [task, classes];
  };

  it.each<[ColumnType, Cell[], [string, unknown]]>([
    ['category', repeat(5, 'b', 'a', 'Z', 'ä'), ['classification', ['Z', 'a', 'b', 'ä']]],
    ['text', repeat(5, 'b', 'a'), ['classification', ['a', 'b']]],
    ['boolean', repeat(5, 1, 0), ['classification', ['false', 'true']]],
    ['integer', repeat(5, 10, 9, -1), ['classification', [-1, 9, 10]]],
    ['integer', repeat(2, ...range(20)), ['classification', range(20)]],
    ['integer', repeat(2, ...range(21)), ['regression', null]],
    ['numeric', repeat(5, 0.5, 1.5), ['regression', null]],
  ])('of %s %j', (type, values, expected) => {
    expect(learnt(type, values)).toEqual(expected);
  });

  it('is the one that is given, where it can be', () => {
    expect(learnt('integer', repeat(2, ...range(21)), { task: 'classification' })).toEqual([
      'classification',
      range(21),
    ]);
    expect(learnt('boolean', repeat(5, 1, 0), { task: 'regression' })).toEqual(['regression', null]);
    const columns = (type: ColumnType, ...values: Cell[]): Columns => ({ y: [type, repeat(10, ...values)] });
    expect(only(check(columns('category', 'a', 'b'), { task: 'regression' }), 'label_type')).toEqual([
      "error label_type y: 'y' is category, expected numbers for a regression [0: ]",
    ]);
    expect(only(check(columns('numeric', 0.5, 1), { task: 'classification' }), 'label_type')).toEqual([
      "error label_type y: 'y' is numeric, expected integers, text or booleans as classes [0: ]",
    ]);
    expect(only(check(columns('timestamp', 0, 1)), 'label_type')).toHaveLength(1);
    const many: Columns = { y: ['text', repeat(2, ...range(1001).map((value) => `v${value}`))] };
    expect(only(check(many), 'label_type')).toEqual([
      "error label_type y: 'y' is of more than 1000 classes, expected at most so many [0: ]",
    ]);
  });
});

describe('the label', () => {
  it('may have another name', () => {
    expect(told(check({ ...sound, label: sound['y']! }, { target: 'labell' }))).toEqual([
      "error label_missing labell: there is no column 'labell' to predict (did you mean 'label'?) [0: ]",
    ]);
  });

  it('may be missing, here or everywhere', () => {
    const y: Cell[] = ['no', 'yes', ...repeat(8, 'yes', 'no'), null, null];
    expect(only(check({ ...sound, y: ['category', y] }), 'label_missing')).toEqual([
      "warning label_missing y: 'y' is missing in 2 rows, which are left out [2: 18,19]",
    ]);
    expect(told(check({ ...sound, y: ['text', repeat(20, null)] }))).toEqual([
      "error label_missing y: 'y' is missing in every row [20: 0,1,2,3,4,5,6,7,8,9]",
    ]);
  });

  it('may be constant', () => {
    expect(told(check({ ...sound, y: ['category', repeat(20, 'no')] }))).toEqual([
      `error label_constant y: 'y' is "no" in every row that has it, expected different labels [20: 0,1,2,3,4,5,6,7,8,9]`,
    ]);
    expect(only(check({ ...sound, y: ['numeric', repeat(20, 0.5)] }), 'label_constant')).toHaveLength(1);
  });

  it('may have classes of one row, or of few', () => {
    const y = [...repeat(9, 'a', 'b'), 'c', 'd'];
    expect(only(check({ ...sound, y: ['category', y] }), 'label_balance')).toEqual([
      `error label_balance y: "c", "d" of 'y' in a single row each, expected at least two [2: 18,19]`,
    ]);
    const few = [...repeat(9, 'a', 'b'), 'c', 'c'];
    const checks = { label: { min_class_share: 0.2, severity: 'error' } } as const;
    expect(only(check({ ...sound, y: ['category', few] }, { checks }), 'label_balance')).toEqual([
      `error label_balance y: "c" (2) of 'y' in few rows, expected at least 2 rows and 20 % of those with a label for each class [2: 18,19]`,
    ]);
  });
});

describe('rows', () => {
  it('may be too few or too many', () => {
    expect(told(check(sound, { checks: { rows: { min: 21 } } }))).toEqual([
      'error row_count null: there are 20 rows, expected at least 21 [20: ]',
    ]);
    expect(told(check(sound, { checks: { rows: { max: 19 } } }))).toEqual([
      'error row_count null: there are 20 rows, expected at most 19 [20: ]',
    ]);
  });

  it('may come again, missing values and zeros of either sign alike', () => {
    const columns: Columns = {
      a: ['numeric', [0, -0, null, null, 1, 1, ...range(14)]],
      c: ['category', ['x', 'x', null, null, 'x', 'y', ...range(14).map(String)]],
      y: ['boolean', repeat(10, 1, 1).map((value, row) => (row > 5 ? row % 2 : value))],
    };
    expect(only(check(columns, { checks: { duplicated_rows: { max_share: 0.05 } } }), 'duplicated_rows')).toEqual([
      'warning duplicated_rows null: 10 % of the rows are equal to an earlier row, expected at most 5 % [2: 1,3]',
    ]);
    expect(only(check(columns, { checks: { duplicated_rows: { max_share: 0.1 } } }), 'duplicated_rows')).toEqual([]);
  });
});

describe('columns', () => {
  const columns: Columns = {
    ...sound,
    n: ['integer', range(20)],
    g: ['numeric', [null, null, 1, 1, ...range(16)]],
    b: ['boolean', repeat(5, 0, 1, 1, 0)],
  };
  const found = (name: string, rule: object): string[] =>
    told(check(columns, { checks: { columns: { [name]: rule } } })).filter((one) => one.includes(` ${name}: `));

  it.each<[string, object, string[]]>([
    ['n', { min: 0, max: 19, type: 'numeric', unique: true, max_missing_share: 0 }, []],
    ['n', { min: 2 }, ["error range n: 'n' is out of range in 2 rows, expected at least 2 [2: 0,1]"]],
    [
      'n',
      { min: 1, max: 18, severity: 'warning' },
      ["warning range n: 'n' is out of range in 2 rows, expected at least 1 and at most 18 [2: 0,19]"],
    ],
    ['c', { min: 1 }, ["error column_type c: 'c' is category, expected numbers, as it has a range [0: ]"]],
    ['c', { type: 'text' }, []],
    ['c', { type: 'boolean' }, ["error column_type c: 'c' is category, expected boolean [0: ]"]],
    [
      'c',
      { allowed: ['r', 's', 't', 'u'] },
      [`error allowed_values c: 'c' has other values than those allowed in 4 rows, such as "v" [4: 4,9,14,19]`],
    ],
    [
      'n',
      { allowed: range(18) },
      ["error allowed_values n: 'n' has other values than those allowed in 2 rows, such as 18, 19 [2: 18,19]"],
    ],
    ['b', { allowed: [true, false] }, []],
    [
      'b',
      { allowed: ['true'] },
      [
        "error allowed_values b: 'b' has other values than those allowed in 10 rows, such as false [10: 0,3,4,7,8,11,12,15,16,19]",
      ],
    ],
    [
      'g',
      { unique: true },
      ["error unique g: 'g' has a value of an earlier row in 2 rows, expected each value once [2: 3,5]"],
    ],
    [
      'g',
      { max_missing_share: 0.09 },
      ["error missing_share g: 'g' is missing in 10 % of the rows, expected at most 9 % [2: 0,1]"],
    ],
    ['g', { max_missing_share: 0.1 }, []],
    ['gg', {}, ["error missing_column gg: expected a column 'gg' (did you mean 'g'?) [0: ]"]],
  ])('%s %j', (name, rule, expected) => {
    expect(found(name, rule)).toEqual(expected);
  });

  it('are as the expected schema has them', () => {
    const expectedSchema: DatasetSchema = {
      columns: [
        { name: 'n', type: 'numeric', nullable: false },
        { name: 'c', type: 'text', nullable: false },
        { name: 'g', type: 'boolean', nullable: false },
        { name: 'aa', type: 'numeric', nullable: false },
        { name: 'y', type: 'category', nullable: false },
        { name: 'b', type: 'boolean', nullable: true },
      ],
    };
    expect(told(check(columns, { expectedSchema }))).toEqual([
      "error column_type g: 'g' is numeric, expected boolean [0: ]",
      "error not_nullable g: 'g' is missing in 2 rows, expected a value in each [2: 0,1]",
      "error missing_column aa: expected a column 'aa' (did you mean 'a'?) [0: ]",
      "warning unexpected_column a: the expected schema has no column 'a' [0: ]",
    ]);
  });
});

describe('features', () => {
  it('are those that are asked for', () => {
    const columns = { ...sound, k: ['numeric', repeat(20, 1)] as const };
    expect(told(check(columns, { features: ['a', 'cc'] }))).toEqual([
      "error missing_column cc: expected a column 'cc' (did you mean 'c'?) [0: ]",
    ]);
    expect(told(check(columns))).toEqual([
      "warning constant_feature k: 'k' is 1 in every row, and tells a model nothing [20: ]",
    ]);
    expect(told(check({ ...sound, k: ['text', repeat(20, null)] }))).toEqual([
      "warning constant_feature k: 'k' is missing in every row, and tells a model nothing [20: ]",
    ]);
    // A value here and there tells something.
    expect(told(check({ ...sound, k: ['numeric', [...repeat(5, 1, null, null), 1, 1, 1, 1, 1]] }))).toEqual([]);
  });

  it('are finite', () => {
    const columns = { ...sound, k: ['numeric', [...range(18), Infinity, -Infinity]] as const };
    expect(only(check(columns), 'infinite_values')).toEqual([
      "error infinite_values k: 'k' is infinite in 2 rows, expected finite numbers [2: 18,19]",
    ]);
  });
});

describe('leakage', () => {
  const leaks = (columns: Columns): string[] =>
    only(check(columns), 'leakage').map((one) => one.split(':', 2).join(':'));
  const labels = repeat(20, 'no', 'yes', 'no');

  it('is a number, an instant or a boolean that tells a class from the others, in either direction', () => {
    const y = ['category', labels] as const;
    const told1 = labels.map((label, row) => (label === 'yes' ? -100 : row));
    expect(leaks({ a: ['numeric', told1], y })).toEqual(["warning leakage a: 'a' alone predicts 'y'"]);
    expect(leaks({ a: ['timestamp', told1], y })).toHaveLength(1);
    expect(leaks({ a: ['boolean', labels.map((label) => (label === 'yes' ? 1 : 0))], y })).toHaveLength(1);
    // Nothing but what is missing tells it.
    expect(leaks({ a: ['numeric', labels.map((label, row) => (label === 'yes' ? null : row))], y })).toHaveLength(1);
    const nearly = told1.map((value, row) => (row === 1 ? 30 : value));
    expect(leaks({ a: ['numeric', nearly], y })).toEqual([]);
  });

  it('is a category that tells the class, and no identifier', () => {
    const y = ['category', labels] as const;
    const telling = labels.map((label, row) => `${label} ${row % 4}`);
    expect(leaks({ a: ['category', telling], y })).toHaveLength(1);
    expect(leaks({ a: ['text', labels.map((_, row) => `id ${row}`)], y })).toEqual([]);
    expect(leaks({ a: ['category', telling.map((value, row) => (row === 0 ? 'yes 1' : value))], y })).toEqual([]);
  });

  it('of a regression is a rank that goes with the target, or a category that tells it', () => {
    const values = range(60).map((row) => Math.sin(row) * 10);
    const y = ['numeric', values] as const;
    expect(leaks({ a: ['numeric', values.map((value) => -(value ** 3))], y })).toHaveLength(1);
    expect(leaks({ a: ['numeric', values.map((value, row) => (row === 7 ? -50 : value))], y })).toEqual([]);
    const steps = ['numeric', range(60).map((row) => (row % 5) + 0.5)] as const;
    expect(leaks({ a: ['category', range(60).map((row) => `c${row % 5}`)], y: steps })).toHaveLength(1);
    expect(leaks({ a: ['category', range(60).map((row) => `c${row % 7}`)], y: steps })).toEqual([]);
    expect(leaks({ a: ['text', range(60).map((row) => `id ${row}`)], y })).toEqual([]);
  });

  it('is not seen in a class of few rows, which anything may tell apart', () => {
    const y = ['category', [...repeat(30, 'no'), ...repeat(9, 'yes')]] as const;
    expect(leaks({ a: ['numeric', range(39)], y })).toEqual([]);
  });
});
