import type { SampledRows } from '../../summary/rows.js';

/** Rows of several columns, of the reference or of a window; the same row at the same place of each. */
export type RowTable = Readonly<Record<string, SampledRows>>;

/** Row-major: the value of row r in column c at `r · width + c`. */
export interface Matrix {
  readonly rows: number;
  readonly width: number;
  readonly values: Float64Array;
}

/** @throws RangeError for a table without columns, or with columns of different length. */
export function rowsOf(table: RowTable, name: string): number {
  const columns = Object.entries(table);
  if (columns.length === 0) throw new RangeError(`${name}: expected at least one column`);
  const rows = lengthOf(columns[0]![1]);
  for (const [column, cells] of columns) {
    if (lengthOf(cells) !== rows) {
      throw new RangeError(`${name}.${column}: expected ${rows} rows as its first column, got ${lengthOf(cells)}`);
    }
  }
  return rows;
}

const lengthOf = (column: SampledRows): number =>
  column.kind === 'numeric' ? column.values.length : column.codes.length;
