import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { messageOf } from '#libs/kernel/index.js';
import type { LogPosition } from '#libs/monitoring/index.js';
import { isUndefinedTable, type Database } from '#libs/projecting/index.js';
import { NameTaken, WatchFenced } from '../errors.js';

export interface CheckpointsOptions {
  readonly database: Database;
  /** No two processes that run at once have the same; the same after a restart. */
  readonly name: string;
  /** Which life of it this is (UUID). */
  readonly incarnation: string;
  /** Version of the states that are kept. */
  readonly stateVersion: number;
  /** Seconds without a word after which a process counts as gone. */
  readonly goneAfterS?: number;
  /** A checkpoint could not be used: the deployment is read from its beginning. */
  readonly onUnusable: (deployment: string, reason: string) => void;
}

/** A monitor as it was behind a message, with everything that it found until then on the log. */
export interface Saved {
  readonly position: LogPosition;
  /** Last sequence of the deployment's records on WINDOWS; 0 before the first. */
  readonly windowsSeq: number;
  readonly state: unknown;
}

export type Taken =
  | { readonly kind: 'taken'; readonly epoch: number; readonly saved: Saved | null }
  /** By another process, which is alive. */
  | { readonly kind: 'watched'; readonly by: string };

const schemaSql = readFileSync(new URL('./schema.sql', import.meta.url), 'utf8');
const defaultGoneAfterS = 10;

interface Row {
  readonly epoch: number;
  readonly state_version: number | null;
  readonly traffic_seq: number;
  readonly log_time: number;
  readonly events_seq: number;
  readonly windows_seq: number;
  readonly state: Uint8Array | null;
  readonly sha256: string | null;
}

/**
 * Where each deployment's monitor is, in PostgreSQL: whoever takes a deployment up raises its epoch and is its owner, and
 * what is saved under an older epoch or by another process is refused. Tables that were dropped are made again: deployments
 * are then read from their beginning. Every function fails as its database does.
 */
export class Checkpoints {
  constructor(private readonly options: CheckpointsOptions) {}

  /** Makes the tables where they are not, and enters this process: an earlier life of it is over. */
  async open(): Promise<void> {
    const { database, name, incarnation } = this.options;
    await this.#makeTables();
    await database.query(
      `insert into monitoring_process.processes (name, incarnation, seen_at) values ($1, $2, now())
       on conflict (name) do update set incarnation = excluded.incarnation, seen_at = now()`,
      [name, incarnation],
    );
    await database.query(`delete from monitoring_process.processes where seen_at < now() - interval '1 day'`);
  }

  /** Says that this process lives. @throws NameTaken when another one has been entered under its name. */
  async beat(): Promise<void> {
    try {
      await this.#enter();
    } catch (error) {
      if (!isUndefinedTable(error)) throw error;
      await this.#makeTables();
      await this.#enter();
    }
  }

  /** Whether no other process that is alive is entered under the name. */
  async isNameFree(): Promise<boolean> {
    const { database, name, incarnation, goneAfterS = defaultGoneAfterS } = this.options;
    const { rows } = await database.query(
      `select from monitoring_process.processes
       where name = $1 and incarnation <> $2 and seen_at > now() - make_interval(secs => $3)`,
      [name, incarnation, goneAfterS],
    );
    return rows.length === 0;
  }

