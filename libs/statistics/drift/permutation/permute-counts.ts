import { Random } from '../../random.js';
import { totalOf } from '../enough.js';
import { hypergeometric } from './hypergeometric.js';

/**
 * Tables of counts as they come out when it is drawn anew which rows are the window's: `next` fills `reference` and
 * `window` from a multivariate hypergeometric distribution, bin after bin, which is what shuffling the rows themselves
 * would give, in O(bins) instead of O(rows).
 */
export class PermutedCounts {
  readonly reference: Float64Array;
  readonly window: Float64Array;
  readonly #pooled: Float64Array;
  readonly #rows: number;
  readonly #windowRows: number;
  readonly #random: Random;

  constructor(reference: Float64Array, window: Float64Array, seed: number) {
    this.#pooled = reference.map((count, bin) => count + window[bin]!);
    this.#rows = totalOf(this.#pooled);
    this.#windowRows = totalOf(window);
    this.#random = new Random(seed);
    this.reference = new Float64Array(reference.length);
    this.window = new Float64Array(reference.length);
  }

  next(): void {
    let rows = this.#rows;
    let toDraw = this.#windowRows;
    for (let bin = 0; bin < this.#pooled.length; bin++) {
      const pooled = this.#pooled[bin]!;
      const drawn = toDraw === 0 || pooled === 0 ? 0 : hypergeometric(this.#random, rows, pooled, toDraw);
      this.window[bin] = drawn;
      this.reference[bin] = pooled - drawn;
      rows -= pooled;
      toDraw -= drawn;
    }
  }
}
