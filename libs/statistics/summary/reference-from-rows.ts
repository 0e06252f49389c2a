import { shownCategory } from './category-lookup.js';
import { gatherNumbers, isText, type ColumnData } from './column-data.js';
import { equalCountBins } from './edges.js';
import { Moments } from './moments.js';
import { withoutValues, type ReferenceSummary } from './reference-summary.js';
import { drawnRows, mostRows } from './reservoir.js';

/** A column of a chosen window, a value for each row. */
export interface RowsOfColumn {
  readonly name: string;
  /** `boolean`: categories `false` and `true`, of numbers 0 and 1. */
  readonly kind: 'numeric' | 'categorical' | 'boolean';
  readonly data: ColumnData;
  /** Of texts in a numeric column, timestamps: their number, NaN for what is none. Without it there is no number in text. */
  readonly numberOf?: (text: string) => number;
}

/** Categories that have a bin of their own, at most: as many as the baseline of a version tells. */
const mostCategories = 100;

/**
 * References from the rows of a window, or of any data: 50 bins of about as many values each, or the most frequent 100
 * categories, and the same at most 5,000 rows of each column, drawn with the seed.
 * @throws RangeError for columns of different lengths.
 */
export function referenceFromRows(columns: readonly RowsOfColumn[], seed: number): ReferenceSummary[] {
  const rows = columns[0]?.data.length ?? 0;
  for (const { name, data } of columns)
    if (data.length !== rows) throw new RangeError(`column '${name}': expected ${rows} rows, got ${data.length}`);
  const drawn = drawnRows(rows, mostRows, seed);
  return columns.map((column) => (column.kind === 'numeric' ? numeric(column, drawn) : categories(column)));
}

function numeric({ name, data, numberOf }: RowsOfColumn, drawn: Int32Array): ReferenceSummary {
  const numbers = numbersOf(data, numberOf);
  const sorted = finite(numbers).sort();
  const { edges, counts } = equalCountBins(sorted);
  let missing = 0;
  for (const value of numbers) {
    if (Number.isNaN(value)) missing++;
    else if (value === -Infinity) counts[0]!++;
    else if (value === Infinity) counts[edges.length]!++;
  }
  const moments = new Moments();
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min !== undefined && max !== undefined)
    moments.add(sorted, sorted.length, Math.max(Math.abs(min), Math.abs(max)));
  let distinct = 0;
  for (let at = 0; at < sorted.length; at++) if (at === 0 || sorted[at] !== sorted[at - 1]) distinct++;
  return {
    ...{ name, rows: numbers.length, missing, distinct },
    bins: { kind: 'numeric', edges },
    counts,
    values: finite(Float64Array.from(drawn, (row) => numbers[row]!)).sort(),
    sampled: drawn.length < numbers.length,
    ...{ mean: moments.mean, sd: moments.sd, min: min ?? null, max: max ?? null },
  };
}

function numbersOf(data: ColumnData, numberOf: RowsOfColumn['numberOf']): Float64Array<ArrayBuffer> {
  if (isText(data))
    return Float64Array.from(data, (text) => (text === '' ? Number.NaN : (numberOf?.(text) ?? Number.NaN)));
  const { length } = data;
  const numbers = new Float64Array(length);
  gatherNumbers(data, { data, width: 1, offset: 0 }, { from: 0, to: length }, 0, length, numbers);
  // Adding 0 makes −0 the 0 that it equals.
  return numbers.map((value) => value + 0);
}

const finite = (values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> =>
  values.filter((value) => Number.isFinite(value));

function categories({ name, kind, data }: RowsOfColumn): ReferenceSummary {
  const all = new Map<string, number>(
    kind === 'boolean'
      ? [
          ['false', 0],
          ['true', 0],
        ]
      : [],
  );
  let missing = 0;
  for (const value of data) {
    const text = textOf(value, kind);
    if (text === '') missing++;
    else all.set(text, (all.get(text) ?? 0) + 1);
  }
  const ordered = [...all].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
  const top = ordered.slice(0, mostCategories);
  const others = ordered.slice(mostCategories).reduce((sum, [, count]) => sum + count, 0);
  return {
    ...{ name, rows: data.length, missing, distinct: ordered.filter(([, count]) => count > 0).length },
    bins: { kind: 'categorical', categories: top.map(([category]) => category) },
    counts: Float64Array.of(...top.map(([, count]) => count), others),
    ...withoutValues,
  };
}

function textOf(value: string | number | bigint, kind: RowsOfColumn['kind']): string {
  if (typeof value === 'string') return shownCategory(value);
  // Of 64 bits windows read the nearest float64: from 2⁵³ on the exact number would be one that they never have.
  const number = Number(value);
  if (Number.isNaN(number)) return '';
  if (kind === 'boolean' && (number === 0 || number === 1)) return String(number === 1);
  return String(number);
}
