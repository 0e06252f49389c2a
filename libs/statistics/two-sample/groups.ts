/** Values that are equal, of both samples together: `inX` of the first follow `beforeX` smaller ones, and so in the second. */
export type VisitGroup = (inX: number, inY: number, beforeX: number, beforeY: number) => void;

/** The groups of equal values of two ascending samples, ascending. O(m + n). */
export function eachGroup(x: Float64Array, y: Float64Array, visit: VisitGroup): void {
  const m = x.length;
  const n = y.length;
  let i = 0;
  let j = 0;
  while (i < m || j < n) {
    const value = j === n || (i < m && x[i]! <= y[j]!) ? x[i]! : y[j]!;
    const beforeX = i;
    const beforeY = j;
    while (i < m && x[i]! === value) i++;
    while (j < n && y[j]! === value) j++;
    visit(i - beforeX, j - beforeY, beforeX, beforeY);
  }
}
