import type {
  ColumnProfile,
  DriftBaseline,
  NumberColumn,
  OtherCategories,
  Table,
  TableColumn,
  TextColumn,
} from '#libs/contracts/index.js';
import { encodeTextHashes } from '#libs/kernel/index.js';
import { frequenciesIn } from './frequencies.js';
import { sample } from './random.js';
import {
  booleanProfile,
  emptyProfile,
  histogramBins,
  instant,
  numberProfile,
  textProfile,
} from './scan/column-profiles.js';
import { NumberScan } from './scan/number-scan.js';
import { shown } from './shown.js';

export interface BaselineOptions {
  /** Rows of the table that the model learnt from, ascending. */
  readonly rows: Int32Array;
  /** Columns of the table that the model takes. */
  readonly features: readonly string[];
  /** By name, as many values as `rows` and in their order: `value`, or `label` and `probabilities.<class>`. */
  readonly outputs: Readonly<Record<string, readonly (number | string)[]>>;
  /** What was true, in the order of `rows`. */
  readonly target: readonly (number | string)[];
  /** The sample is drawn with it. */
  readonly seed: number;
}

/** Rows of the sample. */
const sampleRows = 5000;

/** Categories that are told of a column: a baseline tells all that a contract allows. */
const mostCategories = 100;

/** Categories that are told by their hashes, of a column and of all of them: three megabytes. */
const [mostOtherCategories, mostOthers] = [50_000, 500_000];

/** Nothing is estimated: a column lies in memory once more while it is profiled. */
const everything = { numbers: Infinity, block: 4096, distinct: Infinity };

/**
 * What later data is compared with: exact profiles of all rows, and at most 5,000 rows themselves, each as likely; the same
 * seed draws the same ones. Values of the sample are as a caller of the model gives them: a timestamp is ISO 8601.
 * @throws RangeError for a feature that the table lacks, and for outputs or targets of another length than `rows`.
 */
export function buildBaseline(table: Table, options: BaselineOptions): DriftBaseline {
  const { rows, features, outputs, target, seed } = options;
  const columns = features.map((name) => rowsOfColumn(columnOf(table, name), rows));
  const answers = Object.entries(outputs).map(([name, values]) => {
    expectLength(name, values, rows.length);
    return outputColumn(name, values);
  });
  expectLength('the target', target, rows.length);
  const categories = otherCategoriesOf(columns);
  const drawn = sample(rows.length, sampleRows, seed);
  return {
    ...{ version: 1, rows: rows.length },
    features: columns.map(profileOfColumn),
    outputs: answers.map(profileOfColumn),
    ...(Object.keys(categories).length === 0 ? {} : { categories }),
    sample: {
      rows: Array.from(drawn, (place) => rows[place]!),
      features: Object.fromEntries(
        columns.map((column) => [column.name, Array.from(drawn, (at) => given(column, at))]),
      ),
      outputs: Object.fromEntries(
        Object.entries(outputs).map(([name, values]) => [name, Array.from(drawn, (at) => values[at]!)]),
      ),
      target: Array.from(drawn, (at) => target[at]!),
    },
  };
}

function columnOf({ columns }: Table, name: string): TableColumn {
  const found = columns.find((column) => column.name === name);
  if (found === undefined) throw new RangeError(`the table has no column '${name}'`);
  return found;
}

function expectLength(name: string, { length }: readonly unknown[], expected: number): void {
  if (length !== expected) throw new RangeError(`${name}: ${length} values, expected ${expected}, one for each row`);
}

function rowsOfColumn(column: TableColumn, rows: Int32Array): TableColumn {
  if ('codes' in column) return { ...column, codes: Int32Array.from(rows, (row) => column.codes[row]!) };
  return { ...column, values: Float64Array.from(rows, (row) => column.values[row]!) };
}

function outputColumn(name: string, values: readonly (number | string)[]): TableColumn {
  if (values.every((value) => typeof value === 'number')) {
    const type = values.every((value) => Number.isSafeInteger(value)) ? 'integer' : 'numeric';
    return { name, type, values: Float64Array.from(values) };
  }
  const codes = new Map<string, number>();
  const codeOf = (text: string): number => {
    const code = codes.get(text) ?? codes.size;
    codes.set(text, code);
    return code;
  };
  return {
    name,
    type: 'category',
    codes: Int32Array.from(values, (value) => codeOf(String(value))),
    dictionary: [...codes.keys()],
  };
}

/** As a caller of the model gives it. */
function given(column: TableColumn, row: number): number | string | boolean | null {
  if ('codes' in column) return column.dictionary[column.codes[row]!] ?? null;
  const value = column.values[row]!;
  if (Number.isNaN(value)) return null;
  if (column.type === 'boolean') return value !== 0;
  return column.type === 'timestamp' ? instant(value) : value;
}

const profileOfColumn = (column: TableColumn): ColumnProfile =>
  'codes' in column ? profileOfTexts(column) : profileOfNumbers(column);

function profileOfNumbers({ name, type, values }: NumberColumn): ColumnProfile {
  const present = values.filter((value) => !Number.isNaN(value));
  const rows = { name, count: values.length, missing: values.length - present.length };
  if (type === 'boolean') return booleanProfile(rows, present.filter((value) => value !== 0).length);
  if (present.length === 0) return emptyProfile(rows, type);
  const scan = new NumberScan(everything);
  for (const value of present) scan.add(value);
  return numberProfile(
    rows,
    type,
    scan.figures(mostCategories, histogramBins, type === 'timestamp' ? instant : String),
  );
}

/** Of columns that have more categories than their profiles tell, as long as there is room. */
function otherCategoriesOf(columns: readonly TableColumn[]): Record<string, OtherCategories> {
  let room = mostOthers;
  return Object.fromEntries(
    columns.flatMap((column) => {
      if (!('codes' in column)) return [];
      const met = metIn(column);
      if (met.length <= mostCategories || met.length > Math.min(mostOtherCategories, room)) return [];
      room -= met.length;
      const hashes = encodeTextHashes(met.map(([text]) => text()));
      return [[column.name, { hashes, once: met.filter(([, count]) => count === 1).length }] as const];
    }),
  );
}

/** Categories that came, each with its rows. */
function metIn({ codes, dictionary }: TextColumn): (readonly [text: () => string, count: number])[] {
  const counts = new Float64Array(dictionary.length);
  for (const code of codes) if (code >= 0) counts[code]!++;
  return dictionary.map((text, code) => [() => shown(text), counts[code]!] as const).filter(([, count]) => count > 0);
}

function profileOfTexts(column: TextColumn): ColumnProfile {
  const { name, type, codes } = column;
  const missing = codes.reduce((sum, code) => sum + Number(code < 0), 0);
  const met = metIn(column);
  const counted = { distinct: met.length, exact: true, top: frequenciesIn(met, mostCategories) };
  return textProfile({ name, count: codes.length, missing }, type, counted);
}
