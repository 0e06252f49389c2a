import { setTimeout as pause } from 'node:timers/promises';
import { rejection, type api, type Rejection } from '#libs/contracts/index.js';
import type { StreamHead } from '#libs/event-log/index.js';
import { accept, isoTime, reject, type Clock, type Result } from '#libs/kernel/index.js';
import { firstSeqAfter, logTimeAt, readCheckpoint, type Checkpoint } from './checkpoint.js';
import { isConnectionLost, isUndefinedTable, type Queryable } from './database.js';
import type { Projection } from './projection.js';

/** The moment a read asks for, as `api.readQuery` gives it. */
export interface ReadAt {
  readonly as_of?: api.AsOf | undefined;
  readonly min_seq?: number | undefined;
}

/** How far into each stream an answer goes. */
export interface AsOfCut {
  readonly events: number;
  readonly traffic: number;
}

export interface ReaderOptions {
  readonly database: Queryable;
  /** Of the projection that is read: any message type. */
  readonly projection: Pick<Projection<never>, 'name' | 'version' | 'readableFrom' | 'stream'>;
  /** The stream's last sequence as its leader answers now. */
  readonly head: () => Promise<StreamHead>;
  readonly clock: Clock;
  /** Milliseconds to wait for the projector before `not_caught_up` (default 5,000). */
  readonly waitMs?: number;
}

const pollMs = { first: 5, most: 100 };

/** Reads one read model at a moment of its stream, waiting for the projector where that is asked for. */
export class ProjectionReader {
  constructor(private readonly options: ReaderOptions) {}

  get projection(): string {
    return this.options.projection.name;
  }

  /** The checkpoint now; undefined while there is no read model. */
  checkpoint(): Promise<Checkpoint | undefined> {
    return readCheckpoint(this.options.database, this.projection);
  }

  /**
   * Resolves the moment and asks `query` for what stood then. Refuses with `invalid_position`, `not_caught_up`, or
   * `unavailable` when PostgreSQL cannot be reached. `query` reads with `asOf(seq)`; it may refuse for its own reasons.
   */
  async read<T>(
    at: ReadAt,
    query: (database: Queryable, seq: number) => Promise<Result<T, Rejection>>,
  ): Promise<Result<T, Rejection>> {
    return this.whileAvailable(async (database) => {
      const resolved = await this.resolveAsOf(at.as_of, at.min_seq);
      return resolved.ok ? query(database, resolved.value) : resolved;
    });
  }

  /**
   * The sequence an answer is of (rule 19 of EVENT_LOG.md). `seq:N` is N; an instant is the last sequence whose running
   * maximum of stored time is not after it, `invalid_position` before the first message; nothing is the checkpoint,
   * `minSeq` or later.
   */
  async resolveAsOf(asOf: api.AsOf | undefined, minSeq?: number): Promise<Result<number, Rejection>> {
    const deadline = this.options.clock.monotonic() + (this.options.waitMs ?? 5_000);
    if (minSeq !== undefined) {
      const reached = await this.waitFor(minSeq, deadline);
      if (!reached.ok) return reached;
    }
    if (asOf === undefined) {
      const now = await this.waitFor(0, deadline);
      return now.ok ? accept(now.value.position) : now;
    }
    if ('seq' in asOf) return this.atSequence(asOf.seq, deadline);
    if (asOf.at > this.options.clock.now()) return refusePosition(`${isoTime(asOf.at)} has not come yet`);
    const seq = await this.atInstant(asOf.at, deadline);
    return seq.ok && seq.value === 0 ? this.beforeTheFirst(asOf.at) : seq;
  }

  /**
   * Where this stream stood when the log's time was `time` (milliseconds since the epoch): for reads that cut one stream
   * at the moment of another. 0 where it had no message yet. The time is the server's, whose clock may be ahead of this one.
   */
  async cutAt(time: number): Promise<Result<number, Rejection>> {
    return this.atInstant(time, this.options.clock.monotonic() + (this.options.waitMs ?? 5_000));
  }

