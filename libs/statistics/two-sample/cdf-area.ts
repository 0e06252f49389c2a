const { abs } = Math;

/** Exact, and small enough for the largest float64 times the square of the sizes. */
const shrunk = 2 ** -128;

/**
 * The area between two empirical distribution functions, ∫ |F − G|, or with `squared` ∫ (F − G)², in the unit of the values.
 * O(m + n), without allocation but for values near the end of float64; ∞ where the area itself is beyond it.
 */
export function cdfArea(x: Float64Array, y: Float64Array, squared: boolean): number {
  const area = areaBetween(x, y, squared);
  if (Number.isFinite(area)) return area;
  const smaller = (values: Float64Array): Float64Array => values.map((value) => value * shrunk);
  return areaBetween(smaller(x), smaller(y), squared) / shrunk;
}

/** Steps compute with comparisons instead of branching on them, which a processor would guess wrong. */
function areaBetween(x: Float64Array, y: Float64Array, squared: boolean): number {
  const m = x.length;
  const n = y.length;
  let i = 0;
  let j = 0;
  let area = 0;
  let value = x[0]! < y[0]! ? x[0]! : y[0]!;
  while (i < m && j < n) {
    const a = x[i]!;
    const b = y[j]!;
    const isNext = Number(a <= b);
    const next = a * isNext + b * (1 - isNext);
    const height = i * n - j * m;
    area += (squared ? height * height : abs(height)) * (next - value);
    value = next;
    i += isNext;
    j += Number(b <= a);
  }
  for (; i < m; i++) {
    const height = (m - i) * n;
    area += (squared ? height * height : height) * (x[i]! - value);
    value = x[i]!;
  }
  for (; j < n; j++) {
    const height = (n - j) * m;
    area += (squared ? height * height : height) * (y[j]! - value);
    value = y[j]!;
  }
  return squared ? area / (m * n) / (m * n) : area / (m * n);
}
