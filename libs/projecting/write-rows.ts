import pg from 'pg';
import type { Queryable } from './database.js';
import { groupBy } from './group-by.js';
import type { Operation } from './projection.js';
import { keyOf, type Row, type Table } from './table.js';

type Change = Exclude<Operation, { kind: 'skip' }>;

/** Carries the operations out: one statement for the new rows of a table, one for those that end. */
export async function writeRows(
  transaction: Queryable,
  schema: string,
  operations: readonly Operation[],
): Promise<void> {
  const changes = operations.filter((operation): operation is Change => operation.kind !== 'skip');
  for (const [table, ofTable] of groupBy(changes, (change) => change.table)) {
    if (table.kind === 'temporal') await writeTemporal(transaction, schema, table, ofTable);
    else await writeCurrent(transaction, schema, table, ofTable);
  }
}

/** Of several changes of a key, the last counts. */
async function writeCurrent(
  transaction: Queryable,
  schema: string,
  table: Table,
  changes: readonly Change[],
): Promise<void> {
  const last = new Map(changes.map((change) => [keyOf(table, rowOf(change)), change]));
  const puts = [...last.values()].filter(({ kind }) => kind === 'put').map(rowOf);
  const deletes = [...last.values()].filter(({ kind }) => kind === 'delete').map(rowOf);
  if (deletes.length > 0)
    await transaction.query(
      `delete from ${nameOf(schema, table)} t using ${unnest(table, table.key)} where ${sameKey(table)}`,
      arraysOf(table, table.key, deletes),
    );
  if (puts.length === 0) return;
  const columns = Object.keys(table.columns);
  const rest = columns.filter((column) => !table.key.includes(column));
  await transaction.query(
    `insert into ${nameOf(schema, table)} (${list(columns)}) select ${selected(table, columns)} from ${unnest(table, columns)}
     on conflict (${list(table.key)}) do ${
       rest.length === 0
         ? 'nothing'
         : `update set ${rest.map((column) => `${quoted(column)} = excluded.${quoted(column)}`).join(', ')}`
     }`,
    arraysOf(table, columns, puts),
  );
}

/** The row that stands ends where its key first changes; each change stands until the next one of its key. */
async function writeTemporal(
  transaction: Queryable,
  schema: string,
  table: Table,
  changes: readonly Change[],
): Promise<void> {
  const ended: { row: Row; seq: number }[] = [];
  const opened: { row: Row; from: number; to: number | null }[] = [];
  for (const ofKey of groupBy(changes, (change) => keyOf(table, rowOf(change))).values()) {
    ended.push({ row: rowOf(ofKey[0]!), seq: ofKey[0]!.seq });
    for (const [index, change] of ofKey.entries()) {
      const next = ofKey[index + 1];
      // Two changes of a key by one message: only the last one ever stood.
      if (change.kind === 'delete' || next?.seq === change.seq) continue;
      opened.push({ row: change.row, from: change.seq, to: next?.seq ?? null });
    }
  }
  const end = `$${table.key.length + 1}::bigint[]`;
  await transaction.query(
    `update ${nameOf(schema, table)} t set valid_to_seq = k.valid_to_seq
     from ${unnest(table, table.key, [[end, 'valid_to_seq']])}
     where ${sameKey(table)} and t.valid_to_seq is null`,
    [
      ...arraysOf(
        table,
        table.key,
        ended.map(({ row }) => row),
      ),
      ended.map(({ seq }) => seq),
    ],
  );
  if (opened.length === 0) return;
  const columns = Object.keys(table.columns);
  const [from, to] = [`$${columns.length + 1}::bigint[]`, `$${columns.length + 2}::bigint[]`];
  await transaction.query(
    `insert into ${nameOf(schema, table)} (${list(columns)}, valid_from_seq, valid_to_seq)
     select ${selected(table, columns)}, k.valid_from_seq, k.valid_to_seq from ${unnest(table, columns, [
       [from, 'valid_from_seq'],
       [to, 'valid_to_seq'],
     ])}`,
    [
      ...arraysOf(
        table,
        columns,
        opened.map(({ row }) => row),
      ),
      opened.map((row) => row.from),
      opened.map((row) => row.to),
    ],
  );
}

const rowOf = (change: Change): Row => (change.kind === 'put' ? change.row : change.key);

const quoted = (column: string): string => pg.escapeIdentifier(column);
const list = (columns: readonly string[]): string => columns.map(quoted).join(', ');
const nameOf = (schema: string, table: Table): string => `${quoted(schema)}.${quoted(table.name)}`;
const sameKey = (table: Table): string =>
  table.key.map((column) => `t.${quoted(column)} = k.${quoted(column)}`).join(' and ');

/**
 * One array per column, as a table `k`. A jsonb column comes as one JSON text: as an array of texts each value would be
 * escaped and parsed twice over (measured: 5 × slower at 2.5 kB a value).
 */
function unnest(table: Table, columns: readonly string[], more: readonly (readonly [string, string])[] = []): string {
  const parameters = columns.map((column, index) => ({ column, parameter: `$${index + 1}` }));
  const [json, plain] = [parameters.filter(isJson), parameters.filter((one) => !isJson(one))];
  const arrays = plain.map(({ column, parameter }) => `${parameter}::${table.columns[column]!}[]`);
  const functions = [
    `unnest(${[...arrays, ...more.map(([array]) => array)].join(', ')})`,
    ...json.map(({ parameter }) => `json_array_elements(${parameter}::json)`),
  ];
  const names = [
    ...plain.map(({ column }) => column),
    ...more.map(([, name]) => name),
    ...json.map(({ column }) => column),
  ];
  return `rows from (${functions.join(', ')}) as k (${names.map(quoted).join(', ')})`;

  function isJson({ column }: { readonly column: string }): boolean {
    return table.columns[column] === 'jsonb';
  }
}

/** What to select of `k` for these columns: JSON's null stands for no value. */
const selected = (table: Table, columns: readonly string[]): string =>
  columns
    .map((column) => {
      const name = `k.${quoted(column)}`;
      return table.columns[column] === 'jsonb' ? `nullif(${name}::text, 'null')::jsonb` : name;
    })
    .join(', ');

const arraysOf = (table: Table, columns: readonly string[], rows: readonly Row[]): unknown[] =>
  columns.map((column) => {
    const values = rows.map((row) => valueOf(table, column, row));
    return table.columns[column] === 'jsonb' ? `[${values.map(jsonOf).join(',')}]` : values;
  });

function valueOf(table: Table, column: string, row: Row): unknown {
  const value = row[column];
  if (value === undefined) throw new TypeError(`a row of ${table.name} has no ${column}: expected a value or null`);
  return typeof value === 'string' && table.columns[column] !== 'jsonb' ? storable(value) : value;
}

/** PostgreSQL holds neither U+0000 nor half a surrogate pair: a read model shows U+FFFD for them, the log keeps them. */
const storable = (text: string): string => text.toWellFormed().replaceAll('\0', '\uFFFD');

const unstorable = /\\u(?:0000|d[89a-f])/;

function jsonOf(value: unknown): string {
  const json = JSON.stringify(value);
  return unstorable.test(json) ? JSON.stringify(storableJson(value)) : json;
}

function storableJson(value: unknown): unknown {
  if (typeof value === 'string') return storable(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(storableJson);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [storable(key), storableJson(member)]));
}
