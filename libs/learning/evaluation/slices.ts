import type { NumberColumn, TableColumn, TextColumn } from '#libs/contracts/index.js';

export interface Slice {
  /** `country=DE`, `30<age<=45`, `age is missing`. */
  readonly slice: string;
  /** Positions in the rows given, ascending. */
  readonly rows: Int32Array;
}

export interface SliceOptions {
  /** Categories at most, those with the most rows; default 20. */
  readonly top?: number;
  /** Rows at least; default 30. */
  readonly minRows?: number;
}

const longestName = 256;

/** Half a surrogate pair, which no database takes, becomes U+FFFD. */
const shortened = (name: string): string => name.slice(0, longestName).toWellFormed();

/**
 * Parts of the rows by one raw column: its most frequent categories, true and false, or between the quartiles of its
 * numbers, each with its upper edge; and the rows where it is missing. Parts with too few rows are left out.
 * @param rows rows of the column's table, in the order in which predictions have them
 */
export function sliceRows(column: TableColumn, rows: Int32Array, options: SliceOptions = {}): readonly Slice[] {
  const { top = 20, minRows = 30 } = options;
  const slices = 'codes' in column ? byCategory(column, rows, top) : byNumber(column, rows);
  return slices
    .filter((slice) => slice.rows.length >= minRows)
    .map(({ slice, rows: positions }) => ({ slice: shortened(slice), rows: positions }));
}

function byCategory({ name, codes, dictionary }: TextColumn, rows: Int32Array, top: number): readonly Slice[] {
  const slices = [...positionsBy(rows, (row) => codes[row]!)]
    .filter(([code]) => code >= 0)
    .map(([code, positions]) => ({ slice: `${name}=${dictionary[code]!}`, rows: positions }))
    .sort((a, b) => b.rows.length - a.rows.length || (a.slice < b.slice ? -1 : 1))
    .slice(0, top);
  return [...slices, missing(name, rows, (row) => codes[row]! < 0)];
}

function byNumber({ name, type, values }: NumberColumn, rows: Int32Array): readonly Slice[] {
  const absent = missing(name, rows, (row) => Number.isNaN(values[row]!));
  const part = (slice: string, isIn: (value: number) => boolean) => ({
    slice,
    rows: positionsWhere(rows, (row) => isIn(values[row]!)),
  });
  if (type === 'boolean') {
    return [part(`${name}=true`, (value) => value === 1), part(`${name}=false`, (value) => value === 0), absent];
  }
  const text = (value: number) => (type === 'timestamp' ? new Date(value).toISOString() : String(value));
  const edges = quartilesOf(rows, values);
  const between = edges.slice(1).map((high, at) => {
    const low = edges[at]!;
    return part(`${text(low)}<${name}<=${text(high)}`, (value) => value > low && value <= high);
  });
  const [lowest, highest] = [edges[0], edges.at(-1)];
  if (lowest === undefined || highest === undefined) return [absent];
  return [
    part(`${name}<=${text(lowest)}`, (value) => value <= lowest),
    ...between,
    part(`${name}>${text(highest)}`, (value) => value > highest),
    absent,
  ];
}

/** Values that a quarter, half and three quarters of the numbers do not exceed, each once, below the largest. */
function quartilesOf(rows: Int32Array, values: Float64Array): number[] {
  const sorted = Float64Array.from(rows, (row) => values[row]!)
    .filter((value) => !Number.isNaN(value))
    .sort();
  const edges = [0.25, 0.5, 0.75].map((share) => sorted[Math.ceil(share * sorted.length) - 1]);
  return [...new Set(edges)].filter((edge) => edge !== undefined && edge < sorted.at(-1)!) as number[];
}

const missing = (name: string, rows: Int32Array, isMissing: (row: number) => boolean): Slice => ({
  slice: `${name} is missing`,
  rows: positionsWhere(rows, isMissing),
});

const positionsWhere = (rows: Int32Array, isIn: (row: number) => boolean): Int32Array =>
  Int32Array.from(rows.keys()).filter((position) => isIn(rows[position]!));

function positionsBy(rows: Int32Array, keyOf: (row: number) => number): Map<number, Int32Array> {
  const positions = new Map<number, number[]>();
  for (const [position, row] of rows.entries()) {
    const key = keyOf(row);
    const found = positions.get(key);
    if (found === undefined) positions.set(key, [position]);
    else found.push(position);
  }
  return new Map([...positions].map(([key, found]) => [key, Int32Array.from(found)]));
}
