import type { TableColumn } from '#libs/contracts/index.js';
import type { Category } from './fitted.js';

export interface CountedCategory {
  readonly category: Category;
  readonly count: number;
}

/** What a column holds in the given rows (null: in all), missing values left out, in order of text or number. */
export function countCategories(column: TableColumn, rows: Int32Array | null): CountedCategory[] {
  const counts = 'values' in column ? countNumbers(column.values, rows) : countTexts(column, rows);
  return [...counts].map(([category, count]) => ({ category, count })).sort((a, b) => inOrder(a.category, b.category));
}

/** Each row's position in `categories`; -1 for any other value and for a missing one. */
export function categoryPositions(
  column: TableColumn,
  rows: Int32Array | null,
  categories: readonly Category[],
): Int32Array {
  const positions = new Map(categories.map((category, position) => [category, position]));
  if ('values' in column) {
    const { values } = column;
    return mapRows(values.length, rows, (row) => positions.get(numberKey(values[row]!)) ?? -1);
  }
  const { codes, dictionary } = column;
  const byCode = Int32Array.from(dictionary, (text) => positions.get(textKey(text)) ?? -1);
  return mapRows(codes.length, rows, (row) => byCode[codes[row]!] ?? -1);
}

/** @param type of the column. */
export const categoryText = (category: Category, type: TableColumn['type']): string =>
  type === 'boolean' ? String(category === 1) : String(category);

/** As the graph sees it: half a surrogate pair becomes U+FFFD on the way there. */
const textKey = (text: string): string => text.toWellFormed();

/** Adding 0 makes −0 the 0 that it equals. */
const numberKey = (value: number): number => Math.fround(value) + 0;

function countNumbers(values: Float64Array, rows: Int32Array | null): Map<number, number> {
  const counts = new Map<number, number>();
  forRows(values.length, rows, (row) => {
    const key = numberKey(values[row]!);
    if (!Number.isNaN(key)) counts.set(key, (counts.get(key) ?? 0) + 1);
  });
  return counts;
}

function countTexts(
  { codes, dictionary }: { readonly codes: Int32Array; readonly dictionary: readonly string[] },
  rows: Int32Array | null,
): Map<string, number> {
  const byCode = new Float64Array(dictionary.length);
  forRows(codes.length, rows, (row) => {
    const code = codes[row]!;
    if (code >= 0) byCode[code]!++;
  });
  const counts = new Map<string, number>();
  for (const [code, count] of byCode.entries()) {
    const key = textKey(dictionary[code]!);
    if (count > 0 && key !== '') counts.set(key, (counts.get(key) ?? 0) + count);
  }
  return counts;
}

function forRows(all: number, rows: Int32Array | null, visit: (row: number) => void): void {
  const count = rows?.length ?? all;
  for (let at = 0; at < count; at++) visit(rows === null ? at : rows[at]!);
}

function mapRows(all: number, rows: Int32Array | null, value: (row: number) => number): Int32Array {
  const mapped = new Int32Array(rows?.length ?? all);
  for (let at = 0; at < mapped.length; at++) mapped[at] = value(rows === null ? at : rows[at]!);
  return mapped;
}

/** Numbers by size; texts by code points, which is the order of their bytes in UTF-8. */
function inOrder(a: Category, b: Category): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [String(a), String(b)];
  const shared = Math.min(left.length, right.length);
  for (let at = 0; at < shared; at++) {
    if (left.charCodeAt(at) !== right.charCodeAt(at)) return left.codePointAt(at)! - right.codePointAt(at)!;
  }
  return left.length - right.length;
}
