import { LRUCache } from 'lru-cache';
import { header, type AnyEvent, type CommandMeta } from '#libs/contracts/index.js';
import { accept, isoTime, type Clock } from '#libs/kernel/index.js';
import type {
  AggregateDefinition,
  Folding,
  IdempotencyConflict,
  Loaded,
  Outcome,
  Refused,
} from './aggregate-definition.js';
import { foldEvent, readEvent, toSnapshot, type Fold, type RecordedCommand } from './aggregate-fold.js';
import { advanceFold, loadFold, type Sources } from './aggregate-loader.js';
import {
  AppendContention,
  DuplicateMessageId,
  LogCorrupt,
  StreamConflict,
  StreamMovedOn,
  StreamTimeout,
  StreamUnavailable,
} from './errors.js';
import { encodeEvent, type EncodedEvent } from './event-codec.js';
import { KeyedQueue } from './keyed-queue.js';
import type { SnapshotStore } from './snapshot-store.js';
import type { Consistency, Expectation, StreamStore } from './stream-store.js';

export interface AggregateStoreOptions {
  readonly events: StreamStore;
  readonly snapshots: SnapshotStore;
  readonly clock: Clock;
  /** Uniform in [0, 1): spreads the retries of processes that contend. */
  readonly random: () => number;
  /** Aggregates kept in memory (default 1,000). */
  readonly cacheSize?: number;
  /** How long one command may wait and contend before AppendContention, milliseconds (default 5,000). */
  readonly settleWithinMs?: number;
  /** Waits before a retry (default: a timer). */
  readonly pause?: (milliseconds: number) => Promise<void>;
  /** Snapshots are best effort: a failure to read or write one is told here and changes nothing. */
  readonly onSnapshotError?: (subject: string, error: unknown) => void;
}

export interface Guard {
  /**
   * EVENTS sequence, as the leader told it, up to which the caller has looked at everything that the command rests on
   * beside its own aggregate. The event is stored only as the next one of the whole log: for the few decisions that need
   * it, as every append to anything is in their way.
   */
  readonly seenThrough?: number | undefined;
}

/** The one append path: load, decide, append with an expectation, settle what is unclear. */
export class AggregateStore {
  private readonly sources: Sources;
  private readonly cache: LRUCache<string, Cached>;
  private readonly queue = new KeyedQueue();
  private readonly snapshotWrites = new Set<Promise<void>>();

  constructor(private readonly options: AggregateStoreOptions) {
    this.sources = {
      events: options.events,
      snapshots: options.snapshots,
      onSnapshotError: options.onSnapshotError ?? (() => undefined),
    };
    this.cache = new LRUCache({ max: options.cacheSize ?? 1_000 });
  }

  /**
   * Decides a command and appends its one event, or gives the recorded answer when the log holds it already.
   * A rejection rests on state that the leader confirmed after the command came.
   * @throws AppendContention when it is not settled in time (it may be stored: repeat it under the same id),
   * StreamUnavailable, StreamTimeout, StreamRefused, LogCorrupt, UnknownEvent, InvalidEvent, DuplicateMessageId.
   * @throws StreamMovedOn when anything was appended since `seenThrough`: then it is not stored and never will be.
   * @throws RangeError for a `seenThrough` that is no sequence.
   */
  execute<Command, State, Event extends AnyEvent, Rejection>(
    definition: AggregateDefinition<Command, State, Event, Rejection>,
    id: string,
    command: Command,
    meta: CommandMeta,
    { seenThrough }: Guard = {},
  ): Promise<Outcome<State, Event, Rejection>> {
    const subject = subjectOf(definition, id);
    if (seenThrough !== undefined && !(Number.isSafeInteger(seenThrough) && seenThrough >= 0))
      throw new RangeError(`seenThrough is ${seenThrough}: expected a sequence`);
    // A command's time begins when it comes, not when the commands before it are done.
    const patience = this.patience(subject);
    return this.queue.run(subject, () => this.settle({ definition, subject, command, meta, seenThrough }, patience));
  }

