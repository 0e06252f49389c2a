/** Of so many values in order, one is kept when a block is thinned out. */
const stride = 4;

/**
 * The order of numbers in bounded memory: all of them up to a bound, then a deterministic sketch of compactors (Manku,
 * Rajagopalan and Lindsay 1998; as KLL, but what is kept begins at a place that alternates instead of a random one). Of
 * each block of 4 · `width` values every fourth is kept; level l holds at most one such sorted run of `width` values, which
 * stand for 4 · 2^l each; two of one level make one of the next, every second value of both. A rank is off by at most
 * (log2(count / width) − 1) / (2 · width) of the count: 0.13 % at ten million values of width 4096.
 */
export class QuantileSketch {
  count = 0;
  /** Blocks as they came, until there are more than `most` values. */
  #all: Float64Array[] | null = [];
  #levels: (Float64Array | null)[] = [];
  /** Per level: whether the next compaction keeps the second of each two. */
  #second: boolean[] = [];
  /** As `#second`, of blocks: whether the next one is thinned out from its third value on. */
  #third = false;
  /** The last block, which has fewer values. */
  #short: Float64Array = new Float64Array(0);

  /**
   * @param width values of a run.
   * @param most values that are kept one by one.
   */
  constructor(
    private readonly width: number,
    private readonly most: number,
  ) {}

  /** @param block sorted; not kept. All but the last one have 4 · `width` values. */
  add(block: Float64Array): void {
    this.count += block.length;
    if (this.#all === null) this.#insert(block);
    else {
      this.#all.push(block.slice());
      if (this.count > this.most) this.#thinOutAll(this.#all);
    }
  }

  /** Every value is still there. */
  get exact(): boolean {
    return this.#all !== null;
  }

  /** Values in order, with how many each one stands for. */
  weighted(): Weighted {
    if (this.#all !== null)
      return { ...merged(this.#all.map((values) => ({ values, weights: null }))), count: this.count };
    const runs: Run[] = [{ values: this.#short, weights: this.#short.map(() => 1) }];
    for (const [level, values] of this.#levels.entries())
      if (values !== null) runs.push({ values, weights: values.map(() => stride * 2 ** level) });
    return { ...merged(runs), count: this.count };
  }

  #thinOutAll(blocks: readonly Float64Array[]): void {
    this.#all = null;
    for (const block of blocks) this.#insert(block);
  }

  #insert(block: Float64Array): void {
    if (block.length < stride * this.width) {
      this.#short = block.slice();
      return;
    }
    // Of four, the second and the third: ranks are off by two at most, to either side in turn.
    let carried = everyFourth(block, this.#third ? 2 : 1);
    this.#third = !this.#third;
    for (let level = 0; ; level++) {
      const other = this.#levels[level] ?? null;
      if (other === null) {
        this.#levels[level] = carried;
        return;
      }
      this.#levels[level] = null;
      const second = this.#second[level] ?? false;
      this.#second[level] = !second;
      carried = everySecond(other, carried, second);
    }
  }
}

/** Values in ascending order; `weights` null: one each. */
interface Run {
  readonly values: Float64Array;
  readonly weights: Float64Array | null;
}

export interface Weighted extends Run {
  /** Of all values, those that others stand for included. */
  readonly count: number;
}

function everyFourth(block: Float64Array, first: number): Float64Array {
  const kept = new Float64Array(block.length / stride);
  for (let at = 0, from = first; at < kept.length; at++, from += stride) kept[at] = block[from]!;
  return kept;
}

/** Of two sorted runs of one length merged into one: every second value. */
function everySecond(a: Float64Array, b: Float64Array, second: boolean): Float64Array {
  const { length } = a;
  const kept = new Float64Array(length);
  let [i, j] = [0, 0];
  let keep = !second;
  for (let at = 0; at < length; keep = !keep) {
    const value = j >= length || (i < length && a[i]! <= b[j]!) ? a[i++]! : b[j++]!;
    if (keep) kept[at++] = value;
  }
  return kept;
}

/** Runs two by two, until there is one. */
function merged(runs: readonly Run[]): Run {
  let left = [...runs];
  while (left.length > 1) {
    const pairs: Run[] = [];
    for (let i = 0; i < left.length; i += 2)
      pairs.push(i + 1 < left.length ? mergedPair(left[i]!, left[i + 1]!) : left[i]!);
    left = pairs;
  }
  return left[0]!;
}

function mergedPair(a: Run, b: Run): Run {
  const length = a.values.length + b.values.length;
  const values = new Float64Array(length);
  const weights = a.weights === null || b.weights === null ? null : new Float64Array(length);
  let [i, j] = [0, 0];
  for (let at = 0; at < length; at++) {
    const first = j >= b.values.length || (i < a.values.length && a.values[i]! <= b.values[j]!);
    if (weights !== null) weights[at] = first ? a.weights![i]! : b.weights![j]!;
    values[at] = first ? a.values[i++]! : b.values[j++]!;
  }
  return { values, weights };
}
