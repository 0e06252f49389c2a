/** Squares and differences of larger numbers leave the range of float64. */
export const largestNumber = 1e300;

/** What is wrong with a number that no mean or spread can be computed of; null: nothing. */
export function faultOf(value: number): string | null {
  if (Math.abs(value) <= largestNumber) return null;
  return Number.isFinite(value) ? `a number beyond ±${largestNumber}` : 'an infinite number';
}
