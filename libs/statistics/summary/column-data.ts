/** Elements of a column, row after row. Booleans are 0 and 1; NaN and the empty text are missing values. */
export type ColumnData =
  Float32Array | Float64Array | BigInt64Array | Int32Array | Int16Array | Int8Array | Uint8Array | readonly string[];

/** One feature or output where it lies: element `offset` of each row of `width` elements. */
export interface ColumnSource {
  readonly data: ColumnData;
  readonly width: number;
  readonly offset: number;
}

/** Rows `from` until before `to`; or those listed, in that order. */
export type RowSelection = { readonly from: number; readonly to: number } | Int32Array;

/** Rows that are gathered at once: a block of float64 stays in the fastest cache. */
export const blockRows = 1024;

export const countOf = (rows: RowSelection): number => (rows instanceof Int32Array ? rows.length : rows.to - rows.from);

/** The smallest and the largest row selected; none: the largest is below. @throws RangeError for a range that is none. */
export function boundsOf(rows: RowSelection): readonly [number, number] {
  if (!(rows instanceof Int32Array)) {
    const { from, to } = rows;
    if (Number.isInteger(from) && Number.isInteger(to) && from <= to) return [from, to - 1];
    throw new RangeError(`rows: expected whole numbers with from at most to, got ${from} to ${to}`);
  }
  let [first, last] = [Infinity, -Infinity];
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at]!;
    if (row < first) first = row;
    if (row > last) last = row;
  }
  return [first, last];
}

/** @throws RangeError where a selected row lies outside the data. */
export function requireRows(
  name: string,
  { data, width, offset }: ColumnSource,
  [first, last]: readonly [number, number],
): void {
  if (!(Number.isInteger(width) && width >= 1 && Number.isInteger(offset) && offset >= 0 && offset < width))
    throw new RangeError(`column '${name}': expected an offset of 0 to below width, got ${offset} of ${width}`);
  const held = Math.floor(data.length / width);
  if (first <= last && !(first >= 0 && last < held))
    throw new RangeError(`column '${name}': expected rows within ${held}, got ${first} to ${last}`);
}

/** Numbers of `count` of the selected rows, from the `start`-th on, into the beginning of `into`. */
export function gatherNumbers(
  data: Exclude<ColumnData, readonly string[]>,
  { width, offset }: ColumnSource,
  rows: RowSelection,
  start: number,
  count: number,
  into: Float64Array,
): void {
  const listed = rows instanceof Int32Array ? rows : null;
  const from = rows instanceof Int32Array ? start : rows.from + start;
  // A loop for each type that models mostly take: one loop for all of them takes four times as long.
  if (data instanceof Float32Array) {
    if (listed === null) {
      for (let at = 0, place = from * width + offset; at < count; at++, place += width) into[at] = data[place]!;
    } else for (let at = 0; at < count; at++) into[at] = data[listed[from + at]! * width + offset]!;
  } else if (data instanceof Float64Array) {
    if (listed === null) {
      for (let at = 0, place = from * width + offset; at < count; at++, place += width) into[at] = data[place]!;
    } else for (let at = 0; at < count; at++) into[at] = data[listed[from + at]! * width + offset]!;
  } else if (data instanceof BigInt64Array) {
    // A BigInt for each element would be an object for each.
    const halves = new Int32Array(data.buffer, data.byteOffset, 2 * data.length);
    for (let at = 0; at < count; at++) {
      const place = 2 * ((listed === null ? from + at : listed[from + at]!) * width + offset);
      into[at] = halves[place + 1]! * 2 ** 32 + (halves[place]! >>> 0);
    }
  } else {
    for (let at = 0; at < count; at++) {
      into[at] = data[(listed === null ? from + at : listed[from + at]!) * width + offset]!;
    }
  }
}

/** As `gatherNumbers`, of texts. */
export function gatherTexts(
  data: readonly string[],
  { width, offset }: ColumnSource,
  rows: RowSelection,
  start: number,
  count: number,
  into: string[],
): void {
  const listed = rows instanceof Int32Array ? rows : null;
  const from = rows instanceof Int32Array ? start : rows.from + start;
  for (let at = 0; at < count; at++) {
    into[at] = data[(listed === null ? from + at : listed[from + at]!) * width + offset]!;
  }
}

export const isText = (data: ColumnData): data is readonly string[] => Array.isArray(data);
