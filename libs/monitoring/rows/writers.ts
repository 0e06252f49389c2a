import { noneSeen, see, type Chunk, type SeenCounters } from '#libs/contracts/index.js';

/** Writers' lives, the one heard of last at the end. */
export type WritersState = readonly (readonly [epoch: string, seen: SeenCounters])[];

/** Lives that are remembered: a chunk of an older one, stored again, would count again. */
const mostLives = 1000;

/** Ranges of missing counters that are remembered of all lives: a chunk that turns up in an older one counts no more. */
const mostRanges = 4000;

/** Which chunks were seen: a chunk may be stored twice, and a retry may land behind later chunks (EVENT_LOG.md, 9). */
export class Writers {
  readonly #lives: Map<string, SeenCounters>;
  #ranges: number;

  constructor(state: WritersState = []) {
    this.#lives = new Map(state);
    this.#ranges = state.reduce((sum, [, { missing }]) => sum + missing.length, 0);
  }

  /** False for a chunk that was seen, or given up on: it must not count again. */
  isFresh({ schema: { epoch }, counter, givenUp }: Chunk): boolean {
    const before = this.#lives.get(epoch) ?? noneSeen;
    const { fresh, seen } = see(before, counter, givenUp);
    this.#ranges += seen.missing.length - before.missing.length;
    this.#lives.delete(epoch);
    this.#lives.set(epoch, seen);
    if (this.#lives.size > mostLives) this.#forgetOldest();
    if (this.#ranges > mostRanges) this.#forgetRanges();
    return fresh;
  }

  #forgetOldest(): void {
    const oldest = this.#lives.entries().next().value;
    if (oldest === undefined) return;
    const [epoch, { missing }] = oldest;
    this.#ranges -= missing.length;
    this.#lives.delete(epoch);
  }

  /** Half of them, those of the lives heard of longest ago first, and of each life the lowest. */
  #forgetRanges(): void {
    for (const [epoch, { highest, missing }] of this.#lives) {
      const forgotten = Math.min(missing.length, this.#ranges - mostRanges / 2);
      if (forgotten <= 0) continue;
      this.#lives.set(epoch, { highest, missing: missing.slice(forgotten) });
      this.#ranges -= forgotten;
    }
  }

  state(): WritersState {
    return [...this.#lives];
  }
}
