import type { NumericProfile } from '#libs/contracts/index.js';
import type { Weighted } from './quantile-sketch.js';

const shares = { p01: 0.01, p05: 0.05, p25: 0.25, p50: 0.5, p75: 0.75, p95: 0.95, p99: 0.99 } as const;

/**
 * Of all values: linear interpolation between order statistics, type 7 of Hyndman and Fan (1996), the default of R and
 * NumPy. Of a sketch: the value at the rank.
 */
export function quantilesOf(weighted: Weighted): NumericProfile['quantiles'] {
  const at = weighted.weights === null ? exactly(weighted.values) : byRank(weighted);
  return {
    ...{ p01: at(shares.p01), p05: at(shares.p05), p25: at(shares.p25), p50: at(shares.p50) },
    ...{ p75: at(shares.p75), p95: at(shares.p95), p99: at(shares.p99) },
  };
}

const exactly =
  (sorted: Float64Array) =>
  (share: number): number => {
    const position = (sorted.length - 1) * share;
    const below = Math.floor(position);
    const [from, to] = [sorted[below]!, sorted[Math.ceil(position)]!];
    return from + (to - from) * (position - below);
  };

const byRank =
  (weighted: Weighted) =>
  (share: number): number =>
    valuesAtRanks(weighted, [share * weighted.count])[0]!;

/** @param ranks ascending, from 0 to the count. @returns for each the first value that as many values are at most. */
export function valuesAtRanks({ values, weights }: Weighted, ranks: readonly number[]): number[] {
  const found: number[] = [];
  let [at, seen] = [0, weights === null ? 1 : weights[0]!];
  for (const rank of ranks) {
    while (seen < rank && at < values.length - 1) {
      at++;
      seen += weights === null ? 1 : weights[at]!;
    }
    found.push(values[at]!);
  }
  return found;
}
