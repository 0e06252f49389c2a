import type { Histogram, NumericProfile } from '#libs/contracts/index.js';
import type { Counted } from './counted.js';
import { histogramOf } from './histogram.js';
import { Moments } from './moments.js';
import { NumberCounts } from './number-counts.js';
import { QuantileSketch } from './quantile-sketch.js';
import { quantilesOf } from './quantiles.js';
import { sortNumbers } from './sort-numbers.js';

export interface NumberFigures {
  readonly numeric: NumericProfile;
  readonly histogram: Histogram;
  readonly counted: Counted;
  readonly exact: boolean;
  /** Every value is a safe integer. */
  readonly integral: boolean;
}

/** What is kept of a column. */
export interface NumberBounds {
  /** Numbers that are all kept for exact quantiles. */
  readonly numbers: number;
  /** Numbers that are sorted at once; quantiles beyond are estimated from runs of a quarter as many. */
  readonly block: number;
  /** Different numbers that are counted one by one. */
  readonly distinct: number;
}

/** The figures of a column of numbers, gathered in one pass. */
export class NumberScan {
  readonly #block: Float64Array;
  #filled = 0;
  readonly #moments = new Moments();
  readonly #sketch: QuantileSketch;
  readonly #counts: NumberCounts;
  #integral = true;

  constructor({ block, numbers, distinct }: NumberBounds) {
    this.#block = new Float64Array(block);
    this.#sketch = new QuantileSketch(block / 4, numbers);
    this.#counts = new NumberCounts(distinct);
  }

  /** @param value finite and within ±1e300. */
  add(value: number): void {
    // Adding 0 makes −0 the 0 that it equals.
    this.#block[this.#filled++] = value + 0;
    if (this.#filled === this.#block.length) this.#flush();
  }

  /** @param textOf as the most frequent values are told. */
  figures(top: number, bins: number, textOf: (value: number) => string): NumberFigures {
    if (this.#filled > 0) this.#flush();
    const counted = this.#counts.counted(top, textOf);
    const { min, max, mean, sd } = this.#moments;
    const weighted = this.#sketch.weighted();
    return {
      numeric: { min, max, mean, sd, quantiles: quantilesOf(weighted) },
      histogram: histogramOf(weighted, { min, max, bins }),
      counted,
      exact: counted.exact && this.#sketch.exact,
      integral: this.#integral,
    };
  }

  #flush(): void {
    const block = this.#block.subarray(0, this.#filled);
    this.#integral &&= areSafeIntegers(block);
    this.#moments.add(block);
    sortNumbers(block);
    this.#counts.add(block);
    this.#sketch.add(block);
    this.#filled = 0;
  }
}

function areSafeIntegers(values: Float64Array): boolean {
  for (let at = 0; at < values.length; at++) if (!Number.isSafeInteger(values[at])) return false;
  return true;
}
