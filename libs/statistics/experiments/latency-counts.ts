import { largest } from './arm.js';

/** Cells that hold values, ascending, each with how many. */
export type LatencyCountsJson = readonly (readonly [cell: number, count: number])[];

/** A cell's upper edge is so much above its lower one. */
const growth = 1.01;
const logGrowth = Math.log(growth);
/** What is shorter than this, in the metric's unit, is taken for 0. */
const shortest = 1e-9;

/**
 * Counts of values of 0 or more by cells that each are 1 % wide, after Masson, Rim and Lee 2019 (DDSketch): order statistics to 1 %
 * at any traffic, 1,400 cells from a microsecond to a second. They merge, and are the same whatever the order.
 */
export class LatencyCounts {
  readonly #cells = new Map<number, number>();
  #count = 0;
  #sorted: number[] | null = [];

  /** @throws RangeError for cells that `toJSON` does not write. */
  static fromJSON(cells: LatencyCountsJson): LatencyCounts {
    const counts = new LatencyCounts();
    for (const [index, [cell, count]] of cells.entries()) {
      if (!(Number.isSafeInteger(cell) && cell >= 0 && Number.isSafeInteger(count) && count >= 1)) {
        throw new RangeError(`cells[${index}]: expected a cell from 0 and a count from 1, got ${cell} and ${count}`);
      }
      counts.addTo(cell, count);
    }
    return counts;
  }

  toJSON(): LatencyCountsJson {
    return this.sortedCells().map((cell) => [cell, this.#cells.get(cell)!]);
  }

  get count(): number {
    return this.#count;
  }

  /** @throws RangeError for a value below 0, or beyond 1e100. */
  add(value: number): void {
    requireLatency(value);
    this.addTo(cellOf(value), 1);
  }

  merge(other: LatencyCounts): void {
    for (const [cell, count] of other.#cells) this.addTo(cell, count);
  }

  /**
   * Edges of the cell that holds the value at a place from 1 to `count`, in ascending order. O(cells).
   * @throws RangeError for a place that is none.
   */
  boundsAt(place: number): readonly [number, number] {
    let left = place >= 1 ? place : Infinity;
    for (const cell of this.sortedCells()) {
      left -= this.#cells.get(cell)!;
      if (left <= 0) return edgesOf(cell);
    }
    throw new RangeError(`place: expected 1 to ${this.#count}, got ${place}`);
  }

  private addTo(cell: number, count: number): void {
    const before = this.#cells.get(cell);
    if (before === undefined) this.#sorted = null;
    this.#cells.set(cell, (before ?? 0) + count);
    this.#count += count;
  }

  private sortedCells(): number[] {
    this.#sorted ??= [...this.#cells.keys()].sort((a, b) => a - b);
    return this.#sorted;
  }
}

/** @throws RangeError for a value below 0, or beyond 1e100. */
export function requireLatency(value: number): void {
  if (!(value >= 0 && value <= largest)) throw new RangeError(`value: expected from 0 to ${largest}, got ${value}`);
}

/** 0 for what is as good as nothing, else from 1. */
function cellOf(value: number): number {
  return value < shortest ? 0 : 1 + Math.floor(Math.log(value / shortest) / logGrowth);
}

function edgesOf(cell: number): readonly [number, number] {
  // A hair wider than the cell, as a value on the edge may fall to either side of it.
  return cell === 0
    ? [0, shortest]
    : [shortest * growth ** (cell - 1) * (1 - 1e-12), shortest * growth ** cell * (1 + 1e-12)];
}
