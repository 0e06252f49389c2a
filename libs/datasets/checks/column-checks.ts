import type { ColumnCheck, DataFinding, Table, TableColumn } from '#libs/contracts/index.js';
import { isMissing, keyOf, valueOf } from './column-values.js';
import { finding, meant, MetRows, percent, type Found } from './finding.js';
import { fits } from './schema-checks.js';

/** The rules that are given for columns, in the order of the table's columns. */
export function columnFindings(table: Table, checks: Readonly<Record<string, ColumnCheck>>): DataFinding[] {
  const names = table.columns.map(({ name }) => name);
  const absent = Object.keys(checks).filter((name) => !names.includes(name));
  return [
    ...absent.map((name) => {
      const message = `expected a column '${name}'${meant(name, names)}`;
      return finding({ check: 'missing_column', severity: checks[name]!.severity, column: name, message });
    }),
    ...table.columns.flatMap((column) => {
      const check = Object.hasOwn(checks, column.name) ? checks[column.name] : undefined;
      return check === undefined ? [] : ruleFindings(table.rows, column, check);
    }),
  ];
}

function ruleFindings(rows: number, column: TableColumn, check: ColumnCheck): DataFinding[] {
  const { severity } = check;
  const found = [
    typeRule(column, check),
    rangeRule(rows, column, check),
    allowedRule(rows, column, check),
    uniqueRule(rows, column, check),
    missingRule(rows, column, check),
  ];
  return found.filter((one) => one !== null).map((one) => finding({ severity, column: column.name, ...one }));
}

type Rule = Omit<Found, 'severity' | 'column'> | null;

function typeRule({ name, type }: TableColumn, { type: expected }: ColumnCheck): Rule {
  if (expected === undefined || fits(type, expected)) return null;
  return { check: 'column_type', message: `'${name}' is ${type}, expected ${expected}` };
}

/** Of timestamps: bounds in milliseconds since the epoch. */
function rangeRule(rows: number, column: TableColumn, { min = -Infinity, max = Infinity }: ColumnCheck): Rule {
  if (min === -Infinity && max === Infinity) return null;
  const { name, type } = column;
  if ('codes' in column || type === 'boolean')
    return { check: 'column_type', message: `'${name}' is ${type}, expected numbers, as it has a range` };
  const outside = new MetRows();
  for (let row = 0; row < rows; row++) {
    const value = column.values[row]!;
    if (value < min || value > max) outside.add(row);
  }
  if (outside.rows === 0) return null;
  const range = `${min === -Infinity ? '' : `at least ${min}`}${Number.isFinite(min) && Number.isFinite(max) ? ' and ' : ''}${max === Infinity ? '' : `at most ${max}`}`;
  return {
    check: 'range',
    message: `'${name}' is out of range in ${outside.rows} rows, expected ${range}`,
    rows: outside,
  };
}

function allowedRule(rows: number, column: TableColumn, { allowed }: ColumnCheck): Rule {
  if (allowed === undefined) return null;
  const known = new Set(allowed);
  const lacks = isMissing(column);
  const [other, values] = [new MetRows(), new Set<string>()];
  for (let row = 0; row < rows; row++) {
    if (lacks(row)) continue;
    const value = valueOf(column, row);
    if (known.has(value) || (typeof value === 'boolean' && known.has(String(value)))) continue;
    other.add(row);
    if (values.size < 3) values.add(JSON.stringify(value));
  }
  if (other.rows === 0) return null;
  const message = `'${column.name}' has other values than those allowed in ${other.rows} rows, such as ${[...values].join(', ')}`;
  return { check: 'allowed_values', message, rows: other };
}

function uniqueRule(rows: number, column: TableColumn, { unique }: ColumnCheck): Rule {
  if (unique !== true) return null;
  const [seen, again] = [new Set<number>(), new MetRows()];
  const key = keyOf(column);
  for (let row = 0; row < rows; row++) {
    const value = key(row);
    if (Number.isNaN(value)) continue;
    if (seen.has(value)) again.add(row);
    else seen.add(value);
  }
  if (again.rows === 0) return null;
  const message = `'${column.name}' has a value of an earlier row in ${again.rows} rows, expected each value once`;
  return { check: 'unique', message, rows: again };
}

function missingRule(rows: number, column: TableColumn, { max_missing_share: most }: ColumnCheck): Rule {
  if (most === undefined || rows === 0) return null;
  const [lacks, missing] = [isMissing(column), new MetRows()];
  for (let row = 0; row < rows; row++) if (lacks(row)) missing.add(row);
  const share = missing.rows / rows;
  if (share <= most) return null;
  const message = `'${column.name}' is missing in ${percent(share)} of the rows, expected at most ${percent(most)}`;
  return { check: 'missing_share', message, rows: missing };
}
