import pg from 'pg';
import { checkpointSql } from './checkpoint.js';
import type { Database, Queryable } from './database.js';
import { groupBy } from './group-by.js';
import { SchemaMismatch } from './errors.js';
import type { Projection } from './projection.js';
import type { Table } from './table.js';

type Shape = Pick<Projection<never>, 'name' | 'version' | 'schemaSql' | 'tables'>;

/** PostgreSQL schema in which a projection of this version is rebuilt beside the live one. */
export const rebuildSchemaOf = ({ name, version }: Pick<Shape, 'name' | 'version'>): string =>
  `${name}__rebuild_${version}`;

/** Where the read model goes that a rebuild replaced, until it is dropped. */
export const retiredSchemaOf = (name: string): string => `${name}__retired`;

/** Makes the tables of a read model, empty, at position 0. In one transaction: it exists whole or not at all. */
export async function createSchema(database: Database, projection: Shape, schema: string): Promise<void> {
  assertIdentifier(projection.name);
  await database.transaction(async (transaction) => {
    // Two projectors that start on an empty database wait for each other here.
    await transaction.query('select pg_advisory_xact_lock(hashtext($1))', [`modelog schema ${schema}`]);
    const { rowCount } = await transaction.query('select from pg_namespace where nspname = $1', [schema]);
    if (rowCount > 0) return;
    await transaction.query(`create schema ${pg.escapeIdentifier(schema)}`);
    await transaction.query(`set local search_path to ${pg.escapeIdentifier(schema)}`);
    await transaction.query(checkpointSql);
    await transaction.query('insert into checkpoint (version) values ($1)', [projection.version]);
    await transaction.query(projection.schemaSql);
    await assertTables(transaction, projection, schema);
  });
}

export async function dropSchema(database: Queryable, schema: string): Promise<void> {
  await database.query(`drop schema if exists ${pg.escapeIdentifier(schema)} cascade`);
}

function assertIdentifier(name: string): void {
  if (!/^[a-z][a-z0-9_]{0,30}$/.test(name) || name.includes('__'))
    throw new TypeError(`projection name '${name}': expected a lower-case identifier of at most 31 characters`);
}

interface ColumnRow {
  table: string;
  column: string;
  type: string;
  collation: string | null;
  key: boolean;
}

const own = ['checkpoint', 'log_times'];

/** @throws SchemaMismatch naming every difference between schema.sql and the declared tables. */
async function assertTables(transaction: Queryable, projection: Shape, schema: string): Promise<void> {
  const { rows } = await transaction.query<ColumnRow>(
    `select c.relname as table, a.attname as column, format_type(a.atttypid, a.atttypmod) as type,
            l.collname as collation, coalesce(a.attnum = any ((i.indkey::int2[])[0:i.indnkeyatts - 1]), false) as key
     from pg_class c
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     left join pg_collation l on l.oid = a.attcollation
     left join pg_index i on i.indrelid = c.oid and i.indisprimary
     where c.relnamespace = $1::regnamespace and c.relkind = 'r'`,
    [pg.escapeIdentifier(schema)],
  );
  const found = groupBy(
    rows.filter(({ table }) => !own.includes(table)),
    ({ table }) => table,
  );
  const declared = new Map(projection.tables.map((table) => [table.name, table]));
  const differences = [
    ...projection.tables.flatMap((table) => differencesOf(table, found.get(table.name))),
    ...[...found.keys()].filter((name) => !declared.has(name)).map((name) => `${name} is not declared`),
  ];
  if (differences.length > 0) throw new SchemaMismatch(projection.name, differences);
}

function differencesOf(table: Table, found: readonly ColumnRow[] | undefined): string[] {
  if (found === undefined) return [`${table.name} is missing`];
  const validity = table.kind === 'temporal' ? { valid_from_seq: 'bigint', valid_to_seq: 'bigint' } : {};
  const wanted = new Map<string, string>(Object.entries({ ...table.columns, ...validity }));
  const columns = new Map(found.map((row) => [row.column, row]));
  const keys = new Set([...table.key, ...(table.kind === 'temporal' ? ['valid_from_seq'] : [])]);
  return [
    ...[...wanted].flatMap(([column, type]) => {
      const row = columns.get(column);
      const name = `${table.name}.${column}`;
      if (row === undefined) return [`${name} is missing`];
      if (row.type !== type) return [`${name} is ${row.type}, declared ${type}`];
      if (row.key !== keys.has(column)) return [`${name} is ${row.key ? '' : 'not '}part of the primary key`];
      if (row.key && type === 'text' && row.collation !== 'C') return [`${name} is not collate "C"`];
      return [];
    }),
    ...[...columns.keys()]
      .filter((column) => !wanted.has(column))
      .map((column) => `${table.name}.${column} is not declared`),
  ];
}
