/** How long after asking the leader a process may route by its table, milliseconds (EVENT_LOG.md, routing without a gap). */
export const leaseMs = 1_000;

interface Confirmation {
  readonly sentAt: number;
  readonly lastSeq: number;
}

/**
 * The right to route. Valid for one second from the moment the request was *sent* by which the leader named EVENTS' last
 * sequence, once the table has been applied up to that sequence. A received event renews nothing: a process that was
 * stopped reads old messages as if they were fresh. Times are monotonic milliseconds.
 */
export class Lease {
  #sentAt = Number.NEGATIVE_INFINITY;
  #applied = 0;
  #unmet: Confirmation[] = [];
  #onRenewed: () => void = () => undefined;

  /** The leader answered a request sent at `sentAt`: EVENTS ended with `lastSeq`. */
  confirmed(sentAt: number, lastSeq: number): void {
    if (lastSeq <= this.#applied) this.#renew(sentAt);
    else this.#unmet = [...this.#unmet.filter((each) => sentAt - each.sentAt < leaseMs), { sentAt, lastSeq }];
  }

  /** The table in force holds everything up to `sequence`. */
  applied(sequence: number): void {
    this.#applied = Math.max(this.#applied, sequence);
    if (this.#unmet.length === 0) return;
    for (const { sentAt, lastSeq } of this.#unmet) if (lastSeq <= this.#applied) this.#renew(sentAt);
    this.#unmet = this.#unmet.filter(({ sentAt, lastSeq }) => lastSeq > this.#applied && sentAt > this.#sentAt);
  }

  isValidAt(now: number): boolean {
    return now - this.#sentAt < leaseMs;
  }

  /** Milliseconds left at `now`; 0 when it has run out. */
  remainingAt(now: number): number {
    return Math.max(0, leaseMs - (now - this.#sentAt));
  }

  /** `listener`, the only one, is called whenever time was gained. */
  onRenewed(listener: () => void): void {
    this.#onRenewed = listener;
  }

  #renew(sentAt: number): void {
    if (sentAt <= this.#sentAt) return;
    this.#sentAt = sentAt;
    this.#onRenewed();
  }
}
