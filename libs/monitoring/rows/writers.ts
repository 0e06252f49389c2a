import { noneSeen, see, type Chunk, type SeenCounters } from '#libs/contracts/index.js';

/** Writers' lives, the one heard of last at the end. */
export type WritersState = readonly (readonly [epoch: string, seen: SeenCounters])[];

/** Lives that are remembered: a chunk of an older one, stored again, would count again. */
const mostLives = 1000;

/** Which chunks were seen: a chunk may be stored twice, and a retry may land behind later chunks (EVENT_LOG.md, 9). */
export class Writers {
  readonly #lives: Map<string, SeenCounters>;

  constructor(state: WritersState = []) {
    this.#lives = new Map(state);
  }

  /** False for a chunk that was seen, or given up on: it must not count again. */
  isFresh({ schema: { epoch }, counter, givenUp }: Chunk): boolean {
    const { fresh, seen } = see(this.#lives.get(epoch) ?? noneSeen, counter, givenUp);
    this.#lives.delete(epoch);
    this.#lives.set(epoch, seen);
    if (this.#lives.size > mostLives) this.#lives.delete(this.#lives.keys().next().value!);
    return fresh;
  }

  state(): WritersState {
    return [...this.#lives];
  }
}
