import type { ReferenceColumn } from './column.js';

/** A column of the reference, and the range that values of a window are held against. */
export interface ReferenceSummary extends ReferenceColumn {
  /** Of all values of a numeric column; null without any, and for categories. */
  readonly min: number | null;
  readonly max: number | null;
  /** Of categories that have no bin of their own; left out where they are not known: all of them are unseen then. */
  readonly others?: KnownOthers;
}

export interface KnownOthers {
  /** `textHash` of each, ascending. */
  readonly hashes: Uint32Array;
  /** Categories of the column that came once. */
  readonly once: number;
}

/** What a categorical column has none of. */
export const withoutValues = {
  ...{ values: new Float64Array(0), sampled: false },
  ...{ mean: null, sd: null, min: null, max: null },
} as const;
