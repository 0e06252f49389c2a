import type { DataFinding, Table, TableColumn } from '#libs/contracts/index.js';
import { isMissing, keyOf, valueOf } from './column-values.js';
import { finding, MetRows } from './finding.js';

/** Numbers that no model takes: readers refuse them, and a table may be made otherwise. */
export function infiniteFindings({ rows, columns }: Table): DataFinding[] {
  return columns.flatMap((column) => {
    if ('codes' in column) return [];
    const met = new MetRows();
    for (let row = 0; row < rows; row++) if (Math.abs(column.values[row]!) === Infinity) met.add(row);
    if (met.rows === 0) return [];
    const message = `'${column.name}' is infinite in ${met.rows} rows, expected finite numbers`;
    return [finding({ check: 'infinite_values', severity: 'error', column: column.name, message, rows: met })];
  });
}

/** Features that say the same in every row: one value everywhere, or none. */
export const constantFindings = (rows: number, features: readonly TableColumn[]): DataFinding[] =>
  features.filter((column) => isConstant(rows, column)).map((column) => constantFinding(rows, column));

function isConstant(rows: number, column: TableColumn): boolean {
  const key = keyOf(column);
  for (let row = 1; row < rows; row++) if (!Object.is(key(row), key(0))) return false;
  return true;
}

function constantFinding(rows: number, column: TableColumn): DataFinding {
  const { name } = column;
  const message = isMissing(column)(0)
    ? `'${name}' is missing in every row, and tells a model nothing`
    : `'${name}' is ${JSON.stringify(valueOf(column, 0))} in every row, and tells a model nothing`;
  return finding({ check: 'constant_feature', severity: 'warning', column: name, message, rows });
}
