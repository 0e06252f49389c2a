/**
 * A power of two near the largest absolute value; 0 of 0. Divided by it, which is exact, squares and sums of numbers stay in
 * range.
 */
export const scaleOf = (largest: number): number =>
  // Below 2^-1022 a float64 loses digits, and above 2^1022 the inverse does.
  largest === 0 ? 0 : 2 ** Math.min(Math.max(Math.floor(Math.log2(largest)), -1021), 1021);

export function largestOf(values: Float64Array): number {
  let largest = 0;
  for (let at = 0; at < values.length; at++) largest = Math.max(largest, Math.abs(values[at]!));
  return largest;
}

export interface PopulationMoments {
  readonly mean: number;
  /** Over n, as NumPy's `std`. */
  readonly deviation: number;
}

/** Of finite values of any size, at least one; no sum leaves float64. */
export function populationMoments(values: Float64Array): PopulationMoments {
  const scale = scaleOf(largestOf(values));
  if (scale === 0) return { mean: 0, deviation: 0 };
  const inverse = 1 / scale;
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at]! * inverse;
  const mean = sum / values.length;
  let squares = 0;
  for (let at = 0; at < values.length; at++) squares += (values[at]! * inverse - mean) ** 2;
  return { mean: mean * scale, deviation: Math.sqrt(squares / values.length) * scale };
}