  /** Takes a deployment up, unless a process that is alive watches it. */
  async take(deployment: string): Promise<Taken> {
    const { database, incarnation, goneAfterS = defaultGoneAfterS } = this.options;
    await database.query('insert into monitoring_process.checkpoints (deployment) values ($1) on conflict do nothing', [
      deployment,
    ]);
    const { rows } = await database.query<Row>(
      `update monitoring_process.checkpoints set epoch = epoch + 1, owner = $2
       where deployment = $1 and (owner is null or owner = $2 or not exists (
         select from monitoring_process.processes
         where incarnation = owner and seen_at > now() - make_interval(secs => $3)))
       returning epoch, state_version, traffic_seq, log_time, events_seq, windows_seq, state, sha256`,
      [deployment, incarnation, goneAfterS],
    );
    const row = rows[0];
    if (row === undefined) return { kind: 'watched', by: await this.#ownerOf(deployment) };
    return { kind: 'taken', epoch: row.epoch, saved: this.#savedIn(deployment, row) };
  }

  /** @returns bytes of the state. @throws WatchFenced when the deployment was taken over since. */
  async save(deployment: string, epoch: number, saved: Saved): Promise<number> {
    const { database, incarnation, stateVersion } = this.options;
    const state = serialize(saved.state);
    const { seq, logTime, eventsSeq } = saved.position;
    const places = [stateVersion, seq, logTime, eventsSeq, saved.windowsSeq];
    const { rowCount } = await database.query(
      `update monitoring_process.checkpoints
       set state_version = $4, traffic_seq = $5, log_time = $6, events_seq = $7, windows_seq = $8, state = $9, sha256 = $10,
           saved_at = now()
       where deployment = $1 and epoch = $2 and owner = $3`,
      [deployment, epoch, incarnation, ...places, state, digestOf(deployment, places, state)],
    );
    if (rowCount === 0) throw new WatchFenced(deployment, epoch);
    return state.length;
  }

  /** Nothing is watched here any more: others need not wait. */
  async leave(): Promise<void> {
    const { database, name, incarnation } = this.options;
    await database.query('update monitoring_process.checkpoints set owner = null where owner = $1', [incarnation]);
    await database.query('delete from monitoring_process.processes where name = $1 and incarnation = $2', [
      name,
      incarnation,
    ]);
  }

  async #makeTables(): Promise<void> {
    await this.options.database.transaction(async (transaction) => {
      // Of two that start at once one waits here.
      await transaction.query("select pg_advisory_xact_lock(hashtext('modelog schema monitoring_process'))");
      await transaction.query(schemaSql);
    });
  }

  /** Where it is no longer entered, too: after the tables were made anew. */
  async #enter(): Promise<void> {
    const { database, name, incarnation } = this.options;
    const { rowCount } = await database.query(
      `insert into monitoring_process.processes as known (name, incarnation, seen_at) values ($1, $2, now())
       on conflict (name) do update set seen_at = now() where known.incarnation = excluded.incarnation`,
      [name, incarnation],
    );
    if (rowCount === 0) throw new NameTaken(name);
  }

  async #ownerOf(deployment: string): Promise<string> {
    const { rows } = await this.options.database.query<{ name: string }>(
      `select name from monitoring_process.checkpoints join monitoring_process.processes on incarnation = owner
       where deployment = $1`,
      [deployment],
    );
    return rows[0]?.name ?? 'a process that has just left';
  }

  #savedIn(deployment: string, row: Row): Saved | null {
    const { stateVersion, onUnusable } = this.options;
    if (row.state === null) return null;
    if (row.state_version !== stateVersion) {
      onUnusable(deployment, `its state has version ${row.state_version ?? 'none'}: expected ${stateVersion}`);
      return null;
    }
    const { traffic_seq: seq, log_time: logTime, events_seq: eventsSeq, windows_seq: windowsSeq } = row;
    if (row.sha256 !== digestOf(deployment, [row.state_version, seq, logTime, eventsSeq, windowsSeq], row.state)) {
      onUnusable(deployment, 'it is not what was saved: its digest is another one');
      return null;
    }
    try {
      return { position: { seq, logTime, eventsSeq }, windowsSeq, state: deserialize(row.state) as unknown };
    } catch (error) {
      onUnusable(deployment, `its state cannot be read: ${messageOf(error)}`);
      return null;
    }
  }
}

const digestOf = (deployment: string, places: readonly number[], state: Uint8Array): string =>
  createHash('sha256')
    .update(JSON.stringify([deployment, ...places]))
    .update(state)
    .digest('hex');