  /**
   * What a command was answered with when the log, as its leader has it, holds it; undefined where it does not. For who
   * does work before it can decide: the work of a repeat could be refused by what has changed since.
   * @throws StreamUnavailable, StreamTimeout, LogCorrupt, UnknownEvent.
   */
  recorded<Command, State, Event extends AnyEvent, Rejection>(
    definition: AggregateDefinition<Command, State, Event, Rejection>,
    id: string,
    meta: CommandMeta,
  ): Promise<Outcome<State, Event, never> | undefined> {
    const subject = subjectOf(definition, id);
    return this.queue.run(subject, async () => {
      const fold = await this.current(definition, subject, 'leader');
      const recorded = fold.commands.get(meta.commandId);
      return recorded && this.answerAgain({ definition, subject, meta }, fold, recorded, false);
    });
  }

  /**
   * The state of an aggregate, for a decision that rests on another one.
   * @throws StreamUnavailable, StreamTimeout, LogCorrupt, UnknownEvent.
   */
  load<Command, State, Event extends AnyEvent, Rejection>(
    definition: AggregateDefinition<Command, State, Event, Rejection>,
    id: string,
    { consistency }: { readonly consistency: Consistency },
  ): Promise<Loaded<State>> {
    const subject = subjectOf(definition, id);
    return this.queue.run(subject, async () => {
      const fold = await this.current(definition, subject, consistency);
      return { state: fold.state, seq: fold.lastSeq, version: fold.version };
    });
  }

  /** Resolves when no snapshot is being written: before the connection closes. */
  async idle(): Promise<void> {
    await Promise.all(this.snapshotWrites);
  }

  private async settle<Command, State, Event extends AnyEvent, Rejection>(
    request: Request<Command, State, Event, Rejection>,
    patience: Patience,
  ): Promise<Outcome<State, Event, Rejection>> {
    const { definition, subject, command, seenThrough } = request;
    let { meta } = request;
    patience.begin();
    let fold = this.cached(definition, subject) ?? (await this.current(definition, subject, 'replica'));
    let confirmed = false;
    // An attempt of this call may have been stored without an answer.
    let unclear = false;

    for (;;) {
      const recorded = fold.commands.get(meta.commandId);
      if (recorded !== undefined) return await this.answerAgain(request, fold, recorded, unclear);
      if (seenThrough !== undefined && fold.lastSeq > seenThrough) throw await this.movedOn(subject, seenThrough);

      const decision = definition.decider.decide(command, fold.state, meta);
      if (!decision.ok) {
        if (confirmed) return { ...decision, seq: Math.max(fold.lastSeq, seenThrough ?? 0) };
        fold = await this.current(definition, subject, 'leader');
        confirmed = true;
        continue;
      }

      const event = encodeEvent(definition.catalogue, decision.value, meta, {
        subject,
        aggregateVersion: fold.version + 1,
        previousHash: fold.lastHash,
      });
      const outcome = await this.append(event, { expectedLastSubjectSeq: fold.lastSeq, expectedLastSeq: seenThrough });
      if (outcome.stored) {
        foldEvent(definition, fold, event.event, { seq: outcome.seq, hash: event.hash, meta });
        this.takeSnapshot(definition, subject, fold);
        // A replica that is behind does not have the event of an earlier call, whose message id the server knows.
        const repeated = outcome.duplicate && !unclear;
        return accept({ eventId: event.id, seq: outcome.seq, event: event.event, repeated, state: fold.state });
      }
      unclear ||= !(outcome.reason instanceof StreamConflict);
      fold = await (seenThrough === undefined
        ? this.readOn(definition, subject, outcome.reason, patience)
        : this.readOnGuarded({ definition, subject, meta, seenThrough }, outcome.reason, patience));
      confirmed = true;
      // What held when the command came may hold no longer: the next attempt is a decision of its own.
      meta = { ...meta, at: isoTime(this.options.clock.now()) };
    }
  }

  /** What a stored command is answered with: its own event, and the state as it is now. */
  private async answerAgain<Command, State, Event extends AnyEvent, Rejection>(
    { definition, subject, meta }: Pick<Request<Command, State, Event, Rejection>, 'definition' | 'subject' | 'meta'>,
    fold: Fold<State>,
    recorded: RecordedCommand,
    isOwn: boolean,
  ): Promise<Outcome<State, Event, never>> {
    if (recorded.digest !== meta.digest) return usedForAnother(meta, recorded);
    const message =
      (await this.options.events.get(recorded.seq, 'replica')) ??
      (await this.options.events.get(recorded.seq, 'leader'));
    if (message?.subject !== subject)
      throw new LogCorrupt('sequence_gap', recorded.seq, `the event of command ${meta.commandId} is not here`);
    const { id, seq, event } = readEvent(definition, message);
    return accept({ eventId: id, seq, event, repeated: !isOwn, state: fold.state });
  }

