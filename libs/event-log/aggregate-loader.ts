import type { AnyEvent } from '#libs/contracts/index.js';
import type { Folding } from './aggregate-definition.js';
import { emptyFold, foldMessage, fromSnapshot, type Fold } from './aggregate-fold.js';
import { decodeEnvelope, hashOfMessage } from './event-codec.js';
import type { Snapshot, SnapshotStore } from './snapshot-store.js';
import type { Consistency, StreamMessage, StreamStore } from './stream-store.js';

export interface Sources {
  readonly events: StreamStore;
  readonly snapshots: SnapshotStore;
  readonly onSnapshotError: (subject: string, error: unknown) => void;
}

/**
 * An aggregate from its newest usable snapshot and the events behind it, or from all its events.
 * @throws LogCorrupt, UnknownEvent, and what the stream throws when it cannot be read.
 */
export async function loadFold<State, Event extends AnyEvent>(
  sources: Sources,
  definition: Folding<State, Event>,
  subject: string,
  consistency: Consistency,
): Promise<Fold<State>> {
  const snapshot = await readSnapshot(sources, subject);
  const resumed = snapshot && fromSnapshot(definition, snapshot);
  if (resumed !== undefined) {
    const [last, ...tail] = await readFromSnapshot(sources.events, subject, resumed.lastSeq, consistency);
    if (last !== undefined && isLastEventOf(resumed, last)) {
      for (const message of tail) foldMessage(definition, resumed, message);
      return resumed;
    }
  }
  const fold = emptyFold(definition.decider.initialState);
  for (const message of await sources.events.readSubject(subject, 1, consistency))
    foldMessage(definition, fold, message);
  return fold;
}

/**
 * Folds what came after.
 * @throws as loadFold; the fold then holds the events before the faulty one.
 */
export async function advanceFold<State, Event extends AnyEvent>(
  events: StreamStore,
  definition: Folding<State, Event>,
  subject: string,
  fold: Fold<State>,
  consistency: Consistency,
): Promise<void> {
  for (const message of await events.readSubject(subject, fold.lastSeq + 1, consistency))
    foldMessage(definition, fold, message);
}

async function readSnapshot({ snapshots, onSnapshotError }: Sources, subject: string): Promise<Snapshot | undefined> {
  try {
    return await snapshots.read(subject);
  } catch (error) {
    onSnapshotError(subject, error);
    return undefined;
  }
}

/** From the snapshot's own event on. A replica may not have that event yet: then the leader is asked. */
async function readFromSnapshot(
  events: StreamStore,
  subject: string,
  seq: number,
  consistency: Consistency,
): Promise<readonly StreamMessage[]> {
  const messages = await events.readSubject(subject, seq, consistency);
  return messages[0]?.seq === seq || consistency === 'leader' ? messages : events.readSubject(subject, seq, 'leader');
}

function isLastEventOf(fold: Fold<unknown>, message: StreamMessage): boolean {
  const envelope = decodeEnvelope(message);
  return (
    envelope.ok &&
    envelope.value.seq === fold.lastSeq &&
    envelope.value.aggregateVersion === fold.version &&
    envelope.value.hash === fold.lastHash &&
    hashOfMessage(message) === fold.lastHash
  );
}
