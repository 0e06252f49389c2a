import type { FeatureMatrix } from '#libs/contracts/index.js';
import { Random } from '../random.js';
import { binOf, thresholdsOf } from './thresholds.js';

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

/** Bins are found by no more rows than this: more move their edges by less than a hundredth of a bin. */
const mostSampled = 200_000;

/** @param rows those of training, which alone decide on the bins. */
export function binnedMatrix(matrix: FeatureMatrix, rows: Uint32Array, maxBins: number, seed: number): BinnedMatrix {
  const sampled = sampleOf(rows, seed);
  const features = matrix.columns.length;
  const quads = Math.ceil(features / 4);
  const words = new Uint32Array(new SharedArrayBuffer(quads * matrix.rows * Uint32Array.BYTES_PER_ELEMENT));
  const bytes = new Uint8Array(words.buffer);
  const thresholds = matrix.columns.map((column, feature) => {
    const found = thresholdsOf(sortedValues(column, sampled), maxBins);
    fill(bytes, byteOf({ rows: matrix.rows }, feature), column, found);
    return found;
  });
  return { rows: matrix.rows, features, quads, words, bytes, thresholds };
}

/** Where the feature's byte of row 0 is; those of the other rows follow at every fourth byte. */
export const byteOf = ({ rows }: Pick<BinnedMatrix, 'rows'>, feature: number): number =>
  (feature >>> 2) * rows * 4 + (feature & 3);

/** The bin of missing values. */
export const missingBin = ({ thresholds }: BinnedMatrix, feature: number): number => thresholds[feature]!.length + 1;

function sampleOf(rows: Uint32Array, seed: number): Uint32Array {
  if (rows.length <= mostSampled) return rows;
  const random = new Random(seed, streamOfBins);
  const sampled = new Uint32Array(mostSampled);
  // Selection sampling: every set of rows is as likely, in one pass and in order (Knuth, 3.4.2 S).
  for (let at = 0, taken = 0; taken < mostSampled; at++) {
    if (random.float() * (rows.length - at) < mostSampled - taken) sampled[taken++] = rows[at]!;
  }
  return sampled;
}

const streamOfBins = 0x62696e73;

function sortedValues(column: Float32Array, rows: Uint32Array): Float32Array {
  const values = new Float32Array(rows.length);
  let count = 0;
  for (const row of rows) {
    const value = column[row]!;
    if (!Number.isNaN(value)) values[count++] = value;
  }
  return values.subarray(0, count).sort();
}

function fill(bytes: Uint8Array, from: number, column: Float32Array, thresholds: Float32Array): void {
  const missing = thresholds.length + 1;
  for (let row = 0, at = from; row < column.length; row++, at += 4) {
    const value = column[row]!;
    bytes[at] = Number.isNaN(value) ? missing : binOf(thresholds, value);
  }
}
