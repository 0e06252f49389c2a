/**
 * What drift tests read of a column: the reference decides the bins, once, so that scores of different windows can be
 * compared. Missing values are counted beside and stand in no bin.
 */

/** Bin 0 holds v <= edges[0], bin i holds edges[i − 1] < v <= edges[i], the last one what is above all edges. */
export interface NumericBins {
  readonly kind: 'numeric';
  /** Strictly ascending; none where the reference has no value. */
  readonly edges: Float64Array;
}

/** A bin for each category, in order; the last bin holds every other value. */
export interface CategoryBins {
  readonly kind: 'categorical';
  readonly categories: readonly string[];
}

export type Bins = NumericBins | CategoryBins;

/** Rows of one column, of the reference or of a window. */
export interface ColumnSample {
  /** Rows, those without a value included. */
  readonly rows: number;
  readonly missing: number;
  /** Rows by bin of the reference. */
  readonly counts: Float64Array;
  /**
   * Numeric columns: values, ascending and without the missing ones, all or a reservoir of them (`sampled`).
   * Categorical columns: empty, their counts say everything.
   */
  readonly values: Float64Array;
  /** `values` are a sample of the rows, not all of them. */
  readonly sampled: boolean;
  /** Of all values, not only of those sampled; null without any. */
  readonly mean: number | null;
  readonly sd: number | null;
  /** Different values: exact, or an estimate where there were too many. */
  readonly distinct: number;
}

/** A column of the reference: what windows are compared with. */
export interface ReferenceColumn extends ColumnSample {
  readonly name: string;
  readonly bins: Bins;
}
