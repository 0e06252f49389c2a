import { defineDetector, type DetectorCore, type Reading, type Signal } from './detector.js';
import type { Values } from './parameters.js';
import type { SavedFields } from './saved-fields.js';

const { abs, log, sqrt } = Math;

const parameters = {
  delta: { type: 'number', default: 0.002, above: 0, to: 1, about: 'chance of a cut that is no change, per cut' },
  clock: { type: 'integer', default: 32, from: 1, to: 1e6, about: 'samples from one look for a change to the next' },
  max_buckets: { type: 'integer', default: 5, from: 1, to: 1000, about: 'buckets of a size before two become one' },
  min_window_length: { type: 'integer', default: 5, from: 1, to: 1e6, about: 'samples of either side of a cut' },
  grace_period: { type: 'integer', default: 10, from: 0, to: 1e9, about: 'samples before it looks for a change' },
} as const;

/**
 * ADWIN, adaptive windowing: Bifet and Gavaldà, "Learning from time-changing data with adaptive windowing", SIAM SDM 2007;
 * the variance of buckets after Babcock, Datar, Motwani and O'Callaghan, PODS 2003. The window is kept in buckets of
 * 1, 2, 4 … samples; where the means on both sides of a cut between two buckets differ by more than the bound for delta,
 * the oldest bucket goes, again and again, and that is drift. O(log n) numbers of state; a sample costs O(1), every clock-th
 * one O(log n). The bound is meant for samples in [0, 1]; others are taken, as river does.
 *
 * `Random(12345)`: 1,000 of 0 and 1, then 1,000 of 4 to 7: drift at index 1023, with 32 samples left in the window.
 */
export const adwin = defineDetector({
  name: 'adwin',
  version: 1,
  title: 'Adaptive windowing',
  takes: 'numbers',
  warns: false,
  parameters,
  start: (values) => new Adwin(values),
});

class Adwin implements DetectorCore {
  readonly #window: BucketWindow;
  #ticks = 0;
  /** The last cut that told drift. */
  #cut: Cut | null = null;

  constructor(private readonly values: Values<typeof parameters>) {
    this.#window = new BucketWindow(values.max_buckets);
  }

