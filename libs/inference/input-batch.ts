import { allocate, sliceOf, type Column, type ColumnData, type ColumnInfo } from './columns.js';

export interface BatchColumn extends ColumnInfo {
  data: ColumnData;
}

const initialRows = 16;

/** Input columns that grow as rows are written. Rows are written by a RowEncoder, read through `view`. */
export class InputBatch {
  readonly columns: readonly BatchColumn[];
  #capacity: number;

  constructor(columns: readonly ColumnInfo[], capacity = initialRows) {
    this.#capacity = capacity;
    this.columns = columns.map(({ name, type, width }) => ({
      name,
      type,
      width,
      data: allocate(type, capacity * width),
    }));
  }

  /** Makes room for `rows` rows; what was written stays. */
  ensure(rows: number): void {
    if (rows <= this.#capacity) return;
    this.#capacity = Math.max(rows, 2 * this.#capacity);
    for (const column of this.columns) column.data = grown(column, this.#capacity);
  }

  /** Writes rows `[first, first + rows)` of columns of the same layout from row `at` on. */
  copy(columns: readonly Column[], first: number, rows: number, at: number): void {
    this.ensure(at + rows);
    for (const [index, { width, data }] of this.columns.entries()) {
      const source = sliceOf(columns[index]!.data, first * width, rows * width);
      if (Array.isArray(data))
        for (const [offset, text] of (source as string[]).entries()) data[at * width + offset] = text;
      else (data as Float32Array).set(source as Float32Array, at * width);
    }
  }

  /** Rows `[first, first + rows)` as columns: views of this batch, valid until it is written again. */
  view(first: number, rows: number): Column[] {
    return this.columns.map(({ name, type, width, data }) => ({
      name,
      type,
      width,
      data: sliceOf(data, first * width, rows * width),
    }));
  }
}

function grown({ type, width, data }: BatchColumn, capacity: number): ColumnData {
  const larger = allocate(type, capacity * width);
  if (Array.isArray(larger)) for (const [index, text] of (data as string[]).entries()) larger[index] = text;
  else (larger as Float32Array).set(data as Float32Array);
  return larger;
}
