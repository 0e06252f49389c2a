import { mostBins, type BinnedMatrix } from './binned-matrix.js';

/** A bin of a histogram: the sums of its rows' gradients and of their masses, as sums.ts has them. */
const numbersOfBin = 2;
export const numbersOfFeature = mostBins * numbersOfBin;
export const numbersOfQuad = 4 * numbersOfFeature;

/** Where a feature begins in a histogram of all features. */
export const featureAt = (feature: number): number => feature * numbersOfFeature;

/**
 * Adds rows to the histograms of four features, which begin at `at`.
 * @param rows those at [start, end); their gradients and masses stand in `pairs` at the same positions.
 */
export function addRows(
  histogram: Float64Array,
  at: number,
  { words, rows: count }: BinnedMatrix,
  quad: number,
  rows: Uint32Array,
  start: number,
  end: number,
  pairs: Float64Array,
): void {
  const from = quad * count;
  const second = at + numbersOfFeature;
  const third = second + numbersOfFeature;
  const fourth = third + numbersOfFeature;
  for (let index = start; index < end; index++) {
    const word = words[from + rows[index]!]!;
    const gradient = pairs[2 * index]!;
    const mass = pairs[2 * index + 1]!;
    // A byte times two: the place of its bin.
    let bin = at + ((word << 1) & 0x1fe);
    histogram[bin]! += gradient;
    histogram[bin + 1]! += mass;
    bin = second + ((word >>> 7) & 0x1fe);
    histogram[bin]! += gradient;
    histogram[bin + 1]! += mass;
    bin = third + ((word >>> 15) & 0x1fe);
    histogram[bin]! += gradient;
    histogram[bin + 1]! += mass;
    bin = fourth + ((word >>> 23) & 0x1fe);
    histogram[bin]! += gradient;
    histogram[bin + 1]! += mass;
  }
}

/** What the histogram `whole` of a node leaves when one child's is taken off: the other child's, in the place of the node's. */
export function subtract(histogram: Float64Array, whole: number, part: number, length: number): void {
  for (let index = 0; index < length; index++) histogram[whole + index]! -= histogram[part + index]!;
}
