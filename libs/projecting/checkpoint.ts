import pg from 'pg';
import type { Queryable } from './database.js';
import { isUndefinedTable } from './database.js';

/** How far a read model is. It lives in the read model's own schema: whoever swaps the schema swaps it too. */
export interface Checkpoint {
  /** Version of the projection that made the tables. */
  readonly version: number;
  /** Last sequence folded; 0 before the first. */
  readonly position: number;
  /** Largest stored time up to the position, milliseconds since the epoch; 0 before the first. */
  readonly logTime: number;
  /** Who may write: raised by every take-over. */
  readonly epoch: number;
  /** Messages that could not be read or contradicted the ones before. */
  readonly skipped: number;
  readonly lastSkipped: { readonly seq: number; readonly reason: string } | undefined;
}

interface CheckpointRow {
  version: number;
  position: number;
  log_time: number;
  epoch: number;
  skipped: number;
  last_skipped_seq: number | null;
  last_skipped_reason: string | null;
}

const columns = 'version, position, log_time, epoch, skipped, last_skipped_seq, last_skipped_reason';

/** The two tables that every read model has beside its own. */
export const checkpointSql = `
create table checkpoint (
  singleton boolean primary key default true check (singleton),
  version integer not null,
  position bigint not null default 0,
  log_time bigint not null default 0,
  epoch bigint not null default 0,
  skipped bigint not null default 0,
  last_skipped_seq bigint,
  last_skipped_reason text
);
-- Per transaction: the sequences at which the running maximum of stored time rose, and what it rose to.
create table log_times (
  first_seq bigint primary key,
  last_time bigint not null,
  seqs bigint[] not null,
  times bigint[] not null
);
create unique index log_times_by_time on log_times (last_time);
`;

/** Undefined where the read model has no tables yet. */
export async function readCheckpoint(database: Queryable, schema: string): Promise<Checkpoint | undefined> {
  try {
    const { rows } = await database.query<CheckpointRow>(
      `select ${columns} from ${pg.escapeIdentifier(schema)}.checkpoint`,
    );
    return rows[0] && checkpointOf(rows[0]);
  } catch (error) {
    if (isUndefinedTable(error)) return undefined;
    throw error;
  }
}

/** Makes the caller the only one who may write. Whoever wrote before finds another epoch at its next batch. */
export async function takeOver(database: Queryable, schema: string): Promise<Checkpoint> {
  const { rows } = await database.query<CheckpointRow>(
    `update ${pg.escapeIdentifier(schema)}.checkpoint set epoch = epoch + 1 returning ${columns}`,
  );
  return checkpointOf(rows[0]!);
}

export interface Advance {
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
  readonly logTime: number;
  /** Where the running maximum of stored time rose within the batch. */
  readonly rises: readonly { readonly seq: number; readonly time: number }[];
}

/**
 * Compare-and-set of the checkpoint, and the batch's times. False when somebody else took over or the position moved.
 * It comes first in a batch's transaction: it locks the row, so that a swap of the schema happens before or after.
 */
export async function advance(transaction: Queryable, schema: string, batch: Advance): Promise<boolean> {
  const name = pg.escapeIdentifier(schema);
  const { rows } = await transaction.query<{ advanced: number }>(
    `with advanced as (
       update ${name}.checkpoint set position = $3, log_time = $4 where epoch = $1 and position = $2 returning 1
     ), timed as (
       insert into ${name}.log_times (first_seq, last_time, seqs, times)
       select $5::bigint, $4::bigint, $6::bigint[], $7::bigint[] from advanced where $5::bigint is not null
     )
     select count(*)::integer as advanced from advanced`,
    [
      batch.epoch,
      batch.from,
      batch.to,
      batch.logTime,
      batch.rises[0]?.seq ?? null,
      batch.rises.map(({ seq }) => seq),
      batch.rises.map(({ time }) => time),
    ],
  );
  return rows[0]?.advanced === 1;
}

export async function countSkipped(
  transaction: Queryable,
  schema: string,
  skips: readonly { readonly seq: number; readonly reason: string }[],
): Promise<void> {
  const last = skips.at(-1);
  if (last === undefined) return;
  await transaction.query(
    `update ${pg.escapeIdentifier(schema)}.checkpoint
     set skipped = skipped + $1, last_skipped_seq = $2, last_skipped_reason = $3`,
    [skips.length, last.seq, last.reason],
  );
}

/** The first sequence at which the log's time is later than `time`; undefined where none is, up to the checkpoint. */
export async function firstSeqAfter(database: Queryable, schema: string, time: number): Promise<number | undefined> {
  const { rows } = await database.query<{ seqs: string[]; times: string[] }>(
    `select seqs, times from ${pg.escapeIdentifier(schema)}.log_times
     where last_time > $1 order by last_time limit 1`,
    [time],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  return Number(row.seqs[row.times.findIndex((at) => Number(at) > time)]);
}

/** The log's time at a sequence that the checkpoint has passed; 0 before the first message. */
export async function logTimeAt(database: Queryable, schema: string, seq: number): Promise<number> {
  const { rows } = await database.query<{ seqs: string[]; times: string[] }>(
    `select seqs, times from ${pg.escapeIdentifier(schema)}.log_times
     where first_seq <= $1 order by first_seq desc limit 1`,
    [seq],
  );
  const row = rows[0];
  if (row === undefined) return 0;
  return Number(row.times[row.seqs.findLastIndex((at) => Number(at) <= seq)]);
}

const checkpointOf = (row: CheckpointRow): Checkpoint => ({
  version: row.version,
  position: row.position,
  logTime: row.log_time,
  epoch: row.epoch,
  skipped: row.skipped,
  lastSkipped:
    row.last_skipped_seq === null ? undefined : { seq: row.last_skipped_seq, reason: row.last_skipped_reason ?? '' },
});
