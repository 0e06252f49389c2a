/** Values as they go to PostgreSQL and come back: bigint columns hold safe integers, jsonb columns JSON. */
export type Value = unknown;
export type Row = Readonly<Record<string, Value>>;

export type ColumnType = 'text' | 'bigint' | 'integer' | 'double precision' | 'boolean' | 'jsonb';

/**
 * A table of a read model, as `apply` writes it. schema.sql creates it; at creation the two are compared.
 *
 * `temporal`: every change of a key closes its row and opens the next; schema.sql adds `valid_from_seq bigint not null`
 * and `valid_to_seq bigint` (null: current), primary key (key, valid_from_seq). Reads use `asOf(seq)`.
 * `current`: one row per key, overwritten.
 * `content`: rows named by their content (a digest is the key), large and never changed. `apply` sees only the key of
 * such a row, that is, whether it is there.
 */
export interface Table {
  readonly name: string;
  readonly kind: 'temporal' | 'current' | 'content';
  /** Columns of the key, in the order of the primary key. Text keys are `collate "C"`: order is that of bytes. */
  readonly key: readonly string[];
  /** All columns but `valid_from_seq` and `valid_to_seq`, the key's included. */
  readonly columns: Readonly<Record<string, ColumnType>>;
}

export const temporal = (table: Omit<Table, 'kind'>): Table => ({ ...table, kind: 'temporal' });
export const current = (table: Omit<Table, 'kind'>): Table => ({ ...table, kind: 'current' });
export const content = (table: Omit<Table, 'kind'>): Table => ({ ...table, kind: 'content' });

/** The key of a row as one string, injective. */
export const keyOf = (table: Table, row: Row): string => JSON.stringify(table.key.map((column) => row[column]));