  /** The log's time at a sequence that the checkpoint has passed, milliseconds since the epoch. */
  logTimeAt(seq: number): Promise<number> {
    return logTimeAt(this.options.database, this.projection, seq);
  }

  /** The first sequence at which the log's time is later than `time`; undefined where none is folded yet. */
  async firstSeqAfter(time: number): Promise<number | undefined> {
    try {
      return await firstSeqAfter(this.options.database, this.projection, time);
    } catch (error) {
      if (isUndefinedTable(error)) return undefined;
      throw error;
    }
  }

  /** What `work` gives, or `unavailable` when PostgreSQL cannot be reached. */
  async whileAvailable<T>(work: (database: Queryable) => Promise<Result<T, Rejection>>): Promise<Result<T, Rejection>> {
    try {
      return await work(this.options.database);
    } catch (error) {
      if (!isConnectionLost(error)) throw error;
      return reject(rejection('unavailable', 'PostgreSQL cannot be reached'));
    }
  }

  private async atSequence(seq: number, deadline: number): Promise<Result<number, Rejection>> {
    const checkpoint = await this.readable();
    if (checkpoint !== undefined && checkpoint.position >= seq) return accept(seq);
    const { lastSeq } = await this.options.head();
    if (seq > lastSeq) return refusePosition(`seq:${seq} is past the end of the log, which is at ${lastSeq}`);
    const reached = await this.waitFor(seq, deadline);
    return reached.ok ? accept(seq) : reached;
  }

  private async atInstant(time: number, deadline: number): Promise<Result<number, Rejection>> {
    const later = await this.firstSeqAfter(time);
    if (later !== undefined) return accept(later - 1);
    const { lastSeq } = await this.options.head();
    const reached = await this.waitFor(lastSeq, deadline, time);
    if (!reached.ok) return reached;
    const first = await this.firstSeqAfter(time);
    return accept(first === undefined ? reached.value.position : first - 1);
  }

  private async beforeTheFirst(time: number): Promise<Result<number, Rejection>> {
    const first = await this.logTimeAt(1);
    // The first message may have come since the instant was looked up; then it is not later than it.
    if (first <= time) return refusePosition(`the log had no event yet at ${isoTime(time)}`);
    return refusePosition(`${isoTime(time)} is before the first event of the log, at ${isoTime(first)}`);
  }

  /** Until the checkpoint is at `seq`, or, where a time is given, has passed a later message. */
  private async waitFor(seq: number, deadline: number, time = Infinity): Promise<Result<Checkpoint, Rejection>> {
    for (let pauseFor = pollMs.first; ; pauseFor = Math.min(2 * pauseFor, pollMs.most)) {
      const checkpoint = await this.readable();
      if (checkpoint !== undefined && (checkpoint.position >= seq || checkpoint.logTime > time))
        return accept(checkpoint);
      const left = deadline - this.options.clock.monotonic();
      if (left <= 0) return reject(this.notCaughtUp(seq, checkpoint));
      await pause(Math.min(pauseFor, left));
    }
  }

  /** The checkpoint, if this code can read its tables. */
  private async readable(): Promise<Checkpoint | undefined> {
    const { version, readableFrom = version } = this.options.projection;
    const checkpoint = await this.checkpoint();
    return checkpoint !== undefined && checkpoint.version >= readableFrom && checkpoint.version <= version
      ? checkpoint
      : undefined;
  }

  private notCaughtUp(seq: number, checkpoint: Checkpoint | undefined): Rejection {
    const where = checkpoint === undefined ? 'is not built yet' : `is at ${checkpoint.position}`;
    return rejection('not_caught_up', `read model ${this.projection} ${where}, ${seq} was asked for`);
  }
}

const refusePosition = (detail: string): Result<number, Rejection> =>
  reject(
    rejection('invalid_position', detail, [{ path: 'as_of', message: 'expected a moment that the log has seen' }]),
  );
