import type { FeatureMatrix } from '#libs/contracts/index.js';
import { Random } from '../random.js';
import { byteOf, mostBins, type BinnedMatrix } from './binned-matrix.js';
import { kernelsFor, type Kernels } from './kernels.js';
import type { SharedArrays } from './shared.js';
import { sortNumbers } from './sorted.js';
import { thresholdsOf } from './thresholds.js';

/** Bins are found by no more rows than this: more move their edges by less than a hundredth of a bin. */
const mostSampled = 200_000;

/** @param rows those of training, which alone decide on the bins. */
export function binnedMatrix(
  matrix: FeatureMatrix,
  rows: Uint32Array,
  maxBins: number,
  seed: number,
  arrays: SharedArrays,
): BinnedMatrix {
  const sampled = sampleOf(rows, seed);
  const features = matrix.columns.length;
  const quads = Math.ceil(features / 4);
  const words = arrays.integers(quads * matrix.rows);
  const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  const scratch = { values: arrays.singles(rowsAtOnce), thresholds: arrays.singles(mostBins - 1) };
  const kernels = kernelsFor(arrays.memory);
  const thresholds = matrix.columns.map((column, feature) => {
    const found = thresholdsOf(sortedValues(column, sampled), maxBins);
    fill(kernels, scratch, bytes, byteOf({ rows: matrix.rows }, feature), column, found);
    return found;
  });
  return { rows: matrix.rows, features, quads, words, bytes, thresholds };
}

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
  const there = values.subarray(0, count);
  sortNumbers(there);
  return there;
}

/** Values that are binned at once: kernels want them in the shared memory. */
const rowsAtOnce = 8192;

function fill(
  kernels: Kernels,
  scratch: { readonly values: Float32Array; readonly thresholds: Float32Array },
  bytes: Uint8Array,
  from: number,
  column: Float32Array,
  thresholds: Float32Array,
): void {
  scratch.thresholds.fill(Infinity).set(thresholds);
  for (let row = 0; row < column.length; row += rowsAtOnce) {
    const values = column.subarray(row, row + rowsAtOnce);
    scratch.values.set(values);
    kernels.bins(scratch.values, values.length, scratch.thresholds, thresholds.length + 1, bytes, from + 4 * row);
  }
}
