import type { Random } from '#libs/learning/index.js';
import { kolmogorovSf, type TestOutcome } from '#libs/statistics/index.js';

/**
 * Outcomes of the Kolmogorov–Smirnov test of a numeric column without drift, whose values may be taken as uniform as
 * the test is the same for every continuous distribution. A window is drawn coarse first, the highest 8 bits of its
 * values: where that already shows that the p-value is above the largest that any window could reject (the distance is
 * below `least`), it is given as 1, which decides the same. Otherwise the lower bits are drawn and the outcome is the
 * test's own. `last` has the values then, to compare with it.
 */
export class DrawnDistance {
  readonly reference: Float64Array;
  readonly last: Float64Array;
  /** Of the window, by the highest 8 bits. */
  readonly #counts = new Uint16Array(cells);
  /** Reference values below each cell, and below the end. */
  readonly #below = new Uint16Array(cells + 1);

  constructor(
    referenceRows: number,
    windowRows: number,
    private readonly random: Random,
    private readonly pValues: PValueByDistance,
  ) {
    this.reference = Float64Array.from({ length: referenceRows }, () => random.uint32()).sort();
    this.last = new Float64Array(windowRows);
    for (const value of this.reference) this.#below[(value >>> 24) + 1]!++;
    for (let cell = 0; cell < cells; cell++) this.#below[cell + 1]! += this.#below[cell]!;
  }

  next(): TestOutcome {
    drawBytes(this.random, this.last.length, this.#counts);
    if (this.#furthestPossible() < this.pValues.least) return nothing;
    this.#drawValues();
    const steps = this.#furthest();
    const distance = steps / (this.reference.length * this.last.length);
    return {
      enough: true,
      statistic: distance,
      pValue: this.pValues.at(steps),
      pValueBy: 'distribution',
      effect: distance,
    };
  }

  /** In steps of 1 / mn: within a cell either function may rise first. */
  #furthestPossible(): number {
    const [m, n] = [this.reference.length, this.last.length];
    const [counts, below] = [this.#counts, this.#below];
    let [seen, furthest] = [0, 0];
    for (let cell = 0; cell < cells; cell++) {
      const lowest = below[cell + 1]! * n - seen * m;
      seen += counts[cell]!;
      const highest = seen * m - below[cell]! * n;
      if (lowest > furthest) furthest = lowest;
      if (highest > furthest) furthest = highest;
    }
    return furthest;
  }

  /** Ascending by cell, and by value within. */
  #drawValues(): void {
    let at = 0;
    for (let cell = 0; cell < cells; cell++) {
      const from = at;
      for (let row = this.#counts[cell]!; row > 0; row--)
        this.last[at++] = cell * 2 ** 24 + (this.random.uint32() >>> 8);
      if (at > from + 1) this.last.subarray(from, at).sort();
    }
  }

  #furthest(): number {
    const { reference, last } = this;
    const [m, n] = [reference.length, last.length];
    let [i, j, furthest] = [0, 0, 0];
    while (i < m && j < n) {
      const value = reference[i]! < last[j]! ? reference[i]! : last[j]!;
      while (i < m && reference[i] === value) i++;
      while (j < n && last[j] === value) j++;
      const apart = i * n - j * m;
      if (apart > furthest) furthest = apart;
      else if (-apart > furthest) furthest = -apart;
    }
    return furthest;
  }
}

const cells = 256;

const nothing: TestOutcome = { enough: true, statistic: 0, pValue: 1, pValueBy: 'distribution', effect: 0 };

/** Counts of `rows` bytes, four of them of each random number. */
export function drawBytes(random: Random, rows: number, counts: Uint16Array): void {
  counts.fill(0);
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    const drawn = random.uint32();
    counts[drawn & 255]!++;
    counts[(drawn >>> 8) & 255]!++;
    counts[(drawn >>> 16) & 255]!++;
    counts[drawn >>> 24]!++;
  }
  for (; row < rows; row++) counts[random.uint32() >>> 24]!++;
}

export class PValueByDistance {
  /** Steps of 1 / mn from which on the p-value is at most `highest`. */
  readonly least: number;
  readonly #known = new Map<number, number>();

  constructor(
    private readonly referenceRows: number,
    private readonly windowRows: number,
    highest: number,
  ) {
    let [low, high] = [0, referenceRows * windowRows];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.at(middle) > highest) low = middle;
      else high = middle;
    }
    this.least = high;
  }

  at(steps: number): number {
    const known = this.#known.get(steps);
    if (known !== undefined) return known;
    const pairs = this.referenceRows * this.windowRows;
    const pValue = kolmogorovSf(steps / pairs, Math.round(pairs / (this.referenceRows + this.windowRows)));
    this.#known.set(steps, pValue);
    return pValue;
  }
}
