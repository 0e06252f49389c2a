/**
 * Every value of a feature matrix as the number of its bin, in memory that threads share. Four features lie side by side in
 * one word of 32 bits, so that one read serves four histograms: feature f of row r is byte f % 4 of the word
 * floor(f / 4) × rows + r.
 */
export interface BinnedMatrix {
  readonly rows: number;
  readonly features: number;
  /** Words of a row: the features by four, rounded up. */
  readonly quads: number;
  readonly words: Uint32Array;
  /** The same memory. */
  readonly bytes: Uint8Array;
  /** Of each feature; its bins are one more. A missing value is in the bin behind them. */
  readonly thresholds: readonly Float32Array[];
}

/** Bins of a feature with the one for missing values: what a byte tells apart. */
export const mostBins = 256;

/** Where the feature's byte of row 0 is; those of the other rows follow at every fourth byte. */
export const byteOf = ({ rows }: Pick<BinnedMatrix, 'rows'>, feature: number): number =>
  (feature >>> 2) * rows * 4 + (feature & 3);

/** The bin of missing values. */
export const missingBin = ({ thresholds }: BinnedMatrix, feature: number): number => thresholds[feature]!.length + 1;
