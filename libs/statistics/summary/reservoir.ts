import { mixed, randomAt } from '../hash.js';

/** Rows that are kept of a window at most. */
export const mostRows = 5000;

/** Room for this many rows at first. */
const firstRoom = 256;

/** Raised with every change of which rows are kept, and of what a state means. */
const stateVersion = 1;

export interface ReservoirOptions {
  readonly columns: number;
  /** 32 bits, made from what names the window: deployment, version and number. */
  readonly seed: number;
  /** Rows kept at most (left out: 5,000). */
  readonly capacity?: number;
}

export interface ReservoirState {
  readonly version: typeof stateVersion;
  readonly seed: number;
  readonly capacity: number;
  readonly seen: number;
  /** Of each column, the rows kept; NaN is a missing value. */
  readonly columns: readonly Float64Array[];
}

/**
 * Rows of a window, each as likely: all of them up to the capacity, and then a simple random sample (algorithm R, Vitter
 * 1985). Its random numbers are of the row's number and the seed, so the same rows in the same order are kept however they
 * are cut into blocks, and no generator has a state. O(1) a row, 40 kB a column.
 *
 *     const reservoir = new Reservoir({ columns: 2, seed: 7 });
 *     reservoir.admit(3);
 *     reservoir.put(0, Float64Array.of(1, 2, 3));
 *     reservoir.put(1, Float64Array.of(4, 5, 6));
 */
export class Reservoir {
  readonly capacity: number;
  readonly #seed: number;
  readonly #columns: Float64Array[];
  #seen = 0;
  /** Of the rows admitted last: where they begin if all go behind the kept ones, or each one's place, −1 for none. */
  #places: Int32Array | number = 0;
  #admitted = 0;
  #scratch = new Int32Array(0);

  /** @throws RangeError for a capacity below 1. */
  constructor({ columns, seed, capacity = mostRows }: ReservoirOptions) {
    if (!(Number.isInteger(capacity) && capacity >= 1))
      throw new RangeError(`capacity: expected a whole number of at least 1, got ${capacity}`);
    this.capacity = capacity;
    this.#seed = seed >>> 0;
    this.#columns = Array.from({ length: columns }, () => new Float64Array(Math.min(firstRoom, capacity)));
  }

  /** @throws RangeError for a state of another version, and one whose columns do not have the rows that it tells. */
  static restore({ version, seed, capacity, seen, columns }: ReservoirState): Reservoir {
    // A state comes from outside: its type says what it should be.
    const stored: number = version;
    if (stored !== stateVersion) throw new RangeError(`reservoir.version: expected ${stateVersion}, got ${stored}`);
    if (!(Number.isSafeInteger(seen) && seen >= 0))
      throw new RangeError(`reservoir.seen: expected a whole number of at least 0, got ${seen}`);
    const reservoir = new Reservoir({ columns: columns.length, seed, capacity });
    const kept = Math.min(seen, capacity);
    reservoir.#seen = seen;
    for (const [index, column] of columns.entries()) {
      if (column.length !== kept)
        throw new RangeError(`reservoir.columns[${index}]: expected ${kept} rows, got ${column.length}`);
      reservoir.#columns[index] = column.slice();
    }
    return reservoir;
  }

  /** Rows that came. */
  get seen(): number {
    return this.#seen;
  }

