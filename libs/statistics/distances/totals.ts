import { totalOf } from '../counts.js';

export interface Totals {
  readonly p: number;
  readonly q: number;
}

/**
 * What counts or shares add up to: distances divide by it, so both are welcome.
 * @throws RangeError for arrays of different lengths, values that are negative or not finite, and a side without any.
 */
export function totalsOf(p: Float64Array, q: Float64Array): Totals {
  if (p.length !== q.length) throw new RangeError(`q: expected ${p.length} bins, as many as p, got ${q.length}`);
  return { p: totalOf('p', p), q: totalOf('q', q) };
}
