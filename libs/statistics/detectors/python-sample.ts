import type { MersenneTwister } from './mersenne-twister.js';

/** Draws `size` of the numbers 0 to `among` − 1, none twice, as `random.sample` of Python 3.11 does. */
export class PythonSample {
  readonly #drawn: Int32Array;
  /** Numbers that are left to be drawn; null: those that were drawn are marked instead. */
  readonly #pool: Int32Array | null;
  readonly #marked: Uint8Array;

  /** @param among 1 to 2³¹ − 1. @param size at most `among`. */
  constructor(
    private readonly among: number,
    size: number,
  ) {
    this.#drawn = new Int32Array(size);
    this.#pool = among <= setSize(size) ? new Int32Array(among) : null;
    this.#marked = new Uint8Array(this.#pool === null ? among : 0);
  }

  /** In the order of drawing; valid until the next draw. */
  draw(random: MersenneTwister): Int32Array {
    if (this.#pool === null) this.#drawMarked(random);
    else this.#drawFrom(this.#pool, random);
    return this.#drawn;
  }

  #drawFrom(pool: Int32Array, random: MersenneTwister): void {
    for (let at = 0; at < pool.length; at++) pool[at] = at;
    for (let at = 0; at < this.#drawn.length; at++) {
      const left = this.among - at;
      const place = random.below(left);
      this.#drawn[at] = pool[place]!;
      pool[place] = pool[left - 1]!;
    }
  }

  #drawMarked(random: MersenneTwister): void {
    this.#marked.fill(0);
    for (let at = 0; at < this.#drawn.length; at++) {
      let drawn = random.below(this.among);
      while (this.#marked[drawn] === 1) drawn = random.below(this.among);
      this.#marked[drawn] = 1;
      this.#drawn[at] = drawn;
    }
  }
}

/** What Python takes the memory of a set of so many to be, in items of a list: up to it, it draws from a list. */
const setSize = (size: number): number => (size <= 5 ? 21 : 21 + 4 ** Math.ceil(Math.log(size * 3) / Math.log(4)));
