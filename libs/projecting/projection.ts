import type { Row, Table } from './table.js';

/** Streams that read models are folded from. */
export type StreamName = 'EVENTS' | 'TRAFFIC' | 'WINDOWS';

/** A message with its place in the log. */
export interface Recorded<Fact> {
  readonly seq: number;
  /**
   * Time of the log here, milliseconds since the epoch: the largest stored time up to this sequence. The server's own
   * clock may step back; this never does.
   */
  readonly logTime: number;
  readonly fact: Fact;
}

/** What a message is to a projection: a fact, somebody else's business, or something no one here can read (counted). */
export type Decoded<Fact> =
  | { readonly kind: 'fact'; readonly fact: Fact }
  | { readonly kind: 'irrelevant' }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Names a row that `apply` will want to see as it stands before the batch. */
export interface RowReference {
  readonly table: Table;
  /** At least the key's columns. */
  readonly key: Row;
}

export type Operation =
  | { readonly kind: 'put'; readonly table: Table; readonly seq: number; readonly row: Row }
  | { readonly kind: 'delete'; readonly table: Table; readonly seq: number; readonly key: Row }
  /** The fact contradicts what came before it: counted, shown, not applied. */
  | { readonly kind: 'skip'; readonly seq: number; readonly reason: string };

/** Rows as they stand before a batch: all that `needs` named. */
export interface Before {
  get(table: Table, key: Row): Row | undefined;
}

/**
 * A read model: a pure fold of one stream into tables. `apply` sees no clock and makes no ids; folding a stream in any
 * cuts gives the same tables.
 */
export interface Projection<Message, Fact = unknown> {
  /** Also the name of its PostgreSQL schema: a lower-case identifier. */
  readonly name: string;
  /** Raise it whenever schema.sql, `decode` or `apply` change: the read model is then rebuilt side by side. */
  readonly version: number;
  /** The oldest version whose tables the queries of this code can still read (default: this one's). */
  readonly readableFrom?: number;
  readonly stream: StreamName;
  /** Text of schema.sql: `create table` and `create index` without a schema in their names. */
  readonly schemaSql: string;
  readonly tables: readonly Table[];
  decode(message: Message): Decoded<Fact>;
  /** Rows that `apply` reads for this fact. */
  needs(recorded: Recorded<Fact>): readonly RowReference[];
  /** Folds in log order. */
  apply(before: Before, facts: readonly Recorded<Fact>[]): readonly Operation[];
}
