import type { RowsAt } from './kernels.js';
import { between } from './thresholds.js';

/** Nodes of at most so many rows are split at their own values: bins of all rows are too coarse for them. */
export const mostRankedRows = 64;

/** The values of one feature in a small node, each as the number of its value among the node's distinct ones. */
export class RankedNode {
  /** By position in the node. A missing value has the number behind the last. */
  readonly ranks = new Uint8Array(mostRankedRows);
  /** Distinct values, as many as `rank` says; ascending. */
  readonly #distinct = new Float32Array(mostRankedRows);
  /** Values with their positions, sorted. */
  readonly #values = new Float32Array(mostRankedRows);
  readonly #places = new Uint8Array(mostRankedRows);
  #count = 0;

  /** How many distinct values there are. */
  get count(): number {
    return this.#count;
  }

  /** Takes up a feature of at most `mostRankedRows` rows. */
  rank(column: Float32Array, { rows, start, end }: RowsAt): void {
    const values = this.#values;
    const places = this.#places;
    let there = 0;
    for (let index = start; index < end; index++) {
      const value = column[rows[index]!]!;
      if (Number.isNaN(value)) continue;
      let at = there++;
      for (; at > 0 && values[at - 1]! > value; at--) {
        values[at] = values[at - 1]!;
        places[at] = places[at - 1]!;
      }
      values[at] = value;
      places[at] = index - start;
    }
    let count = 0;
    for (let at = 0; at < there; at++) {
      if (at === 0 || values[at] !== values[at - 1]) this.#distinct[count++] = values[at]!;
      this.ranks[places[at]!] = count - 1;
    }
    this.#count = count;
    if (there === end - start) return;
    for (let index = start; index < end; index++) {
      if (Number.isNaN(column[rows[index]!]!)) this.ranks[index - start] = count;
    }
  }

  /** The threshold halfway to the next value. Behind the last there is nothing but missing ones. */
  thresholdBehind(rank: number): number {
    return rank + 1 < this.#count ? between(this.#distinct[rank]!, this.#distinct[rank + 1]!) : Infinity;
  }
}
