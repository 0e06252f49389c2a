import type { StreamHead } from '#libs/event-log/index.js';
import type { Clock } from '#libs/kernel/index.js';
import { leaseMs, type Lease } from './lease.js';

export interface LeaseKeeperOptions {
  readonly lease: Lease;
  /** Asks the leader for EVENTS' last sequence. */
  readonly head: () => Promise<Pick<StreamHead, 'lastSeq'>>;
  /**
   * Until when whoever waits for all serving processes finds this one, monotonic milliseconds. What would outlast that
   * renews nothing: a rollback that does not know of a process cannot wait for it.
   */
  readonly listedUntil: () => number;
  readonly clock: Clock;
  /** Milliseconds between two requests (default 250: a lost answer or two do not cost the lease). */
  readonly everyMs?: number;
  /** Told whenever a request is due: the event loop turns. */
  readonly onTurn?: (now: number) => void;
  /** The reason why the last request failed; null when it was answered. */
  readonly onOutcome?: (error: unknown) => void;
}

/** Requests without an answer; more would only queue behind them. */
const maxUnanswered = 8;

/** Renews the lease from now on. A request is sent on time even while an earlier one waits. @returns a function that stops it. */
export function keepLease({
  lease,
  head,
  listedUntil,
  clock,
  everyMs = 250,
  onTurn,
  onOutcome,
}: LeaseKeeperOptions): () => void {
  let unanswered = 0;
  const ask = (): void => {
    const sentAt = clock.monotonic();
    onTurn?.(sentAt);
    if (unanswered >= maxUnanswered) return;
    unanswered += 1;
    const isListed = sentAt + leaseMs < listedUntil();
    head()
      .then(
        ({ lastSeq }) => {
          if (isListed) lease.confirmed(sentAt, lastSeq);
          onOutcome?.(null);
        },
        (error: unknown) => onOutcome?.(error),
      )
      .finally(() => {
        unanswered -= 1;
      })
      .catch((error: unknown) => {
        queueMicrotask(() => {
          throw error;
        });
      });
  };
  ask();
  const timer = setInterval(ask, everyMs);
  return () => {
    clearInterval(timer);
  };
}
