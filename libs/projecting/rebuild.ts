import pg from 'pg';
import { readCheckpoint, type Checkpoint } from './checkpoint.js';
import type { Database, Queryable } from './database.js';
import { digest, type ProjectionDigest } from './digest.js';
import { ProjectionFailed, RebuildInProgress, StreamTruncated } from './errors.js';
import { decodeBatch, writeBatch, type Progress } from './fold-batch.js';
import type { Projection } from './projection.js';
import { readAhead } from './read-ahead.js';
import { createSchema, dropSchema, rebuildSchemaOf, retiredSchemaOf } from './schema.js';
import type { MessageSource } from './source.js';

export interface RebuildOptions<Message> {
  readonly database: Database;
  readonly source: MessageSource<Message>;
  /**
   * `always` (default): what was folded from the log replaces the live read model, equal or not: the log is the truth.
   * `never`: only compare.
   */
  readonly swap?: 'always' | 'never';
  /** Most messages of one transaction (default 1,000). */
  readonly maxBatch?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RebuildProgress) => void;
}

export interface RebuildProgress {
  readonly position: number;
  readonly target: number;
}

export interface RebuildReport {
  readonly projection: string;
  readonly version: number;
  /** Version of the read model that was live; undefined where there was none. */
  readonly liveVersion: number | undefined;
  /** Both at the same sequence. No digest of a live read model that another version made. */
  readonly live: ProjectionDigest | undefined;
  readonly rebuilt: ProjectionDigest;
  /** Undefined where there was nothing to compare with. */
  readonly identical: boolean | undefined;
  readonly swapped: boolean;
}

/**
 * Folds the stream from sequence 1 into a schema of its own while the live read model goes on, compares both at the same
 * sequence, and swaps them in one transaction. The live projector goes on with the swapped one where the version is the
 * same, and is fenced where it is not. Cancelled by the signal, it leaves a schema that the next rebuild drops.
 * @throws RebuildInProgress, StreamTruncated, ProjectionFailed; AbortError when cancelled.
 */
export function rebuild<Message, Fact>(
  projection: Projection<Message, Fact>,
  options: RebuildOptions<Message>,
): Promise<RebuildReport> {
  return options.database.session(async (session) => {
    const lock = [`modelog rebuild ${projection.name}`];
    const { rows } = await session.query<{ locked: boolean }>(
      'select pg_try_advisory_lock(hashtext($1)) as locked',
      lock,
    );
    if (rows[0]?.locked !== true) throw new RebuildInProgress(projection.name);
    try {
      return await new Rebuild(projection, options).run();
    } finally {
      // The session's end frees it too, but not before the next rebuild may ask.
      await session.query('select pg_advisory_unlock(hashtext($1))', lock).catch(() => undefined);
    }
  });
}

class Rebuild<Message, Fact> {
  private readonly schema: string;
  private progress: Progress = { epoch: 0, position: 0, logTime: 0 };

  constructor(
    private readonly projection: Projection<Message, Fact>,
    private readonly options: RebuildOptions<Message>,
  ) {
    this.schema = rebuildSchemaOf(projection);
  }

  async run(): Promise<RebuildReport> {
    const { projection, options, schema } = this;
    const { database, source, swap = 'always' } = options;
    const { firstSeq } = await source.head();
    if (firstSeq > 1) throw new StreamTruncated(projection.name, firstSeq);

    await dropLeftovers(database, projection.name);
    await createSchema(database, projection, schema);
    const liveVersion = (await this.live())?.version;
    await this.foldTo(await this.livePosition());

    const live = liveVersion === projection.version ? await digest(database, projection) : undefined;
    await this.foldTo(live?.position ?? (await this.livePosition()));
    const rebuilt = (await digest(database, projection, schema))!;
    const identical = live && live.digest === rebuilt.digest;

    if (swap === 'always') await this.swap();
    await dropSchema(database, swap === 'always' ? retiredSchemaOf(projection.name) : schema);
    return {
      ...{ projection: projection.name, version: projection.version, liveVersion },
      ...{ live, rebuilt, identical, swapped: swap === 'always' },
    };
  }

  private live(): Promise<Checkpoint | undefined> {
    return readCheckpoint(this.options.database, this.projection.name);
  }

  /** Where there is no live read model, the end of the stream. */
  private async livePosition(): Promise<number> {
    return (await this.live())?.position ?? (await this.options.source.head()).lastSeq;
  }

  /** Catches up with the live read model, then does the rest while that one waits. */
  private async swap(): Promise<void> {
    const { database } = this.options;
    const name = pg.escapeIdentifier(this.projection.name);
    const rebuilt = pg.escapeIdentifier(this.schema);
    if ((await this.live()) === undefined) {
      await database.query(`alter schema ${rebuilt} rename to ${name}`);
      return;
    }
    await this.foldTo(await this.livePosition());
    await database.transaction(async (transaction) => {
      // The projector's batch begins with this table: it waits here, holding nothing. Readers go on.
      await transaction.query(`lock table ${name}.checkpoint in exclusive mode`);
      const live = (await readCheckpoint(transaction, this.projection.name))!;
      await this.foldTo(live.position, transaction);
      // Of the same version, the projector that waits may go on. Another version's must not.
      const epoch = live.version === this.projection.version ? live.epoch : live.epoch + 1;
      await transaction.query(`update ${rebuilt}.checkpoint set epoch = $1`, [epoch]);
      await transaction.query(
        `alter schema ${name} rename to ${pg.escapeIdentifier(retiredSchemaOf(this.projection.name))}`,
      );
      await transaction.query(`alter schema ${rebuilt} rename to ${name}`);
    });
  }

  /** Folds up to exactly `target`, a position that the live read model has reached. */
  private async foldTo(target: number, within?: Queryable): Promise<void> {
    const { source, maxBatch = 1_000, signal = new AbortController().signal } = this.options;
    if (this.progress.position >= target) return;
    const fromSeq = this.progress.position + 1;
    const batches = readAhead(
      (until) => source.follow({ fromSeq, signal: until, maxBatch: Math.min(maxBatch, source.maxBatch) }),
      maxBatch,
      signal,
    );
    for await (const messages of batches) {
      await this.fold(messages, target, within);
      this.options.onProgress?.({ position: this.progress.position, target });
      if (this.progress.position >= target) return;
    }
    signal.throwIfAborted();
  }

  private async fold(messages: readonly Message[], target: number, within: Queryable | undefined): Promise<void> {
    const { projection, options, schema } = this;
    const batch = decodeBatch(projection, options.source, this.progress, messages, target);
    if (batch === undefined) return;
    const write = (transaction: Queryable): Promise<Progress | undefined> =>
      writeBatch(transaction, projection, schema, batch);
    const after = await (within === undefined ? options.database.transaction(write) : write(within));
    const { from, to } = batch.advance;
    if (after === undefined)
      throw new ProjectionFailed(projection.name, from + 1, to, `somebody else wrote into ${schema}`);
    this.progress = after;
  }
}

/** What cancelled and broken rebuilds left. */
async function dropLeftovers(database: Database, name: string): Promise<void> {
  const { rows } = await database.query<{ schema: string }>(
    `select nspname as schema from pg_namespace
     where nspname = $1 or left(nspname, length($2)) = $2`,
    [retiredSchemaOf(name), `${name}__rebuild_`],
  );
  for (const { schema } of rows) await dropSchema(database, schema);
}