  take(value: number): Signal {
    const window = this.#window;
    window.add(value);
    this.#ticks++;
    if (this.#ticks % this.values.clock !== 0 || window.width <= this.values.grace_period) return 'none';
    let cut = window.firstCut(this.values.delta, this.values.min_window_length);
    if (cut === null) return 'none';
    while (cut !== null) {
      this.#cut = cut;
      window.dropOldest();
      cut = window.firstCut(this.values.delta, this.values.min_window_length);
    }
    return 'drift';
  }

  reset(): void {
    this.#window.clear();
    this.#ticks = 0;
    this.#cut = null;
  }

  reading(): Reading {
    const { width, total } = this.#window;
    const compared = this.#cut ?? { statistic: null, threshold: null };
    return { samples: width, mean: width === 0 ? null : total / width, ...compared };
  }

  save() {
    const { statistic, threshold } = this.#cut ?? { statistic: null, threshold: null };
    return { ticks: this.#ticks, statistic, threshold, ...this.#window.save() };
  }

  restore(saved: SavedFields): void {
    this.#ticks = saved.count('ticks');
    const statistic = saved.numberOrNull('statistic');
    this.#cut = statistic === null ? null : { statistic, threshold: saved.number('threshold') };
    this.#window.restore(saved);
  }
}

interface Cut {
  /** Difference of the means, without its sign. */
  readonly statistic: number;
  /** What chance leaves of it. */
  readonly threshold: number;
}

/** Rows for a window of 2²⁰ samples, with the default number of buckets; more are made when they are needed. */
const rowsAtFirst = 20;

/**
 * A window in exponential histograms: row r has buckets of 2^r samples, oldest first. Sums and their rounding are part of
 * what is found, so the order of operations is river's.
 */
class BucketWindow {
  width = 0;
  total = 0;
  /** Sum of squared deviations from the mean. */
  #squares = 0;
  readonly #perRow: number;
  /** Buckets by row; the last row that counts has one at least. */
  #counts = new Int32Array(rowsAtFirst);
  #rows = 1;
  /** Row r begins at r · perRow. */
  #totals: Float64Array;
  #deviations: Float64Array;

  constructor(private readonly most: number) {
    this.#perRow = most + 1;
    this.#totals = new Float64Array(rowsAtFirst * this.#perRow);
    this.#deviations = new Float64Array(rowsAtFirst * this.#perRow);
  }

  add(value: number): void {
    this.#append(0, value, 0);
    const before = this.width++;
    if (before > 0) {
      const deviation = value - this.total / before;
      this.#squares += (before * deviation * deviation) / this.width;
    }
    this.total += value;
    for (let row = 0; this.#counts[row] === this.#perRow; row++) this.#merge(row);
  }

  /** The first cut, from the oldest bucket on, where the means differ by more than chance; null: none does. */
  firstCut(delta: number, shortest: number): Cut | null {
    const evidence = log((2 * log(this.width)) / delta);
    const variance = this.#squares / this.width;
    let [older, newer] = [0, this.width];
    let [olderTotal, newerTotal] = [0, this.total];
    for (let row = this.#rows - 1; row >= 0; row--) {
      const size = 2 ** row;
      const end = row * this.#perRow + this.#counts[row]!;
      for (let bucket = row * this.#perRow; bucket < end; bucket++) {
        older += size;
        newer -= size;
        olderTotal += this.#totals[bucket]!;
        newerTotal -= this.#totals[bucket]!;
        if (newer < shortest) return null;
        if (older < shortest) continue;
        const difference = abs(olderTotal / older - newerTotal / newer);
        const reciprocal = 1 / (older - shortest + 1) + 1 / (newer - shortest + 1);
        // Squares are below 0 by rounding where buckets were dropped: the bound is then NaN, and nothing is above it.
        const bound = sqrt(2 * reciprocal * variance * evidence) + (2 / 3) * evidence * reciprocal;
        if (difference > bound) return { statistic: difference, threshold: bound };
      }
    }
    return null;
  }

  dropOldest(): void {
    const row = this.#rows - 1;
    const [size, bucket] = [2 ** row, row * this.#perRow];
    const [total, deviation] = [this.#totals[bucket]!, this.#deviations[bucket]!];
    this.width -= size;
    this.total -= total;
    const difference = total / size - this.total / this.width;
    this.#squares -= deviation + (size * this.width * difference * difference) / (size + this.width);
    this.#removeOldest(row, 1);
    while (this.#rows > 1 && this.#counts[this.#rows - 1] === 0) this.#rows--;
  }

  clear(): void {
    this.width = 0;
    this.total = 0;
    this.#squares = 0;
    this.#rows = 1;
    this.#counts.fill(0);
  }

  save() {
    const rows = Array.from({ length: this.#rows }, (_, row) => row * this.#perRow);
    const saved = (of: Float64Array): number[] =>
      rows.flatMap((begin, row) => Array.from(of.subarray(begin, begin + this.#counts[row]!)));
    return {
      total: this.total,
      squares: this.#squares,
      rows: Array.from(this.#counts.subarray(0, this.#rows)),
      totals: saved(this.#totals),
      deviations: saved(this.#deviations),
    };
  }

  restore(saved: SavedFields): void {
    const [rows, totals, deviations] = [saved.numbers('rows'), saved.numbers('totals'), saved.numbers('deviations')];
    const fits = rows.every((count) => Number.isSafeInteger(count) && count >= 0 && count <= this.most);
    if (!fits || rows.length > 53) saved.unfit('rows', `at most 53 rows of 0 to ${this.most} buckets`);
    const buckets = rows.reduce((sum, count) => sum + count, 0);
    if (totals.length !== buckets) saved.unfit('totals', `${buckets} numbers, one for each bucket`);
    if (deviations.length !== buckets) saved.unfit('deviations', `${buckets} numbers, one for each bucket`);
    let bucket = 0;
    rows.forEach((count, row) => {
      for (let at = 0; at < count; at++, bucket++) this.#append(row, totals[bucket]!, deviations[bucket]!);
      this.width += count * 2 ** row;
    });
    this.#rows = Math.max(rows.length, 1);
    this.total = saved.number('total');
    this.#squares = saved.number('squares');
  }

  #append(row: number, total: number, deviation: number): void {
    while (row >= this.#counts.length) this.#grow();
    const bucket = row * this.#perRow + this.#counts[row]!++;
    this.#totals[bucket] = total;
    this.#deviations[bucket] = deviation;
    if (row === this.#rows) this.#rows++;
  }

  /** The two oldest buckets of a row become one of the next. */
  #merge(row: number): void {
    const [size, bucket] = [2 ** row, row * this.#perRow];
    const [older, newer] = [this.#totals[bucket]!, this.#totals[bucket + 1]!];
    const difference = older / size - newer / size;
    const between = (size * size * difference * difference) / (size + size);
    this.#append(row + 1, older + newer, this.#deviations[bucket]! + this.#deviations[bucket + 1]! + between);
    this.#removeOldest(row, 2);
  }

  #removeOldest(row: number, buckets: number): void {
    const end = row * this.#perRow + this.#counts[row]!;
    for (let bucket = row * this.#perRow; bucket + buckets < end; bucket++) {
      this.#totals[bucket] = this.#totals[bucket + buckets]!;
      this.#deviations[bucket] = this.#deviations[bucket + buckets]!;
    }
    this.#counts[row]! -= buckets;
  }

  #grow(): void {
    const grown = <T extends Float64Array | Int32Array>(from: T, into: T): T => {
      into.set(from);
      return into;
    };
    this.#counts = grown(this.#counts, new Int32Array(2 * this.#counts.length));
    this.#totals = grown(this.#totals, new Float64Array(2 * this.#totals.length));
    this.#deviations = grown(this.#deviations, new Float64Array(2 * this.#deviations.length));
  }
}
