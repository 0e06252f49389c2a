import type { PageFilter } from '#libs/event-log/index.js';
import type { Clock } from '#libs/kernel/index.js';
import { passes } from './event-filter.js';
import type { EventTail } from './event-tail.js';
import { eventView } from './event-view.js';
import { feedHead, heartbeat, sentEvent } from './server-sent-events.js';

export interface FeedOptions {
  readonly tail: EventTail;
  /** The first sequence that is told. */
  readonly fromSeq: number;
  readonly filter: PageFilter;
  readonly signal: AbortSignal;
  /** Milliseconds of silence after which a comment is sent. */
  readonly heartbeatMs: number;
  /** Milliseconds since the epoch; null: the feed has no end of its own. */
  readonly expiresAt: number | null;
  readonly clock: Clock;
}

const retryMs = 1_000;

/**
 * The events from a sequence on as the text of a feed, piece by piece; ends with the signal, and when its
 * reader's token expires. A reader that is slow holds
 * up nobody but itself.
 */
export async function* liveFeed({
  tail,
  fromSeq,
  filter,
  signal,
  heartbeatMs,
  expiresAt,
  clock,
}: FeedOptions): AsyncGenerator<string> {
  yield feedHead(retryMs, 'the live feed of events');
  let next = fromSeq;
  const leftMs = (): number => (expiresAt === null ? Infinity : expiresAt - clock.now());
  while (!signal.aborted && leftMs() > 0) {
    const records = await tail.from(next);
    next = (records.at(-1)?.seq ?? next - 1) + 1;
    const told = records.filter((record) => passes(filter, record));
    yield told.length > 0
      ? told.map((record) => sentEvent(record.seq, eventView(record))).join('')
      : heartbeat(next - 1);
    await tail.until(next, Math.max(0, Math.min(heartbeatMs, leftMs())), signal);
  }
}
