/**
 * Random numbers from a seed: xoshiro128** (Blackman and Vigna 2021), its state filled by splitmix32. `stream` tells
 * apart what is drawn for different purposes from one seed: a tree's number, a round.
 */
export class Random {
  readonly #state = new Uint32Array(4);

  constructor(seed: number, ...stream: readonly number[]) {
    let key = seed >>> 0;
    for (const part of stream) key = mixed(mixed(key) ^ (part >>> 0));
    for (let word = 0; word < 4; word++) {
      key = (key + 0x9e3779b9) >>> 0;
      this.#state[word] = mixed(key);
    }
    // The one state that the generator never leaves.
    if (this.#state.every((word) => word === 0)) this.#state[0] = 1;
  }

  /** Whole, 0 to 2³² − 1. */
  uint32(): number {
    const state = this.#state;
    const [a, b, c, d] = [state[0]!, state[1]!, state[2]!, state[3]!];
    const result = imul(rotated(imul(b, 5), 7), 9) >>> 0;
    state[2] = c ^ a;
    state[3] = d ^ b;
    state[1] = b ^ state[2];
    state[0] = a ^ state[3];
    state[2] ^= b << 9;
    state[3] = rotated(state[3], 11);
    return result;
  }

  /** 0 to 1, without 1, in steps of 2⁻⁵³. */
  float(): number {
    return ((this.uint32() >>> 5) * 2 ** 26 + (this.uint32() >>> 6)) * 2 ** -53;
  }

  /** Whole, 0 to `bound` − 1, each as likely; `bound` 1 to 2³². */
  below(bound: number): number {
    const unbiased = 2 ** 32 - (2 ** 32 % bound);
    let drawn = this.uint32();
    while (drawn >= unbiased) drawn = this.uint32();
    return drawn % bound;
  }

  /** Standard normal, by the polar method of Marsaglia. */
  normal(): number {
    for (;;) {
      const x = 2 * this.float() - 1;
      const y = 2 * this.float() - 1;
      const square = x * x + y * y;
      if (square > 0 && square < 1) return x * Math.sqrt((-2 * Math.log(square)) / square);
    }
  }

  /** In place, every order as likely (Fisher and Yates). */
  shuffle<T extends Uint32Array | Int32Array | Float64Array | unknown[]>(items: T): T {
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      const item = items[last]!;
      items[last] = items[other]!;
      items[other] = item;
    }
    return items;
  }
}

const { imul } = Math;

const rotated = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

/** The finaliser of MurmurHash3: every bit of the word bears on every bit of the result. */
function mixed(word: number): number {
  let hash = word;
  hash = imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
