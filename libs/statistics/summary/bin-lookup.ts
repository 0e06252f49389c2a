/** So many edges of one cell are gone through one by one; more are halved. */
const few = 8;

const mostEdges = 65_535;

/**
 * The bin of a value: bin 0 holds v <= edges[0], bin i holds edges[i − 1] < v <= edges[i], the last one what is above.
 * A table of cells of equal width over the edges' range says which edges can be next; among these one is searched. That
 * is exact for every value, ±Infinity too, because the cell never falls as the value rises, however it is rounded. O(1)
 * where edges are spread about evenly, O(log edges) where they crowd together.
 *
 *     new BinLookup(Float64Array.of(0, 1, 10)).binOf(1)      1
 *     new BinLookup(Float64Array.of(0, 1, 10)).binOf(1.5)    2
 *     new BinLookup(Float64Array.of(0, 1, 10)).binOf(11)     3
 */
export class BinLookup {
  readonly #edges: Float64Array;
  readonly #lowest: number;
  readonly #highest: number;
  /** Cells of a unit; 0 where no float64 says so, and then the first cell has all the edges. */
  readonly #perUnit: number;
  /** By cell the number of edges in the cells below; one more for the end of the last. */
  readonly #starts: Uint16Array;

  /** @throws RangeError for edges that do not ascend, are not finite, or more than 65,535. */
  constructor(edges: Float64Array) {
    if (edges.length > mostEdges) throw new RangeError(`edges: expected at most ${mostEdges}, got ${edges.length}`);
    for (let at = 0; at < edges.length; at++) {
      if (!Number.isFinite(edges[at]))
        throw new RangeError(`edges[${at}]: expected a finite number, got ${edges[at]!}`);
      if (at > 0 && edges[at]! <= edges[at - 1]!)
        throw new RangeError(`edges[${at}]: expected more than ${edges[at - 1]!}, got ${edges[at]!}`);
    }
    this.#edges = edges.slice();
    this.#lowest = edges[0] ?? -Infinity;
    this.#highest = edges.at(-1) ?? -Infinity;
    const cells = 256 + 4 * edges.length;
    const perUnit = cells / (this.#highest - this.#lowest);
    this.#perUnit = Number.isFinite(perUnit) ? perUnit : 0;
    // Rounding may put the highest edge into one cell more.
    this.#starts = new Uint16Array(cells + 2);
    for (const edge of edges) this.#starts[this.#cellOf(edge) + 1]!++;
    for (let cell = 1; cell < this.#starts.length; cell++) this.#starts[cell]! += this.#starts[cell - 1]!;
  }

  get bins(): number {
    return this.#edges.length + 1;
  }

  /** @param value no NaN: a missing value is in no bin. */
  binOf(value: number): number {
    if (value <= this.#lowest) return 0;
    if (value > this.#highest) return this.#edges.length;
    const cell = this.#cellOf(value);
    return this.#search(value, this.#starts[cell]!, this.#starts[cell + 1]!);
  }

  /** Adds 1 to the bin of each of the first `count` values. */
  countInto(counts: Float64Array, values: Float64Array, count: number): void {
    const edges = this.#edges;
    const starts = this.#starts;
    const [lowest, highest, perUnit] = [this.#lowest, this.#highest, this.#perUnit];
    for (let at = 0; at < count; at++) {
      const value = values[at]!;
      let bin = 0;
      if (value > lowest) {
        if (value <= highest) {
          const cell = ((value - lowest) * perUnit) | 0;
          bin = starts[cell]!;
          const end = starts[cell + 1]!;
          if (end - bin > few) bin = this.#search(value, bin, end);
          else while (bin < end && edges[bin]! < value) bin++;
        } else bin = edges.length;
      }
      counts[bin]!++;
    }
  }

  #cellOf(value: number): number {
    return ((value - this.#lowest) * this.#perUnit) | 0;
  }

  /** The first edge from `from` until before `to` that the value is at most, or `to`. */
  #search(value: number, from: number, to: number): number {
    let [low, high] = [from, to];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#edges[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
