import type {
  ColumnSchema,
  ColumnType,
  DataFinding,
  DatasetSchema,
  Table,
  TableColumn,
} from '#libs/contracts/index.js';
import { isMissing } from './column-values.js';
import { finding, meant, MetRows } from './finding.js';

/** What a data set has to be against what it is: columns, their types, and where values may be missing. */
export function schemaFindings(table: Table, schema: DatasetSchema, expected: DatasetSchema): DataFinding[] {
  const names = schema.columns.map(({ name }) => name);
  const found = new Map(schema.columns.map((column) => [column.name, column]));
  const known = new Set(expected.columns.map(({ name }) => name));
  return [
    ...expected.columns.flatMap((column): DataFinding[] => {
      const is = found.get(column.name);
      if (is === undefined) return [missingColumn(column.name, names)];
      const values = table.columns.find(({ name }) => name === column.name);
      return values === undefined ? [] : columnFindings(table.rows, values, is, column);
    }),
    ...names.filter((name) => !known.has(name)).map(unexpectedColumn),
  ];
}

export const missingColumn = (name: string, names: readonly string[]): DataFinding =>
  finding({
    ...{ check: 'missing_column', severity: 'error', column: name },
    message: `expected a column '${name}'${meant(name, names)}`,
  });

const unexpectedColumn = (name: string): DataFinding =>
  finding({
    ...{ check: 'unexpected_column', severity: 'warning', column: name },
    message: `the expected schema has no column '${name}'`,
  });

function columnFindings(rows: number, values: TableColumn, is: ColumnSchema, expected: ColumnSchema): DataFinding[] {
  const [{ name }, missing] = [expected, new MetRows()];
  const lacks = isMissing(values);
  for (let row = 0; row < rows; row++) if (lacks(row)) missing.add(row);
  const found: DataFinding[] = [];
  if (missing.rows < rows && !fits(is.type, expected.type)) {
    const message = `'${name}' is ${is.type}, expected ${expected.type}`;
    found.push(finding({ check: 'column_type', severity: 'error', column: name, message }));
  }
  if (!expected.nullable && missing.rows > 0) {
    const message = `'${name}' is missing in ${missing.rows} rows, expected a value in each`;
    found.push(finding({ check: 'not_nullable', severity: 'error', column: name, message, rows: missing }));
  }
  return found;
}

/** Integers are numbers; a category of many values is found to be text, and text of few a category. */
export const fits = (is: ColumnType, expected: ColumnType): boolean =>
  is === expected ||
  (expected === 'numeric' && is === 'integer') ||
  ((expected === 'text' || expected === 'category') && (is === 'text' || is === 'category'));
