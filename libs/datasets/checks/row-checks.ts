import type { DataChecks, DataFinding, Table } from '#libs/contracts/index.js';
import { mixed } from '../byte-table.js';
import { keyOf } from './column-values.js';
import { finding, MetRows, percent } from './finding.js';

/** How many rows there are, and how many of them come again. */
export function rowFindings(table: Table, checks: DataChecks): DataFinding[] {
  return [...countFindings(table.rows, checks.rows), ...duplicateFindings(table, checks.duplicated_rows)];
}

function countFindings(rows: number, { min, max }: DataChecks['rows']): DataFinding[] {
  const tooFew = rows < min;
  if (!tooFew && (max === undefined || rows <= max)) return [];
  const message = `there are ${rows} rows, expected ${tooFew ? `at least ${min}` : `at most ${max}`}`;
  return [finding({ check: 'row_count', severity: 'error', message, rows })];
}

function duplicateFindings(table: Table, { max_share, severity }: DataChecks['duplicated_rows']): DataFinding[] {
  const again = duplicatedRows(table);
  const share = table.rows === 0 ? 0 : again.rows / table.rows;
  if (share <= max_share) return [];
  const message = `${percent(share)} of the rows are equal to an earlier row, expected at most ${percent(max_share)}`;
  return [finding({ check: 'duplicated_rows', severity, message, rows: again })];
}

const bits = new Float64Array(1);
const words = new Uint32Array(bits.buffer);

/** Rows that equal an earlier one in every column; missing values equal each other. Equal hashes are compared. */
export function duplicatedRows({ rows, columns }: Table): MetRows {
  const keys = columns.map(keyOf);
  const hashes = new Uint32Array(rows);
  for (const key of keys) {
    for (let row = 0; row < rows; row++) {
      bits[0] = key(row);
      hashes[row] = mixed(Math.imul(hashes[row]!, 0x9e3779b1) ^ words[0]! ^ Math.imul(words[1]!, 0x85ebca6b));
    }
  }
  const again = new MetRows();
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * rows + 2)));
  const mask = slots.length - 1;
  for (let row = 0; row < rows; row++) {
    let slot = hashes[row]! & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const other = slots[slot]! - 1;
      if (hashes[other] !== hashes[row] || !keys.every((key) => Object.is(key(other), key(row)))) continue;
      again.add(row);
      break;
    }
    if (slots[slot] === 0) slots[slot] = row + 1;
  }
  return again;
}