  private async append(event: EncodedEvent<AnyEvent>, expected: Expectation): Promise<AppendOutcome> {
    const { events } = this.options;
    try {
      const ack = await events.publish({ ...event.message, ...expected });
      if (ack.duplicate) await this.confirmDuplicate(event, ack.seq, expected);
      return { stored: true, seq: ack.seq, duplicate: ack.duplicate };
    } catch (error) {
      if (error instanceof StreamConflict || error instanceof StreamTimeout || error instanceof StreamUnavailable)
        return { stored: false, reason: error };
      throw error;
    }
  }

  /**
   * The server compares message ids only: what it stored under this id may be another message, on another subject.
   * @throws StreamConflict when it is this command's event, but as another process decided it: read on.
   */
  private async confirmDuplicate(
    { message, hash, id }: EncodedEvent<AnyEvent>,
    seq: number,
    expected: Expectation,
  ): Promise<void> {
    const stored = await this.options.events.get(seq, 'leader');
    if (stored?.subject !== message.subject) throw new DuplicateMessageId(message.subject, id, seq, stored?.subject);
    if (stored.headers.get(header.hash) !== hash) throw new StreamConflict(message.subject, expected, seq);
  }

  /** After an append that failed or got no answer: the state as the leader has it, at least up to the message that won. */
  private async readOn<State, Event extends AnyEvent>(
    definition: Folding<State, Event>,
    subject: string,
    reason: Unsettled,
    patience: Patience,
  ): Promise<Fold<State>> {
    const winner = reason instanceof StreamConflict ? reason.lastSeq : undefined;
    // A clash names no sequence while the other message is in flight, and a server that is away needs a moment.
    await patience.next(reason, winner === undefined);
    this.forgetUnknown(definition, subject, winner);
    for (;;) {
      let cause: unknown = reason;
      try {
        const fold = await this.current(definition, subject, 'leader');
        if (fold.lastSeq >= (winner ?? 0)) return fold;
      } catch (error) {
        if (!(error instanceof StreamTimeout || error instanceof StreamUnavailable)) throw error;
        cause = error;
      }
      await patience.next(cause, true);
    }
  }

  /**
   * The same after a guarded append. The conflict's sequence may be another subject's, so it is no place to read on to.
   * Had the event been stored, it would be the message behind `seenThrough`: another one there settles that it is not
   * and never will be, whichever server answers; none there, that there is nothing to look at again.
   */
  private async readOnGuarded<State, Event extends AnyEvent>(
    { definition, subject, meta, seenThrough }: GuardedAppend<State, Event>,
    reason: Unsettled,
    patience: Patience,
  ): Promise<Fold<State>> {
    if (reason instanceof StreamConflict) this.forgetUnknown(definition, subject, reason.lastSeq);
    let cause: unknown = reason;
    for (;;) {
      await patience.next(cause, true);
      try {
        const next = await this.options.events.get(seenThrough + 1, 'leader');
        const fold = await this.current(definition, subject, 'leader');
        if (next === undefined || fold.commands.has(meta.commandId)) return fold;
        if (next.subject !== subject || next.headers.get(header.commandId) !== meta.commandId)
          throw await this.movedOn(subject, seenThrough);
        cause = reason;
      } catch (error) {
        if (!(error instanceof StreamTimeout || error instanceof StreamUnavailable)) throw error;
        cause = error;
      }
    }
  }

  private async movedOn(subject: string, seenThrough: number): Promise<StreamMovedOn> {
    return new StreamMovedOn(subject, seenThrough, (await this.options.events.head()).lastSeq);
  }

  /** A leader that knows less than was read before: nothing that is remembered may be built on. */
  private forgetUnknown<State, Event extends AnyEvent>(
    definition: Folding<State, Event>,
    subject: string,
    lastSeq: number | undefined,
  ): void {
    if (lastSeq !== undefined && lastSeq < (this.cached(definition, subject)?.lastSeq ?? 0)) this.cache.delete(subject);
  }

