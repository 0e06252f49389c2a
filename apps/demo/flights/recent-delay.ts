import { endOf, minute } from './flight-end.js';
import type { Flights } from './flights.js';

/** How long ago a flight may have left to count. */
export const recentMs = 6 * 60 * minute;

/**
 * Minutes that flights were late on average which had left the same origin within the six hours before and had landed by
 * the departure; NaN where there is none. Nothing of it was unknown at the departure.
 *
 * One pass over the minutes, O(flights): a flight is put in at the minute in which it lands, if it left recently enough, and
 * taken out when its departure is too long ago.
 */
export function recentDelays(flights: Flights): Float64Array {
  const { rows, departed, delay, origin } = flights;
  const result = new Float64Array(rows);
  if (rows === 0) return result;
  const landings = new Landings(flights);
  const airports = origin.names.length;
  const [sums, counts] = [new Float64Array(airports), new Int32Array(airports)];
  const isIn = new Uint8Array(rows);
  let oldest = 0;
  for (let row = 0; row < rows; row++) {
    const now = departed[row]!;
    for (let landed = landings.next(now); landed !== -1; landed = landings.next(now)) {
      if (landed < oldest) continue;
      isIn[landed] = 1;
      sums[origin.codes[landed]!]! += delay[landed]!;
      counts[origin.codes[landed]!]!++;
    }
    for (; departed[oldest]! < now - recentMs; oldest++) {
      if (isIn[oldest] === 0) continue;
      sums[origin.codes[oldest]!]! -= delay[oldest]!;
      counts[origin.codes[oldest]!]!--;
    }
    const at = origin.codes[row]!;
    result[row] = counts[at] === 0 ? Number.NaN : sums[at]! / counts[at]!;
  }
  return result;
}

/** Rows in order of the minute in which they land, as linked lists by minute. */
class Landings {
  readonly #first: Int32Array;
  readonly #following: Int32Array;
  readonly #begin: number;
  #minute = 0;

  constructor(flights: Flights) {
    this.#begin = flights.departed[0]!;
    const last = flights.departed[flights.rows - 1]!;
    this.#first = new Int32Array((last - this.#begin) / minute + 1).fill(-1);
    this.#following = new Int32Array(flights.rows);
    for (let row = flights.rows - 1; row >= 0; row--) {
      const at = (endOf(flights, row) - this.#begin) / minute;
      // Nobody departs after it has landed.
      if (at >= this.#first.length) continue;
      this.#following[row] = this.#first[at]!;
      this.#first[at] = row;
    }
  }

  /** The next row that lands at or before a moment, which never falls; -1: none. */
  next(now: number): number {
    for (const until = (now - this.#begin) / minute; this.#minute <= until; this.#minute++) {
      const row = this.#first[this.#minute]!;
      if (row === -1) continue;
      this.#first[this.#minute] = this.#following[row]!;
      return row;
    }
    return -1;
  }
}
