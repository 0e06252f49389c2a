import type { TableColumn } from '#libs/contracts/index.js';

/** Row by row: whether a column has no value there. */
export const isMissing = (column: TableColumn): ((row: number) => boolean) =>
  'codes' in column ? (row) => column.codes[row]! < 0 : (row) => Number.isNaN(column.values[row]!);

/** Values as a check names them: booleans as true and false, timestamps as ISO 8601. */
export function valueOf(column: TableColumn, row: number): string | number | boolean {
  if ('codes' in column) return column.dictionary[column.codes[row]!]!;
  const value = column.values[row]!;
  if (column.type === 'boolean') return value !== 0;
  return column.type === 'timestamp' ? new Date(value).toISOString() : value;
}

/** Each value as a number, so that equal values have equal numbers: of text its code. NaN: missing. */
export const keyOf = (column: TableColumn): ((row: number) => number) =>
  'codes' in column
    ? (row) => (column.codes[row]! < 0 ? Number.NaN : column.codes[row]!)
    : (row) => column.values[row]! + 0;
