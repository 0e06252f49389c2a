/** State words, and the distance of those that are mixed. */
const words = 624;
const distance = 397;

const { clz32, imul } = Math;

/**
 * MT19937 (Matsumoto and Nishimura 1998) with Python's ways of drawing from it, so that what river draws is drawn here.
 * The same seed gives what `random.Random(seed)` gives.
 */
export class MersenneTwister {
  readonly #state = new Uint32Array(words);
  #next = words;

  /** @param seed whole, 0 to 2⁵³ − 1. */
  static fromSeed(seed: number): MersenneTwister {
    const twister = new MersenneTwister();
    const high = Math.floor(seed / 2 ** 32);
    twister.#seedBy(high === 0 ? [seed] : [seed >>> 0, high]);
    return twister;
  }

  /** Seeded as the authors' reference does from one number, and NumPy's `np.random.seed`. @param seed 32 bits. */
  static fromWord(seed: number): MersenneTwister {
    const twister = new MersenneTwister();
    twister.#seedByWord(seed);
    return twister;
  }

  uint32(): number {
    if (this.#next === words) this.#twist();
    let word = this.#state[this.#next++]!;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  /** 0 to 1, without 1, in steps of 2⁻⁵³. */
  float(): number {
    const high = this.uint32() >>> 5;
    return (high * 2 ** 26 + (this.uint32() >>> 6)) * 2 ** -53;
  }

  /** Whole, 0 to `bound` − 1: draws of as many bits as the bound has, until one is below it. @param bound 1 to 2³² − 1. */
  below(bound: number): number {
    const shift = clz32(bound);
    let drawn = this.uint32() >>> shift;
    while (drawn >= bound) drawn = this.uint32() >>> shift;
    return drawn;
  }

  copy(other: MersenneTwister): void {
    this.#state.set(other.#state);
    this.#next = other.#next;
  }

  /** The state, and last of all how many of its words are used up. */
  save(): number[] {
    return [...this.#state, this.#next];
  }

  /** Whether `saved` is what `save` gives; if not, nothing has changed. */
  restore(saved: readonly number[]): boolean {
    const next = saved.at(-1) ?? -1;
    const fits = saved.length === words + 1 && saved.every((word) => word >>> 0 === word) && next <= words;
    if (!fits) return false;
    this.#state.set(saved.slice(0, words));
    this.#next = next;
    return true;
  }

  #seedByWord(seed: number): void {
    const state = this.#state;
    state[0] = seed;
    for (let at = 1; at < words; at++) {
      const before = state[at - 1]!;
      state[at] = imul(1812433253, before ^ (before >>> 30)) + at;
    }
    this.#next = words;
  }

  /** @param key one or two words. */
  #seedBy(key: readonly number[]): void {
    this.#seedByWord(19650218);
    const state = this.#state;
    let at = 1;
    const move = (): void => {
      if (++at < words) return;
      state[0] = state[words - 1]!;
      at = 1;
    };
    const mixed = (by: number): number => state[at]! ^ imul(state[at - 1]! ^ (state[at - 1]! >>> 30), by);
    for (let step = 0; step < words; step++) {
      const part = step % key.length;
      state[at] = mixed(1664525) + key[part]! + part;
      move();
    }
    for (let step = 1; step < words; step++) {
      state[at] = mixed(1566083941) - at;
      move();
    }
    state[0] = 0x80000000;
  }

  #twist(): void {
    const state = this.#state;
    for (let at = 0; at < words; at++) {
      const joined = (state[at]! & 0x80000000) | (state[(at + 1) % words]! & 0x7fffffff);
      const odd = (joined & 1) === 0 ? 0 : 0x9908b0df;
      state[at] = state[(at + distance) % words]! ^ (joined >>> 1) ^ odd;
    }
    this.#next = 0;
  }
}
