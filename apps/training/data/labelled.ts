import type { Table, TableColumn } from '#libs/contracts/index.js';
import { ModelogError } from '#libs/kernel/index.js';

/** As trained, in the order of the probabilities; null: a regression. */
export type Classes = readonly number[] | readonly string[] | null;

/** The column of a table by its name. @throws ModelogError `no_column`: the schema says that it is there. */
export function columnOf(table: Table, name: string): TableColumn {
  const column = table.columns.find((each) => each.name === name);
  if (column === undefined) throw new ModelogError('no_column', `the table has no column '${name}'`);
  return column;
}

/** Number of the class, or the value, row by row; NaN where there is none. On shared memory: threads read it. */
export function targetOf(table: Table, name: string, classes: Classes): Float64Array {
  const column = columnOf(table, name);
  const target = new Float64Array(new SharedArrayBuffer(8 * table.rows));
  if (classes === null) {
    if (!('values' in column)) throw new ModelogError('no_column', `'${name}' is text, and no value to predict`);
    target.set(column.values);
    return target;
  }
  const numbers = new Map<string, number>(classes.map((label, index) => [String(label), index]));
  const numberOf = (label: string): number => numbers.get(label) ?? Number.NaN;
  if ('codes' in column) {
    const byCode = column.dictionary.map(numberOf);
    for (let row = 0; row < table.rows; row++) target[row] = byCode[column.codes[row]!] ?? Number.NaN;
    return target;
  }
  const boolean = column.type === 'boolean';
  const byValue = new Map<number, number>();
  for (let row = 0; row < table.rows; row++) {
    const value = column.values[row]!;
    let index = byValue.get(value);
    if (index === undefined) {
      index = Number.isNaN(value) ? value : numberOf(boolean ? String(value !== 0) : String(value));
      byValue.set(value, index);
    }
    target[row] = index;
  }
  return target;
}

/** Rows that have a label, ascending. */
export function labelledRows(target: Float64Array): Int32Array {
  const rows = new Int32Array(target.length);
  let count = 0;
  for (let row = 0; row < target.length; row++) if (!Number.isNaN(target[row]!)) rows[count++] = row;
  return rows.slice(0, count);
}

/** The elements of a column at some rows, in their order. */
export function at<Values extends Float64Array | Int32Array>(values: Values, rows: Int32Array): Values {
  const picked = new (values.constructor as new (length: number) => Values)(rows.length);
  for (let index = 0; index < rows.length; index++) picked[index] = values[rows[index]!]!;
  return picked;
}
