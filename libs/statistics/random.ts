import { keyOfText, mixed } from './hash.js';

/**
 * Random numbers from a seed: sfc32 (Doty-Humphrey, PractRand; a counter in its state makes every cycle at least 2³²
 * long), seeded through the finaliser of MurmurHash3. `stream` parts what is drawn for different purposes from one
 * seed.
 */
export class Random {
  readonly #state = new Uint32Array(4);

  constructor(seed: number, ...stream: readonly number[]) {
    let key = mixed(seed);
    for (const part of stream) key = mixed(key ^ mixed(part + 0x9e3779b9));
    for (let word = 0; word < 3; word++) this.#state[word] = mixed((key + (word + 1) * 0x9e3779b9) >>> 0);
    this.#state[3] = 1;
    for (let step = 0; step < 12; step++) this.uint32();
  }

  uint32(): number {
    const state = this.#state;
    const [a, b, c] = [state[0]!, state[1]!, state[2]!];
    const drawn = (a + b + state[3]!++) >>> 0;
    state[0] = b ^ (b >>> 9);
    state[1] = c + (c << 3);
    state[2] = ((c << 21) | (c >>> 11)) + drawn;
    return drawn;
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
}

/** A stream by a name, so that a column's draws do not depend on which other columns there are. */
export const streamOf = (name: string): number => keyOfText(name) % 2 ** 32;
