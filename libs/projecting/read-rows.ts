import pg from 'pg';
import type { Queryable } from './database.js';
import type { Before, RowReference } from './projection.js';
import { keyOf, type Row, type Table } from './table.js';

/** The current rows that were named, one statement per table. */
export async function readRows(
  transaction: Queryable,
  schema: string,
  references: readonly RowReference[],
): Promise<Before> {
  const found = new Map<Table, Map<string, Row>>();
  const named = new Map<Table, Map<string, Row>>();
  for (const { table, key } of references) {
    let keys = named.get(table);
    if (keys === undefined) named.set(table, (keys = new Map<string, Row>()));
    keys.set(keyOf(table, key), key);
  }
  for (const [table, keys] of named) {
    const { rows } = await transaction.query<Row>(selectSql(schema, table), keyColumns(table, [...keys.values()]));
    found.set(table, new Map(rows.map((row) => [keyOf(table, row), row])));
  }
  return {
    get(table, key) {
      const name = keyOf(table, key);
      // A fold that reads what it did not ask for would see nothing where there is a row.
      if (named.get(table)?.has(name) !== true)
        throw new TypeError(`apply read ${table.name} ${name}, which needs() did not name`);
      return found.get(table)?.get(name);
    },
  };
}

function selectSql(schema: string, table: Table): string {
  const seen = table.kind === 'content' ? table.key : Object.keys(table.columns);
  const columns = seen.map((column) => `t.${pg.escapeIdentifier(column)}`);
  const arrays = table.key.map((column, index) => `$${index + 1}::${table.columns[column]!}[]`);
  const keys = table.key.map((column) => pg.escapeIdentifier(column));
  return `select ${columns.join(', ')}
    from unnest(${arrays.join(', ')}) as k (${keys.join(', ')})
    join ${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table.name)} t
      on ${keys.map((key) => `t.${key} = k.${key}`).join(' and ')}
    ${table.kind === 'temporal' ? 'where t.valid_to_seq is null' : ''}`;
}

const keyColumns = (table: Table, keys: readonly Row[]): unknown[] =>
  table.key.map((column) => keys.map((key) => key[column]));
