import pg from 'pg';
import { sha256Hex } from '#libs/kernel/index.js';
import { readCheckpoint } from './checkpoint.js';
import type { Database, Queryable } from './database.js';
import type { Projection } from './projection.js';
import type { Table } from './table.js';

export interface TableDigest {
  readonly table: string;
  readonly rows: number;
  /** sha256 over the rows in order of their keys, in hexadecimal. */
  readonly digest: string;
}

export interface ProjectionDigest {
  readonly position: number;
  readonly skipped: number;
  readonly tables: readonly TableDigest[];
  /** sha256 over all of the above: equal for any two folds of the same stream up to the same position. */
  readonly digest: string;
}

/**
 * Digest of a read model as it stands at one moment, while it may go on. Computed in PostgreSQL in constant memory.
 * @param schema another schema than the live one, for a rebuild.
 * @returns undefined where there is no read model.
 */
export async function digest(
  database: Database,
  projection: Pick<Projection<never>, 'name' | 'tables'>,
  schema: string = projection.name,
): Promise<ProjectionDigest | undefined> {
  await createAggregate(database);
  return database.transaction((transaction) => digestWithin(transaction, projection.tables, schema), 'snapshot');
}

async function digestWithin(
  transaction: Queryable,
  tables: readonly Table[],
  schema: string,
): Promise<ProjectionDigest | undefined> {
  const checkpoint = await readCheckpoint(transaction, schema);
  if (checkpoint === undefined) return undefined;
  const digests: TableDigest[] = [];
  for (const table of tables) digests.push(await digestTable(transaction, schema, table));
  const { position, skipped } = checkpoint;
  return { position, skipped, tables: digests, digest: sha256Hex(JSON.stringify([position, skipped, digests])) };
}

async function digestTable(transaction: Queryable, schema: string, table: Table): Promise<TableDigest> {
  const validity = table.kind === 'temporal' ? ['valid_from_seq', 'valid_to_seq'] : [];
  const columns = [...Object.keys(table.columns), ...validity].map((column) => pg.escapeIdentifier(column));
  const order = [...table.key, ...validity.slice(0, 1)].map((column) => pg.escapeIdentifier(column));
  const { rows } = await transaction.query<{ rows: number; digest: string }>(
    `select count(*) as rows, encode(projecting.chained_sha256(convert_to(row_text, 'UTF8')), 'hex') as digest
     from (
       select row(${columns.join(', ')})::text as row_text
       from ${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table.name)}
       order by ${order.join(', ')}
     ) ordered`,
  );
  return { table: table.name, rows: rows[0]!.rows, digest: rows[0]!.digest };
}

/** sha256(state ‖ sha256(row)), row after row: string_agg would hold the whole table, at most 1 GB. */
async function createAggregate(database: Database): Promise<void> {
  const { rowCount } = await database.query(
    `select from pg_proc where proname = 'chained_sha256' and pronamespace = to_regnamespace('projecting')`,
  );
  if (rowCount > 0) return;
  await database.transaction(async (transaction) => {
    await transaction.query(`select pg_advisory_xact_lock(hashtext('modelog schema projecting'))`);
    await transaction.query(`create schema if not exists projecting`);
    await transaction.query(
      `create or replace function projecting.chain_sha256(state bytea, row_text bytea) returns bytea
       language sql immutable strict parallel safe as 'select sha256(state || sha256(row_text))'`,
    );
    await transaction.query(
      `create or replace aggregate projecting.chained_sha256(bytea)
         (sfunc = projecting.chain_sha256, stype = bytea, initcond = '')`,
    );
  });
}
