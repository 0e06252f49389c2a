import type { AnyEvent, EventCatalogue } from '#libs/contracts/index.js';
import type { Decider } from '#libs/kernel/index.js';

/** Everything the append path needs to know of one kind of aggregate. */
export interface AggregateDefinition<Command, State, Event extends AnyEvent, Rejection> {
  /** Second token of its subjects, for example `model`. */
  readonly category: string;
  /** The one literal subject of an aggregate: `evt.<category>.<encoded id>` (see `subjects` in contracts). */
  subjectOf(id: string): string;
  readonly decider: Decider<Command, State, Event, Rejection>;
  /** The event types this aggregate folds. A stored event outside it is an error here. */
  readonly catalogue: EventCatalogue;
  readonly snapshot: SnapshotCodec<State>;
}

/** The part of a definition that turns events into state. */
export interface Folding<State, Event extends AnyEvent> {
  readonly decider: Pick<Decider<never, State, Event, unknown>, 'initialState' | 'evolve'>;
  readonly catalogue: EventCatalogue;
  readonly snapshot: SnapshotCodec<State>;
}

export interface SnapshotCodec<State> {
  /** Raise it whenever the shape of the state or the meaning of `evolve` changes: older snapshots are then ignored. */
  readonly version: number;
  /** Events between two snapshots (default 8, EVENT_LOG.md rule 15). */
  readonly every?: number;
  /** The state as plain JSON. */
  encode(state: State): unknown;
  /** The state from stored JSON, validated. @throws whatever: the snapshot is then ignored. */
  decode(stored: unknown): State;
}

/** An accepted command: the event that records it, now or when the command first came. */
export interface Accepted<State, Event extends AnyEvent> {
  readonly eventId: string;
  /** EVENTS sequence of the event. */
  readonly seq: number;
  readonly event: Event;
  /** True when the log already held this command's event and nothing was appended. */
  readonly repeated: boolean;
  /** The aggregate's state after its last known event (for a repeat: which may be later than `seq`). */
  readonly state: State;
}

/** What became of a command. */
export type Outcome<State, Event extends AnyEvent, Rejection> =
  { readonly ok: true; readonly value: Accepted<State, Event> } | Refused<Rejection | IdempotencyConflict>;

/** A refusal, which is a Result's, and the position of the log on which it rests. */
export interface Refused<Rejection> {
  readonly ok: false;
  readonly rejection: Rejection;
  /**
   * Whoever folds the aggregate up to this EVENTS sequence and decides again gets the same refusal: the aggregate's last
   * event (0 where it has none) or, where that is later, `seenThrough`; of a conflict, the event that has the command id.
   */
  readonly seq: number;
}

/** The same command id came with another body. HTTP 409. */
export interface IdempotencyConflict {
  readonly code: 'idempotency_conflict';
  readonly detail: string;
}

/** State of an aggregate as a reader sees it. */
export interface Loaded<State> {
  readonly state: State;
  /** Sequence of the aggregate's last event, 0 where it has none: what a decision across aggregates cites. */
  readonly seq: number;
  /** Number of its events. */
  readonly version: number;
}
