/** `81.3 %`. */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** `02-28`, UTC. */
export const day = (at: number): string => new Date(at).toISOString().slice(5, 10);

export const count = (value: number): string => value.toLocaleString('en');

/** `9 ms`, `1.4 s`. */
export const span = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

/** Of values in any order; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}
