import { hashOfWords } from '../hash.js';

/** 2¹⁰ registers: the standard error is 1.04 / √1024, 3.25 %. */
const indexBits = 10;
const registers = 1 << indexBits;

/** Ranks are taken from the other 22 bits of a hash. */
const rankBits = 32 - indexBits;
const mostRank = rankBits + 1;

/** Different numbers that are kept one by one. */
const mostKeys = 256;
const slots = 2 * mostKeys;

export interface DistinctState {
  /** In order of appearance; null once they were too many. */
  readonly keys: Float64Array | null;
  readonly registers: Uint8Array | null;
}

/** Two words of each number of `one`, in the machine's order. */
const one = new Float64Array(1);
const wordsOfOne = new Uint32Array(one.buffer);

/**
 * How many different numbers there are: exact up to 256, and an estimate beyond, in a kilobyte: HyperLogLog (Flajolet et
 * al. 2007) with the estimator of Ertl (2017), which needs no correction by range. The order of numbers does not matter.
 */
export class DistinctCount {
  #keys = new Float64Array(16);
  #size = 0;
  /** Places in `#keys`, from 1; 0 is free. Null once there are too many. */
  #slots: Uint16Array | null = new Uint16Array(slots);
  #registers: Uint8Array | null = null;

  /** @throws RangeError for registers that are not as many, or hold a rank that no hash has. */
  static restore({ keys, registers: ranks }: DistinctState): DistinctCount {
    const count = new DistinctCount();
    if (ranks !== null) {
      if (ranks.length !== registers)
        throw new RangeError(`distinct.registers: expected ${registers} bytes, got ${ranks.length}`);
      const wrong = ranks.findIndex((rank) => rank > mostRank);
      if (wrong >= 0)
        throw new RangeError(`distinct.registers[${wrong}]: expected 0 to ${mostRank}, got ${ranks[wrong]!}`);
      count.#slots = null;
      count.#registers = ranks.slice();
    }
    for (const key of keys ?? []) count.add(key);
    return count;
  }

  get exact(): boolean {
    return this.#registers === null;
  }

  get distinct(): number {
    return this.#registers === null ? this.#size : estimateOf(this.#registers);
  }

  /** @param key no NaN and no −0. */
  add(key: number): void {
    one[0] = key;
    this.#addHashed(key, hashOfWords(wordsOfOne[0]!, wordsOfOne[1]!));
  }

  /** The first `count` of the keys; `words` is the same memory. */
  addAll(keys: Float64Array, words: Uint32Array, count: number): void {
    let at = 0;
    for (; at < count && this.#registers === null; at++) {
      this.#addHashed(keys[at]!, hashOfWords(words[2 * at]!, words[2 * at + 1]!));
    }
    const ranks = this.#registers;
    if (ranks === null) return;
    for (; at < count; at++) raise(ranks, hashOfWords(words[2 * at]!, words[2 * at + 1]!));
  }

  merge(other: DistinctCount): void {
    if (other.#registers === null) {
      for (let at = 0; at < other.#size; at++) this.add(other.#keys[at]!);
      return;
    }
    const ranks = this.#estimated();
    for (let at = 0; at < registers; at++) ranks[at] = Math.max(ranks[at]!, other.#registers[at]!);
  }

  state(): DistinctState {
    return {
      keys: this.#registers === null ? this.#keys.slice(0, this.#size) : null,
      registers: this.#registers?.slice() ?? null,
    };
  }

  #addHashed(key: number, hash: number): void {
    const places = this.#slots;
    if (places === null) {
      raise(this.#registers!, hash);
      return;
    }
    const keys = this.#keys;
    let slot = hash & (slots - 1);
    for (let place = places[slot]!; place !== 0; place = places[slot]!) {
      if (keys[place - 1] === key) return;
      slot = (slot + 1) & (slots - 1);
    }
    if (this.#size === mostKeys) raise(this.#estimated(), hash);
    else {
      this.#withRoom()[this.#size++] = key;
      places[slot] = this.#size;
    }
  }

  #withRoom(): Float64Array {
    if (this.#size < this.#keys.length) return this.#keys;
    const larger = new Float64Array(mostKeys);
    larger.set(this.#keys);
    this.#keys = larger;
    return larger;
  }

  /** From here on the count is an estimate. */
  #estimated(): Uint8Array {
    if (this.#registers !== null) return this.#registers;
    const ranks = new Uint8Array(registers);
    for (let at = 0; at < this.#size; at++) {
      one[0] = this.#keys[at]!;
      raise(ranks, hashOfWords(wordsOfOne[0]!, wordsOfOne[1]!));
    }
    this.#registers = ranks;
    this.#slots = null;
    this.#keys = new Float64Array(0);
    this.#size = 0;
    return ranks;
  }
}

function raise(ranks: Uint8Array, hash: number): void {
  const index = hash >>> rankBits;
  // The bit below the rank's ends the count where all of them are 0.
  const rank = Math.clz32((hash << indexBits) | (1 << (indexBits - 1))) + 1;
  if (rank > ranks[index]!) ranks[index] = rank;
}

function estimateOf(ranks: Uint8Array): number {
  const counts = new Float64Array(mostRank + 1);
  for (const rank of ranks) counts[rank]!++;
  let z = registers * tau(1 - counts[mostRank]! / registers);
  for (let rank = rankBits; rank >= 1; rank--) z = 0.5 * (z + counts[rank]!);
  z += registers * sigma(counts[0]! / registers);
  return Math.round((registers * registers) / (2 * Math.LN2 * z));
}

/** x + Σ x^(2^k) · 2^(k − 1). */
function sigma(x: number): number {
  if (x === 1) return Infinity;
  let [power, y, z] = [x, 1, x];
  for (;;) {
    power *= power;
    const before = z;
    z += power * y;
    y += y;
    if (z === before) return z;
  }
}

/** (1 − x − Σ (1 − x^(2^-k))² · 2^-k) / 3. */
function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let [root, y, z] = [x, 1, 1 - x];
  for (;;) {
    root = Math.sqrt(root);
    const before = z;
    y *= 0.5;
    z -= (1 - root) ** 2 * y;
    if (z === before) return z / 3;
  }
}
