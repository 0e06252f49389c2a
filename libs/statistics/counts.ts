/**
 * What counts, or shares, over bins add up to.
 * @throws RangeError that names the bin, for what is negative or no number, and for a sum of 0 or beyond float64.
 */
export function totalOf(name: string, counts: Float64Array): number {
  let total = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    const count = counts[bin]!;
    if (!(count >= 0)) throw new RangeError(`${name}[${bin}]: expected a number that is at least 0, got ${count}`);
    total += count;
  }
  if (total > 0 && total < Infinity) return total;
  throw new RangeError(`${name}: expected a sum above 0 and finite, got ${total}`);
}
