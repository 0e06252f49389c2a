import { setTimeout as pause } from 'node:timers/promises';
import { StreamTimeout, StreamUnavailable } from '#libs/event-log/index.js';
import { messageOf, type Clock } from '#libs/kernel/index.js';
import { readCheckpoint, takeOver } from './checkpoint.js';
import { isTransient, isUndefinedTable, type Database } from './database.js';
import { NotReached, ProjectingError, ProjectionFailed, ProjectionFenced, RebuildInProgress } from './errors.js';
import { decodeBatch, writeBatch, type Progress } from './fold-batch.js';
import type { Projection } from './projection.js';
import { readAhead } from './read-ahead.js';
import { rebuild, type RebuildReport } from './rebuild.js';
import { createSchema } from './schema.js';
import type { MessageSource } from './source.js';

export interface RunProjectionOptions<Message> {
  readonly database: Database;
  readonly source: MessageSource<Message>;
  readonly clock: Clock;
  /** Uniform in [0, 1): spreads retries. */
  readonly random: () => number;
  /** Most messages of one transaction (default 1,000). */
  readonly maxBatch?: number;
  /**
   * Milliseconds from one transaction's start to the next one's, unless it is full (default 0). What arrives after a
   * quiet time is folded at once; under steady traffic a transaction then holds many messages instead of a few.
   */
  readonly minIntervalMs?: number;
  readonly onNotice?: (notice: ProjectionNotice) => void;
}

/** What an operator wants in the log. */
export type ProjectionNotice =
  | { readonly kind: 'started'; readonly position: number; readonly epoch: number }
  | { readonly kind: 'rebuilding'; readonly fromVersion: number; readonly toVersion: number }
  | { readonly kind: 'rebuilt'; readonly report: RebuildReport }
  | { readonly kind: 'interrupted'; readonly reason: string; readonly retryInMs: number }
  | { readonly kind: 'resumed'; readonly position: number };

export interface ProjectionStatus {
  readonly projection: string;
  readonly version: number;
  readonly state: 'starting' | 'running' | 'interrupted' | 'stopped' | 'failed';
  readonly position: number;
  /** Why it is interrupted or failed. */
  readonly reason: string | undefined;
}

export interface RunningProjection {
  status(): ProjectionStatus;
  /** Messages of the stream that are not folded yet. @throws when the stream does not answer. */
  gap(): Promise<number>;
  /** Resolves when the position is at least `seq`. @throws NotReached, or what ended the projection. */
  until(seq: number, timeoutMs: number): Promise<void>;
  /** Stops reading, finishes the batch in hand. Never rejects. */
  stop(): Promise<void>;
  /** Resolves after `stop`. Rejects with ProjectionFenced, ProjectionFailed or what the stream threw. */
  readonly done: Promise<void>;
}

/**
 * Keeps one read model: from checkpoint + 1, one transaction per batch, each with a compare-and-set of the checkpoint
 * under this projector's epoch. Starting takes the projection over from whoever runs it. A lost connection to
 * PostgreSQL or the stream is retried for ever from the checkpoint found then; a read model made by another version is
 * rebuilt side by side first.
 */
export function runProjection<Message, Fact>(
  projection: Projection<Message, Fact>,
  options: RunProjectionOptions<Message>,
): RunningProjection {
  return new Runner(projection, options);
}

const backoffMs = { first: 50, most: 2_000 };

class Runner<Message, Fact> implements RunningProjection {
  readonly done: Promise<void>;
  private readonly abort = new AbortController();
  private readonly waiters = new Set<{ seq: number; wake: () => void }>();
  private state: ProjectionStatus['state'] = 'starting';
  private reason: string | undefined;
  private progress: Progress = { epoch: 0, position: 0, logTime: 0 };
  private failures = 0;

  constructor(
    private readonly projection: Projection<Message, Fact>,
    private readonly options: RunProjectionOptions<Message>,
  ) {
    this.done = this.run();
    // Whoever does not look at `done` sees it in `status`.
    this.done.catch(() => undefined);
  }

  status(): ProjectionStatus {
    const { name, version } = this.projection;
    return { projection: name, version, state: this.state, position: this.progress.position, reason: this.reason };
  }

  async gap(): Promise<number> {
    const { lastSeq } = await this.options.source.head();
    return Math.max(0, lastSeq - this.progress.position);
  }

  async until(seq: number, timeoutMs: number): Promise<void> {
    if (this.progress.position >= seq) return;
    const settled = new AbortController();
    let waiter: { seq: number; wake: () => void } | undefined;
    const reached = new Promise<void>((wake) => this.waiters.add((waiter = { seq, wake })));
    const late = pause(timeoutMs, undefined, { signal: settled.signal }).then(
      () => Promise.reject(new NotReached(this.projection.name, seq, this.progress.position, timeoutMs)),
      () => undefined,
    );
    const ended = this.done.then(() =>
      Promise.reject(new NotReached(this.projection.name, seq, this.progress.position, timeoutMs)),
    );
    try {
      await Promise.race([reached, late, ended]);
    } finally {
      settled.abort();
      if (waiter !== undefined) this.waiters.delete(waiter);
    }
  }

