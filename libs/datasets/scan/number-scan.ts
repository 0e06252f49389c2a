import type { Histogram, NumericProfile } from '#libs/contracts/index.js';
import type { Counted } from './counted.js';
import { histogramOf } from './histogram.js';
import { Moments } from './moments.js';
import { NumberCounts } from './number-counts.js';
import { QuantileSketch } from './quantile-sketch.js';
import { quantilesOf } from './quantiles.js';

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
  /** Numbers of one sorted run, from which quantiles are estimated beyond that. */
  readonly run: number;
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

  constructor({ run, numbers, distinct }: NumberBounds) {
    this.#block = new Float64Array(run);
    this.#sketch = new QuantileSketch(run, numbers);
    this.#counts = new NumberCounts(distinct);
  }

  /** @param value finite and within ±1e300. */
  add(value: number): void {
    // Adding 0 makes −0 the 0 that it equals.
    const number = value + 0;
    if (this.#integral && !Number.isSafeInteger(number)) this.#integral = false;
    this.#block[this.#filled++] = number;
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
    const run = this.#block.slice(0, this.#filled);
    this.#moments.add(run);
    run.sort();
    this.#counts.add(run);
    this.#sketch.add(run);
    this.#filled = 0;
  }
}
