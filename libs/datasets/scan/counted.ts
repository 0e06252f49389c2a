/** How often values came. */
export interface Counted {
  readonly distinct: number;
  /** Every value was counted. If not, `distinct` is an estimate, and counts are what is certain at least. */
  readonly exact: boolean;
  /** The most frequent ones, most frequent first; ties in order of their text. */
  readonly top: { value: string; count: number }[];
}

/** Values that are kept where there are too many to count one by one. */
export const mostKept = 1024;

/**
 * What is taken off every count so that at most half of `mostKept` stay above 0: they make room as in Misra and Gries (1982).
 * In all, at most 2 / mostKept of the rows is taken off.
 */
export function purged(counts: Uint32Array): number {
  let above = 0;
  for (let i = 0; i < counts.length; i++) if (counts[i]! > 1) above++;
  if (above <= mostKept / 2) return 1;
  const sorted = counts.slice().sort();
  return sorted[sorted.length - 1 - mostKept / 2]!;
}