  /** Rows that are kept. */
  get rows(): number {
    return Math.min(this.#seen, this.capacity);
  }

  /** Not all rows are kept. */
  get sampled(): boolean {
    return this.#seen > this.capacity;
  }

  get columns(): number {
    return this.#columns.length;
  }

  /** A column's kept rows, in one order for all columns; NaN is a missing value. Valid until rows are admitted. */
  column(index: number): Float64Array {
    return this.#columns[index]!.subarray(0, this.rows);
  }

  /** Decides on the next rows; every column of them is to be `put` then, before rows are admitted again. */
  admit(rows: number): void {
    const { capacity } = this;
    const seen = this.#seen;
    this.#admitted = rows;
    this.#seen += rows;
    if (this.#seen <= capacity) {
      this.#places = seen;
      return;
    }
    if (this.#scratch.length < rows) this.#scratch = new Int32Array(rows);
    for (let row = 0; row < rows; row++) this.#scratch[row] = placeOf(seen + row, capacity, this.#seed);
    this.#places = this.#scratch;
  }

  /** @param values a value for each row admitted; more are left alone. */
  put(index: number, values: Float64Array): void {
    const places = this.#places;
    const column = this.#withRoom(index);
    if (typeof places === 'number') {
      for (let row = 0; row < this.#admitted; row++) column[places + row] = values[row]!;
      return;
    }
    for (let row = 0; row < this.#admitted; row++) {
      const place = places[row]!;
      if (place >= 0) column[place] = values[row]!;
    }
  }

  /**
   * Takes in what another has kept of other rows, each row of both as likely as before. The two want different seeds: with
   * one seed they keep rows of the same numbers.
   * @throws RangeError for one of other columns or another capacity.
   */
  merge(other: Reservoir): void {
    if (other.columns !== this.columns || other.capacity !== this.capacity)
      throw new RangeError(
        `reservoir: expected ${this.columns} columns of at most ${this.capacity} rows, got ${other.columns} of ${other.capacity}`,
      );
    const total = this.#seen + other.#seen;
    const kept = Math.min(total, this.capacity);
    // A stream of its own: the places of rows are taken.
    const seed = mixed(this.#seed ^ mixed(other.#seed + 0x6a09e667));
    const fromThis = total <= this.capacity ? this.#seen : shareOf(this.#seen, other.#seen, kept, seed);
    const mine = drawnRows(this.rows, fromThis, mixed(seed + 1));
    const theirs = drawnRows(other.rows, kept - fromThis, mixed(seed + 2));
    for (let index = 0; index < this.columns; index++) {
      const [one, two] = [this.#columns[index]!, other.#columns[index]!];
      const merged = new Float64Array(kept);
      for (let at = 0; at < mine.length; at++) merged[at] = one[mine[at]!]!;
      for (let at = 0; at < theirs.length; at++) merged[fromThis + at] = two[theirs[at]!]!;
      this.#columns[index] = merged;
    }
    this.#seen = total;
    this.#admitted = 0;
  }

  state(): ReservoirState {
    return {
      version: stateVersion,
      seed: this.#seed,
      capacity: this.capacity,
      seen: this.#seen,
      columns: this.#columns.map((column) => column.slice(0, this.rows)),
    };
  }

  #withRoom(index: number): Float64Array {
    const column = this.#columns[index]!;
    if (column.length >= this.rows) return column;
    const larger = new Float64Array(Math.min(Math.max(2 * column.length, this.rows), this.capacity));
    larger.set(column);
    this.#columns[index] = larger;
    return larger;
  }
}

/** Where row number `row` goes: its own place while there is room, then any of as many places as rows, or none of them. */
function placeOf(row: number, capacity: number, seed: number): number {
  if (row < capacity) return row;
  const place = Math.floor(randomAt(seed, row) * (row + 1));
  return place < capacity ? place : -1;
}

/** Of `size` rows drawn from both populations together, how many are of the first. */
function shareOf(first: number, second: number, size: number, seed: number): number {
  let left = first;
  for (let drawn = 0; drawn < size; drawn++) {
    if (randomAt(seed, drawn) * (first + second - drawn) < left) left--;
  }
  return first - left;
}

/** So many of the rows 0 to `rows` − 1, each as likely, ascending; all of them where `size` is no less. */
export function drawnRows(rows: number, size: number, seed: number): Int32Array {
  const drawn = Int32Array.from({ length: Math.min(rows, size) }, (_, row) => row);
  if (size > 0) {
    for (let row = size; row < rows; row++) {
      const place = placeOf(row, size, seed);
      if (place >= 0) drawn[place] = row;
    }
  }
  return drawn.sort();
}
