import { mixed } from '../byte-table.js';
import { frequenciesIn } from '../frequencies.js';
import { mostKept, purged, type Counted } from './counted.js';
import { DistinctEstimate } from './distinct-estimate.js';

const bits = new Float64Array(1);
const words = new Uint32Array(bits.buffer);

/** How often each number came: exactly up to a bound of different ones, then only of those that are frequent. */
export class NumberCounts {
  #keys = new Float64Array(64);
  /** 0: the slot is free. */
  #counts = new Uint32Array(64);
  #used = 0;
  #most: number;
  #estimate: DistinctEstimate | null = null;
  /** What a count may be short of. */
  #lost = 0;

  /** @param most different values that are counted one by one. */
  constructor(most: number) {
    this.#most = most;
  }

  /** @param run sorted, without NaN and −0. */
  add(run: Float64Array): void {
    // Once only frequent values are kept, those that come once in a run are passed over.
    const least = this.#estimate === null ? 1 : 2;
    if (least === 2) this.#lost++;
    const { length } = run;
    for (let at = 0; at < length;) {
      const value = run[at]!;
      let end = at + 1;
      while (end < length && run[end] === value) end++;
      if (this.#estimate !== null) tell(this.#estimate, value);
      if (end - at >= least) this.#count(value, end - at);
      at = end;
    }
  }

  counted(top: number, textOf: (value: number) => string): Counted {
    const found = frequenciesIn(this.#frequent(textOf), top);
    const distinct = this.#estimate === null ? this.#used : this.#estimate.distinct;
    return { distinct, exact: this.#estimate === null, top: found };
  }

  #count(value: number, count: number): void {
    const mask = this.#counts.length - 1;
    let slot = hashOf(value) & mask;
    for (; this.#counts[slot] !== 0; slot = (slot + 1) & mask) {
      if (this.#keys[slot] !== value) continue;
      this.#counts[slot]! += count;
      return;
    }
    if (this.#used === this.#most) {
      this.#makeRoom();
      this.#count(value, count);
      return;
    }
    this.#keys[slot] = value;
    this.#counts[slot] = count;
    if (2 * ++this.#used > this.#counts.length) this.#rebuild(2 * this.#counts.length, 0);
  }

  #makeRoom(): void {
    if (this.#estimate === null) {
      this.#most = mostKept;
      this.#estimate = new DistinctEstimate();
      for (let slot = 0; slot < this.#keys.length; slot++)
        if (this.#counts[slot]! > 0) tell(this.#estimate, this.#keys[slot]!);
    }
    const off = purged(this.#counts);
    this.#lost += off;
    this.#rebuild(2 * mostKept, off);
  }

  /** @param off taken off every count. */
  #rebuild(size: number, off: number): void {
    const [keys, counts] = [this.#keys, this.#counts];
    [this.#keys, this.#counts, this.#used] = [new Float64Array(size), new Uint32Array(size), 0];
    const mask = size - 1;
    for (let from = 0; from < counts.length; from++) {
      if (counts[from]! <= off) continue;
      let slot = hashOf(keys[from]!) & mask;
      while (this.#counts[slot] !== 0) slot = (slot + 1) & mask;
      this.#keys[slot] = keys[from]!;
      this.#counts[slot] = counts[from]! - off;
      this.#used++;
    }
  }

  *#frequent(textOf: (value: number) => string): Generator<readonly [() => string, number]> {
    for (const [slot, count] of this.#counts.entries()) {
      // What a count is short of might be all of another value's.
      if (count > this.#lost) yield [() => textOf(this.#keys[slot]!), count];
    }
  }
}

function hashOf(value: number): number {
  bits[0] = value;
  return mixed(words[0]! ^ Math.imul(words[1]!, 0x9e3779b1));
}

function tell(estimate: DistinctEstimate, value: number): void {
  const first = hashOf(value);
  estimate.add(first, mixed(Math.imul(words[0]!, 0x85ebca6b) ^ words[1]!));
}
