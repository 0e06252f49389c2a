/** Requests that entered within the same short time. */
export interface Cohort {
  /** When the first of them had arrived, monotonic milliseconds. */
  since: number;
  requests: number;
}

/**
 * How long the oldest of the requests under way has waited. They are counted in cohorts of `spanMs`: a request costs two
 * additions, no timer and no list of its own. The answer is at most `spanMs` too large.
 */
export class Waiting {
  /** By `since`; those at the front without requests are gone, but for the last one, which is used again. */
  readonly #cohorts: Cohort[] = [{ since: 0, requests: 0 }];

  constructor(private readonly spanMs: number) {}

  /** @returns what is to be given to `leave` */
  enter(now: number): Cohort {
    let last = this.#cohorts.at(-1)!;
    if (last.requests === 0) last.since = now;
    else if (now - last.since >= this.spanMs) {
      last = { since: now, requests: 0 };
      this.#cohorts.push(last);
    }
    last.requests += 1;
    return last;
  }

  leave(cohort: Cohort): void {
    cohort.requests -= 1;
    while (this.#cohorts.length > 1 && this.#cohorts[0]!.requests === 0) this.#cohorts.shift();
  }

  /** Milliseconds; 0 when nobody waits. */
  longestAt(now: number): number {
    const [oldest] = this.#cohorts;
    return oldest!.requests === 0 ? 0 : now - oldest!.since;
  }

  /** Time that passed for nobody: the process was not running. */
  forget(ms: number): void {
    for (const cohort of this.#cohorts) cohort.since += ms;
  }
}
