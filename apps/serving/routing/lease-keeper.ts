import type { StreamHead } from '#libs/event-log/index.js';
import type { Clock } from '#libs/kernel/index.js';
import type { Lease } from './lease.js';

export interface LeaseKeeperOptions {
  readonly lease: Lease;
  /** Asks the leader for EVENTS' last sequence. */
  readonly head: () => Promise<Pick<StreamHead, 'lastSeq'>>;
  readonly clock: Clock;
  /** Milliseconds between two requests (default 250: a lost answer or two do not cost the lease). */
  readonly everyMs?: number;
  /** The reason why the last request failed; null when it was answered. */
  readonly onOutcome?: (error: unknown) => void;
}

/** Requests without an answer; more would only queue behind them. */
const maxUnanswered = 8;

/** Renews the lease from now on. A request is sent on time even while an earlier one waits. @returns a function that stops it. */
export function keepLease({ lease, head, clock, everyMs = 250, onOutcome }: LeaseKeeperOptions): () => void {
  let unanswered = 0;
  const ask = (): void => {
    if (unanswered >= maxUnanswered) return;
    unanswered += 1;
    const sentAt = clock.monotonic();
    head()
      .then(
        ({ lastSeq }) => {
          lease.confirmed(sentAt, lastSeq);
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
