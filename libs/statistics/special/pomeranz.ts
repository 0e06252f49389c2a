/**
 * P(Dₙ ≤ d), exact, for n up to 140: beyond it the probabilities underflow.
 *
 * Pomeranz 1974, algorithm 487, as Simard and L'Ecuyer 2011 number it: row i holds the chances that so many values fall below
 * aᵢ / n and none of the steps before left the band, but for the factor n!. O(n · (nd)²).
 */
export function pomeranzCdf(d: number, n: number): number {
  const t = n * d;
  const whole = Math.floor(t);
  const fraction = t - whole;
  const g = Math.min(fraction, 1 - fraction);
  // Steps between neighbouring aᵢ: the first and the last, and in turn the two between.
  const size = 2 * whole + 4;
  const [ends, across, along] = [powers(g / n, size), powers((2 * g) / n, size), powers((1 - 2 * g) / n, size)];
  let row = new Float64Array(n + 2);
  let next = new Float64Array(n + 2);
  row[1] = 1;
  let [low, high] = range(1, n, whole, fraction);
  for (let i = 2; i <= 2 * n + 2; i++) {
    const [from, to] = range(i, n, whole, fraction);
    const steps = i === 2 || i === 2 * n + 2 ? ends : i % 2 === 0 ? across : along;
    next.fill(0);
    for (let j = from; j <= to; j++) {
      const last = j < high ? j : high;
      let sum = 0;
      for (let k = low; k <= last; k++) sum += row[k]! * steps[j - k]!;
      next[j] = sum;
    }
    [row, next, low, high] = [next, row, from, to];
  }
  let probability = row[n + 1]!;
  for (let factor = 2; factor <= n; factor++) probability *= factor;
  return probability;
}

/** base^m / m!, for m from 0. */
function powers(base: number, size: number): Float64Array {
  const result = new Float64Array(size);
  result[0] = 1;
  for (let m = 1; m < size; m++) result[m] = (result[m - 1]! * base) / m;
  return result;
}

/** ⌊aᵢ − t⌋ + 2 and ⌈aᵢ + t⌉ within 1 to n + 1, from the parts of t, as aᵢ ± t rounds where it is whole. */
function range(i: number, n: number, whole: number, fraction: number): [number, number] {
  const above = fraction > 0 ? 1 : 0;
  const nearer = fraction > 0.5 ? 1 : 0;
  const half = i >> 1;
  if (i === 1 || i === 2 * n + 2) {
    const a = i === 1 ? 0 : n;
    return [Math.max(a - whole - above + 2, 1), Math.min(a + whole + above, n + 1)];
  }
  return i % 2 === 0
    ? [Math.max(half - whole - nearer + 1, 1), Math.min(half - 1 + whole + above, n + 1)]
    : [Math.max(half - whole - above + 2, 1), Math.min(half + whole + nearer, n + 1)];
}
