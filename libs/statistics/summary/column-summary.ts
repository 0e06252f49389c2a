import type { DistinctState } from './distinct-count.js';
import type { MomentsState } from './moments.js';

/** Categories that the reference does not have. */
export interface UnseenCategories {
  readonly rows: number;
  /** Those met first, at most 20, in that order; after a merge their counts may leave out rows of one side. */
  readonly first: readonly { readonly category: string; readonly rows: number }[];
}

/** What is counted of a column of a window. */
export interface ColumnCounts {
  readonly name: string;
  readonly rows: number;
  readonly missing: number;
  /** Infinite numbers: they stand in the outermost bins, but not in range, mean and spread. */
  readonly nonFinite: number;
  /** Texts that are no number where one is expected: in no bin. */
  readonly typeErrors: number;
  /** Rows by bin of the reference. */
  readonly counts: Float64Array;
  readonly min: number | null;
  readonly max: number | null;
  /** Finite numbers below the smallest and above the largest of the reference. */
  readonly below: number;
  readonly above: number;
  readonly unseen: UnseenCategories;
}

/** What is known of a column of a window. */
export interface ColumnFigures extends ColumnCounts {
  readonly mean: number | null;
  /** Of the sample (n − 1). */
  readonly sd: number | null;
  /** Different values. */
  readonly distinct: number;
  readonly distinctExact: boolean;
}

/** A column's figures as they are stored: structured clone takes it as it is. */
export interface ColumnState extends ColumnCounts {
  readonly moments: MomentsState;
  readonly distinct: DistinctState;
}