  async stop(): Promise<void> {
    this.abort.abort();
    await this.done.catch(() => undefined);
  }

  private async run(): Promise<void> {
    try {
      const started = await this.retrying(() => this.start());
      if (started) await this.retrying(() => this.follow());
      this.state = 'stopped';
    } catch (error) {
      this.state = 'failed';
      this.reason = messageOf(error);
      throw error;
    }
  }

  private async start(): Promise<void> {
    const { name, version } = this.projection;
    const { database, source } = this.options;
    const found = await readCheckpoint(database, name);
    if (found === undefined) {
      await createSchema(database, this.projection, name);
    } else if (found.version !== version) {
      this.options.onNotice?.({ kind: 'rebuilding', fromVersion: found.version, toVersion: version });
      const report = await rebuild(this.projection, { database, source, signal: this.abort.signal });
      this.options.onNotice?.({ kind: 'rebuilt', report });
    }
    this.moveTo(await takeOver(database, name));
    this.state = 'running';
    this.options.onNotice?.({ kind: 'started', position: this.progress.position, epoch: this.progress.epoch });
  }

  private async follow(): Promise<void> {
    if (this.state === 'interrupted') await this.resume();
    const { source, maxBatch = 1_000 } = this.options;
    const fromSeq = this.progress.position + 1;
    const batches = readAhead(
      (signal) => source.follow({ fromSeq, signal, maxBatch: Math.min(maxBatch, source.maxBatch) }),
      maxBatch,
      this.abort.signal,
    );
    for await (const messages of batches) {
      const began = this.options.clock.monotonic();
      await this.fold(messages);
      if (messages.length < maxBatch) await this.rest(began);
    }
    const { position } = this.progress;
    if (!this.stopping())
      throw new ProjectionFailed(this.projection.name, position, position, `stream ${source.stream} ended by itself`);
  }

  private async rest(since: number): Promise<void> {
    const { clock, minIntervalMs = 0 } = this.options;
    const left = minIntervalMs - (clock.monotonic() - since);
    if (left > 0) await pause(left, undefined, { signal: this.abort.signal }).catch(() => undefined);
  }

  /** A batch whose commit was cut off may have happened: the checkpoint tells. */
  private async resume(): Promise<void> {
    const found = await readCheckpoint(this.options.database, this.projection.name);
    const { epoch } = this.progress;
    if (found?.epoch !== epoch) throw new ProjectionFenced(this.projection.name, epoch, found?.epoch);
    this.moveTo(found);
    this.state = 'running';
    this.reason = undefined;
    this.options.onNotice?.({ kind: 'resumed', position: found.position });
  }

  private async fold(messages: readonly Message[]): Promise<void> {
    const { projection, options, progress } = this;
    const { source } = options;
    try {
      const batch = decodeBatch(projection, source, progress, messages);
      if (batch === undefined) return;
      const after = await options.database.transaction((transaction) =>
        writeBatch(transaction, projection, projection.name, batch),
      );
      if (after === undefined) throw await this.fenced();
      this.moveTo(after);
      this.failures = 0;
    } catch (error) {
      if (error instanceof ProjectingError || isTransient(error)) throw error;
      const [first, last] = [source.positionOf(messages[0]!).seq, source.positionOf(messages.at(-1)!).seq];
      throw new ProjectionFailed(projection.name, first, last, messageOf(error), { cause: error });
    }
  }

  private async fenced(): Promise<ProjectionFenced> {
    const found = await readCheckpoint(this.options.database, this.projection.name);
    return new ProjectionFenced(this.projection.name, this.progress.epoch, found?.epoch);
  }

  private moveTo({ epoch, position, logTime }: Progress): void {
    this.progress = { epoch, position, logTime };
    for (const waiter of this.waiters) if (waiter.seq <= position) waiter.wake();
  }

  private stopping(): boolean {
    return this.abort.signal.aborted;
  }

  /** Until `work` succeeds or fails for good; false when stopped before. */
  private async retrying(work: () => Promise<void>): Promise<boolean> {
    while (!this.stopping()) {
      try {
        await work();
        return !this.stopping();
      } catch (error) {
        if (this.stopping()) return false;
        if (!passes(error)) throw error;
        const retryInMs =
          Math.min(backoffMs.first * 2 ** this.failures++, backoffMs.most) * (0.5 + this.options.random());
        if (this.state === 'running') this.state = 'interrupted';
        this.reason = messageOf(error);
        this.options.onNotice?.({ kind: 'interrupted', reason: this.reason, retryInMs });
        await pause(retryInMs, undefined, { signal: this.abort.signal }).catch(() => undefined);
      }
    }
    return false;
  }
}

/** Lost connections, a stream that does not answer, another rebuild under way. */
const passes = (error: unknown): boolean =>
  isTransient(error) ||
  isUndefinedTable(error) ||
  error instanceof RebuildInProgress ||
  error instanceof StreamTimeout ||
  error instanceof StreamUnavailable;
