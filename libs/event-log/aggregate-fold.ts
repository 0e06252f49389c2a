import type { AnyEvent, RecordedEvent } from '#libs/contracts/index.js';
import type { Folding } from './aggregate-definition.js';
import { LogCorrupt, UnknownEvent } from './errors.js';
import { decodeBody, decodeEnvelope, describeFailure, genesisHash, hashOfMessage } from './event-codec.js';
import type { Snapshot } from './snapshot-store.js';
import type { StreamMessage } from './stream-store.js';

/** An aggregate's events, folded: the domain's state and what the log itself must know of them. */
export interface Fold<State> {
  state: State;
  /** Number of events. */
  version: number;
  /** Sequence and hash of the last one. */
  lastSeq: number;
  lastHash: string;
  /** Events that the newest known snapshot covers. */
  snapshotVersion: number;
  /** Every command that has its event, however old: what makes a repeat answerable for ever. */
  readonly commands: Map<string, RecordedCommand>;
}

export interface RecordedCommand {
  readonly seq: number;
  readonly digest: string;
}

export const emptyFold = <State>(initialState: State): Fold<State> => ({
  state: initialState,
  version: 0,
  lastSeq: 0,
  lastHash: genesisHash,
  snapshotVersion: 0,
  commands: new Map(),
});

/**
 * Folds a stored event, which must be the aggregate's next one.
 * @throws LogCorrupt, UnknownEvent: the fold is then as it was.
 */
export function foldMessage<State, Event extends AnyEvent>(
  definition: Folding<State, Event>,
  fold: Fold<State>,
  message: StreamMessage,
): void {
  const recorded = readEvent(definition, message);
  if (recorded.aggregateVersion !== fold.version + 1)
    throw new LogCorrupt(
      'version_gap',
      message.seq,
      `${message.subject} has version ${recorded.aggregateVersion} here, expected ${fold.version + 1}`,
    );
  if (recorded.previousHash !== fold.lastHash)
    throw new LogCorrupt(
      'chain_broken',
      message.seq,
      `${message.subject} names ${recorded.previousHash} as the hash before, expected ${fold.lastHash}`,
    );
  if (fold.commands.has(recorded.meta.commandId))
    throw new LogCorrupt('repeated_command', message.seq, `command ${recorded.meta.commandId} has an earlier event`);
  foldEvent(definition, fold, recorded.event, recorded);
}

/** Folds an event that is known to follow: one that was just appended. */
export function foldEvent<State, Event extends AnyEvent>(
  definition: Folding<State, Event>,
  fold: Fold<State>,
  event: Event,
  { seq, hash, meta }: Pick<RecordedEvent, 'seq' | 'hash' | 'meta'>,
): void {
  fold.state = definition.decider.evolve(fold.state, event, { seq, actor: meta.actor, at: meta.at });
  fold.version += 1;
  fold.lastSeq = seq;
  fold.lastHash = hash;
  fold.commands.set(meta.commandId, { seq, digest: meta.digest });
}

/**
 * The event in a message of an aggregate, its hash verified.
 * @throws LogCorrupt, UnknownEvent
 */
export function readEvent<State, Event extends AnyEvent>(
  definition: Folding<State, Event>,
  message: StreamMessage,
): RecordedEvent<Event> {
  const envelope = decodeEnvelope(message);
  if (!envelope.ok) throw new LogCorrupt('malformed_envelope', message.seq, envelope.rejection);
  if (hashOfMessage(message) !== envelope.value.hash)
    throw new LogCorrupt('hash_mismatch', message.seq, `${message.subject}: its content does not have its hash`);
  const event = decodeBody(definition.catalogue, envelope.value, message);
  if (!event.ok) throw new UnknownEvent(message.seq, envelope.value.type, describeFailure(event.rejection));
  const { type: _type, ...recorded } = envelope.value;
  return { ...recorded, event: event.value as Event };
}

export function toSnapshot<State, Event extends AnyEvent>(
  definition: Folding<State, Event>,
  fold: Fold<State>,
): Snapshot {
  return {
    schema: definition.snapshot.version,
    seq: fold.lastSeq,
    version: fold.version,
    hash: fold.lastHash,
    state: definition.snapshot.encode(fold.state),
    commands: Array.from(fold.commands, ([id, { seq, digest }]) => [id, seq, digest] as const),
  };
}

/** The fold a snapshot holds; undefined when it is of another schema version or its state does not decode. */
export function fromSnapshot<State, Event extends AnyEvent>(
  definition: Folding<State, Event>,
  snapshot: Snapshot,
): Fold<State> | undefined {
  if (snapshot.schema !== definition.snapshot.version) return undefined;
  let state: State;
  try {
    state = definition.snapshot.decode(snapshot.state);
  } catch {
    return undefined;
  }
  return {
    state,
    version: snapshot.version,
    lastSeq: snapshot.seq,
    lastHash: snapshot.hash,
    snapshotVersion: snapshot.version,
    commands: new Map(snapshot.commands.map(([id, seq, digest]) => [id, { seq, digest }])),
  };
}