  private async current<State, Event extends AnyEvent>(
    definition: Folding<State, Event>,
    subject: string,
    consistency: Consistency,
  ): Promise<Fold<State>> {
    let fold = this.cached(definition, subject);
    try {
      if (fold === undefined) fold = await loadFold(this.sources, definition, subject, consistency);
      else await advanceFold(this.options.events, definition, subject, fold, consistency);
    } catch (error) {
      this.cache.delete(subject);
      throw error;
    }
    this.cache.set(subject, { definition, fold });
    return fold;
  }

  private cached<State, Event extends AnyEvent>(
    definition: Folding<State, Event>,
    subject: string,
  ): Fold<State> | undefined {
    const cached = this.cache.get(subject);
    // The same definition made this fold, so its state is that definition's.
    return cached?.definition === definition ? (cached.fold as Fold<State>) : undefined;
  }

  private takeSnapshot<State, Event extends AnyEvent>(
    definition: Folding<State, Event>,
    subject: string,
    fold: Fold<State>,
  ): void {
    if (fold.version - fold.snapshotVersion < (definition.snapshot.every ?? defaultSnapshotEvery)) return;
    fold.snapshotVersion = fold.version;
    const write = this.writeSnapshot(definition, subject, fold).finally(() => {
      this.snapshotWrites.delete(write);
    });
    this.snapshotWrites.add(write);
  }

  private async writeSnapshot<State, Event extends AnyEvent>(
    definition: Folding<State, Event>,
    subject: string,
    fold: Fold<State>,
  ): Promise<void> {
    try {
      await this.options.snapshots.write(subject, toSnapshot(definition, fold));
    } catch (error) {
      this.sources.onSnapshotError(subject, error);
    }
  }

  private patience(subject: string): Patience {
    const { clock, random, pause = timerPause } = this.options;
    const within = this.options.settleWithinMs ?? 5_000;
    const start = clock.monotonic();
    let attempts = 0;
    let unclear = false;
    return {
      begin() {
        if (clock.monotonic() - start >= within) throw new AppendContention(subject, attempts, within);
      },
      async next(cause, wait) {
        attempts += 1;
        unclear ||= !(cause instanceof StreamUnavailable);
        if (clock.monotonic() - start >= within)
          throw unclear ? new AppendContention(subject, attempts, within, { cause }) : cause;
        if (wait) await pause(Math.min(longestPauseMs, 2 ** Math.min(attempts, 10)) * (0.5 + random() / 2));
      },
    };
  }
}

interface Cached {
  readonly definition: unknown;
  readonly fold: Fold<unknown>;
}

interface Request<Command, State, Event extends AnyEvent, Rejection> {
  readonly definition: AggregateDefinition<Command, State, Event, Rejection>;
  readonly subject: string;
  readonly command: Command;
  readonly meta: CommandMeta;
  readonly seenThrough: number | undefined;
}

interface GuardedAppend<State, Event extends AnyEvent> {
  readonly definition: Folding<State, Event>;
  readonly subject: string;
  readonly meta: CommandMeta;
  readonly seenThrough: number;
}

type Unsettled = StreamConflict | StreamTimeout | StreamUnavailable;
type AppendOutcome =
  | {
      readonly stored: true;
      readonly seq: number;
      /** The server had it already, under its message id. */
      readonly duplicate: boolean;
    }
  | { readonly stored: false; readonly reason: Unsettled };

interface Patience {
  /** @throws AppendContention when the time was over before the first attempt: others of its aggregate took too long. */
  begin(): void;
  /**
   * Before every further attempt; waits, longer each time, if told so.
   * @throws AppendContention when the command's time is over; the cause itself when it says that nothing was stored.
   */
  next(cause: unknown, wait: boolean): Promise<void>;
}

const usedForAnother = ({ commandId }: CommandMeta, { seq }: RecordedCommand): Refused<IdempotencyConflict> => ({
  ok: false,
  rejection: {
    code: 'idempotency_conflict',
    detail: `command ${commandId} is recorded at sequence ${seq} with another body`,
  },
  seq,
});

const defaultSnapshotEvery = 8;
const longestPauseMs = 100;

const timerPause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

function subjectOf<Command, State, Event extends AnyEvent, Rejection>(
  definition: AggregateDefinition<Command, State, Event, Rejection>,
  id: string,
): string {
  const subject = definition.subjectOf(id);
  if (!subject.startsWith(`evt.${definition.category}.`) || /[\s*>]/.test(subject) || subject.endsWith('.'))
    throw new TypeError(`'${subject}' is no literal subject evt.${definition.category}.<id>`);
  return subject;
}
