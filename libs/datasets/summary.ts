import type { api } from '#libs/contracts/index.js';

type NumericSummary = NonNullable<api.FeatureProfile['numeric']>;

/**
 * @param values at least one, all finite and within ±1e300; sorted in place.
 */
export function summaryOf(values: Float64Array): NumericSummary {
  values.sort();
  return {
    ...momentsOf(values),
    min: values[0]!,
    q25: quantile(values, 0.25),
    median: quantile(values, 0.5),
    q75: quantile(values, 0.75),
    max: values[values.length - 1]!,
  };
}

/**
 * Mean, and standard deviation of the sample, by the corrected two-pass algorithm (Chan, Golub and LeVeque 1983) over
 * compensated sums (Neumaier 1974). Values are first divided by a power of two near the largest, which is exact and keeps
 * squares in range.
 * @param sorted by size, so that the largest lie at the ends.
 */
function momentsOf(sorted: Float64Array): Pick<NumericSummary, 'mean' | 'standard_deviation'> {
  const count = sorted.length;
  const largest = Math.max(Math.abs(sorted[0]!), Math.abs(sorted[count - 1]!));
  if (largest === 0) return { mean: 0, standard_deviation: 0 };
  const scale = 2 ** Math.max(Math.floor(Math.log2(largest)), -1022);
  const mean = sum(sorted, (value) => value / scale) / count;
  const squares = sum(sorted, (value) => (value / scale - mean) ** 2);
  const residue = sum(sorted, (value) => value / scale - mean);
  const variance = count === 1 ? 0 : Math.max(squares - residue ** 2 / count, 0) / (count - 1);
  // Rounding may lift the mean of equal values above each of them.
  const within = Math.min(Math.max(mean * scale, sorted[0]!), sorted[count - 1]!);
  return { mean: within, standard_deviation: Math.sqrt(variance) * scale };
}

/** What rounding takes from the sum is carried along and added at the end. */
function sum(values: Float64Array, term: (value: number) => number): number {
  let total = 0;
  let lost = 0;
  for (const value of values) {
    const next = term(value);
    const sum = total + next;
    lost += Math.abs(total) >= Math.abs(next) ? total - sum + next : next - sum + total;
    total = sum;
  }
  return total + lost;
}

/**
 * Linear interpolation between order statistics: type 7 of Hyndman and Fan (1996), the default of R and NumPy.
 * @param share 0 to 1.
 */
function quantile(sorted: Float64Array, share: number): number {
  const position = (sorted.length - 1) * share;
  const below = Math.floor(position);
  const [from, to] = [sorted[below]!, sorted[Math.ceil(position)]!];
  return from + (to - from) * (position - below);
}
