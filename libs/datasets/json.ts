import { messageOf } from '#libs/kernel/index.js';
import { table, type ColumnTable } from 'arquero';
import { checkNames } from './column-names.js';
import { refuseTooMany, refuseTooManyCells, type Limits } from './limits.js';
import { Refused } from './refusal.js';
import { textOf } from './text.js';

type Cell = string | number | boolean | null;

/** An array of rows `[{"age": 30}]`, or an object of columns of one length `{"age": [30]}`. @throws Refused */
export function readJson(bytes: Uint8Array, limits: Limits): ColumnTable {
  const value = parsed(textOf(bytes), null);
  if (Array.isArray(value)) return ofRows(value as unknown[], limits, (index) => `row ${index + 1}`);
  if (typeof value === 'object' && value !== null) return ofColumns(Object.entries(value), limits);
  throw new Refused('malformed', null, 'expected an array of rows or an object of columns');
}

/** One row, a JSON object, in each line; blank lines are nothing. @throws Refused */
export function readJsonLines(bytes: Uint8Array, limits: Limits): ColumnTable {
  const rows: unknown[] = [];
  const lines: number[] = [];
  for (const [index, line] of textOf(bytes).split('\n').entries()) {
    if (line.trim() === '') continue;
    rows.push(parsed(line, `line ${index + 1}`));
    lines.push(index + 1);
    refuseTooMany('rows', rows.length, limits);
  }
  return ofRows(rows, limits, (index) => `line ${lines[index]!}`);
}

function parsed(text: string, where: string | null): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Refused('malformed', where, `this is not JSON: ${messageOf(error)}`);
  }
}

/** Columns in the order they are first met; what a row lacks is missing. */
function ofRows(rows: readonly unknown[], limits: Limits, where: (index: number) => string): ColumnTable {
  refuseTooMany('rows', rows.length, limits);
  const columns = new Map<string, Cell[]>();
  for (const [index, row] of rows.entries()) {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      throw new Refused('malformed', where(index), `${kindOf(row)}, expected an object: column name → value`);
    }
    for (const [name, value] of Object.entries(row)) {
      let column = columns.get(name);
      if (column === undefined) {
        column = new Array<Cell>(rows.length).fill(null);
        columns.set(name, column);
        refuseTooMany('columns', columns.size, limits);
        refuseTooManyCells(rows.length, columns.size, limits);
      }
      column[index] = cellOf(value, () => `${where(index)}, column '${name}'`);
    }
  }
  return tableOf([...columns], limits);
}

function ofColumns(entries: readonly (readonly [string, unknown])[], limits: Limits): ColumnTable {
  refuseTooMany('columns', entries.length, limits);
  const columns = entries.map(([name, values]): [string, Cell[]] => {
    if (!Array.isArray(values)) {
      throw new Refused('malformed', `column '${name}'`, `${kindOf(values)}, expected a list of values`);
    }
    refuseTooMany('rows', values.length, limits);
    refuseTooManyCells(values.length, entries.length, limits);
    return [name, values.map((value: unknown, row) => cellOf(value, () => `row ${row + 1}, column '${name}'`))];
  });
  const [first] = columns;
  const other = columns.find(([, values]) => values.length !== first?.[1].length);
  if (first !== undefined && other !== undefined) {
    const where = `column '${other[0]}'`;
    throw new Refused('malformed', where, `${other[1].length} values, expected ${first[1].length} as in '${first[0]}'`);
  }
  return tableOf(columns, limits);
}

function tableOf(columns: readonly (readonly [string, Cell[]])[], limits: Limits): ColumnTable {
  checkNames(
    columns.map(([name]) => name),
    limits,
  );
  return table(columns);
}

function cellOf(value: unknown, where: () => string): Cell {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  throw new Refused('unsupported', where(), `${kindOf(value)}, expected a number, a text, true, false or null`);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
