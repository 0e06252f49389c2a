/**
 * The order of numbers in bounded memory: all of them up to a bound, then a deterministic sketch of compactors (Manku,
 * Rajagopalan and Lindsay 1998; as KLL, but every second value is kept from an offset that alternates instead of a random
 * one). Level l holds at most one sorted run of `width` values that stand for 2^l each; two of one level make one of the
 * next. A rank is off by at most levels / (2 · width) of the count, levels = log2(count / width): 0.14 % at ten million
 * values of width 4096.
 */
export class QuantileSketch {
  count = 0;
  /** Runs as they came, until there are more than `most` values. */
  #all: Float64Array[] | null = [];
  #levels: (Float64Array | null)[] = [];
  /** Per level: whether the next compaction keeps the second of each two. */
  #second: boolean[] = [];
  /** The last run, which is shorter than `width`. */
  #short: Float64Array = new Float64Array(0);

  /**
   * @param width values of a full run.
   * @param most values that are kept one by one.
   */
  constructor(
    private readonly width: number,
    private readonly most: number,
  ) {}

  /** @param run sorted; it is kept. All but the last one have `width` values. */
  add(run: Float64Array): void {
    this.count += run.length;
    if (this.#all === null) this.#insert(run);
    else {
      this.#all.push(run);
      if (this.count > this.most) this.#compactAll(this.#all);
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
      if (values !== null) runs.push({ values, weights: values.map(() => 2 ** level) });
    return { ...merged(runs), count: this.count };
  }

  #compactAll(runs: readonly Float64Array[]): void {
    this.#all = null;
    for (const run of runs) this.#insert(run);
  }

  #insert(run: Float64Array): void {
    if (run.length < this.width) {
      this.#short = run;
      return;
    }
    let carried = run;
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
