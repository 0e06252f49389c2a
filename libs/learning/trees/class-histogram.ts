import type { BinnedMatrix } from './binned-matrix.js';
import { byteOf } from './binned-matrix.js';

/**
 * Adds rows to a feature's histogram of classes: bin b has one number for each class, from b × classes on.
 * @param rows those at [start, end); their masses and classes stand at the same positions.
 */
export function addClasses(
  histogram: Float64Array,
  matrix: BinnedMatrix,
  feature: number,
  classes: number,
  rows: Uint32Array,
  masses: Float64Array,
  classOf: Uint16Array,
  start: number,
  end: number,
): void {
  const { bytes } = matrix;
  const from = byteOf(matrix, feature);
  for (let index = start; index < end; index++) {
    const bin = bytes[from + 4 * rows[index]!]!;
    histogram[bin * classes + classOf[index]!]! += masses[index]!;
  }
}
