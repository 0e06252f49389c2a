import type { StreamMessage, StreamStore } from '#libs/event-log/index.js';

/** A stream has every sequence up to its end. */
export interface SequenceGap {
  readonly code: 'sequence_gap';
  /** The first that is missing. */
  readonly seq: number;
  readonly detail: string;
}

export interface ReadingOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (seq: number, lastSeq: number) => void;
}

export interface StreamCheck<Problem> extends ReadingOptions {
  /** Messages read at once. */
  readonly pageSize: number;
  /** Which promises a message breaks. */
  readonly check: (message: StreamMessage) => readonly Problem[];
}

/**
 * Reads a stream from its first message to an end, and yields every promise that is broken, missing messages too.
 * @returns how many there were
 */
export async function* verifyStream<Problem>(
  store: StreamStore,
  lastSeq: number,
  { pageSize, check, signal, onProgress }: StreamCheck<Problem>,
): AsyncGenerator<Problem | SequenceGap, number> {
  let [next, problems] = [1, 0];
  while (next <= lastSeq) {
    signal.throwIfAborted();
    const page = await store.readFrom(next, pageSize, 'leader');
    for (const message of page) {
      if (message.seq > lastSeq) break;
      const gap = message.seq > next ? [gapBetween(next, message.seq - 1)] : [];
      for (const problem of [...gap, ...check(message)]) {
        problems += 1;
        yield problem;
      }
      next = message.seq + 1;
    }
    if (page.length === 0) {
      yield gapBetween(next, lastSeq);
      return problems + 1;
    }
    onProgress(Math.min(next - 1, lastSeq), lastSeq);
  }
  return problems;
}

const gapBetween = (first: number, last: number): SequenceGap => ({
  ...{ code: 'sequence_gap', seq: first },
  detail: first === last ? 'no message' : `no messages up to sequence ${last}`,
});
