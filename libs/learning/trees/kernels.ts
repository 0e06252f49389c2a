import { byteOf, type BinnedMatrix } from './binned-matrix.js';
import { numbersOfFeature } from './histogram.js';
import { found, leastGain, leastHessian, scanBins, type Scan } from './split.js';
import { binOf } from './thresholds.js';
import { wasmKernels, type KernelMemory } from './wasm.js';

/** Rows of a node: their numbers stand at [start, end) of `rows`. */
export interface RowsAt {
  readonly rows: Uint32Array;
  readonly start: number;
  readonly end: number;
}

/** A test by bins: rows of bins 0 to `bin`, and of the bin `missing`, go left. */
export interface BinTest {
  readonly feature: number;
  readonly bin: number;
  /** −1: rows without a value go right. */
  readonly missing: number;
}

/** The loops over rows and bins in which boosting spends its time. */
export interface Kernels {
  /** Zeros, from `at` on: `fill` of shared memory writes number by number. */
  clear(histogram: Float64Array, at: number, length: number): void;
  /**
   * Adds rows to the histograms of four features, which begin at `at`.
   * @param pairs gradients and masses, at the same positions as the rows.
   */
  addRows(
    histogram: Float64Array,
    at: number,
    matrix: BinnedMatrix,
    quad: number,
    of: RowsAt,
    pairs: Float64Array,
  ): void;
  /** Adds rows to the histogram of one feature, which is at the beginning. */
  addRowsOfFeature(
    histogram: Float64Array,
    matrix: BinnedMatrix,
    feature: number,
    of: RowsAt,
    pairs: Float64Array,
  ): void;
  /** What the histogram at `whole` leaves when that at `part` is taken off, in its place. */
  subtract(histogram: Float64Array, whole: number, part: number, length: number): void;
  readonly scan: Scan;
  /**
   * Bins of the first `count` values, each into the fourth byte behind the one before.
   * @param thresholds 255, the last of them Infinity where there are fewer.
   */
  bins(
    values: Float32Array,
    count: number,
    thresholds: Float32Array,
    missing: number,
    bytes: Uint8Array,
    from: number,
  ): void;
  /** Pairs by the rows' numbers to pairs at the rows' positions. */
  gather(pairs: Float64Array, of: RowsAt, into: Float64Array): void;
  countLeft(matrix: BinnedMatrix, of: RowsAt, test: BinTest): number;
  /** Rows that go left from `left` on, the others from `right` on, each in their order. Gives where the left ones end. */
  scatter(matrix: BinnedMatrix, of: RowsAt, test: BinTest, into: Uint32Array, left: number, right: number): number;
}

/** @param memory where every array that they are given lies; null: they lie anywhere. */
export const kernelsFor = (memory: KernelMemory | null): Kernels =>
  memory === null ? scriptKernels : inMemory(memory);

function inMemory(memory: KernelMemory): Kernels {
  const wasm = wasmKernels(memory);
  const addressOf = (array: Float64Array | Float32Array | Uint32Array | Uint8Array, at: number) =>
    array.byteOffset + at * array.BYTES_PER_ELEMENT;
  const bytesOf = (matrix: BinnedMatrix, feature: number) => matrix.bytes.byteOffset + byteOf(matrix, feature);
  return {
    clear(histogram, at, length) {
      wasm.clear(addressOf(histogram, at), addressOf(histogram, at + length));
    },
    addRows(histogram, at, { words, rows: count }, quad, { rows, start, end }, pairs) {
      wasm.addRows(
        addressOf(histogram, at),
        addressOf(words, quad * count),
        addressOf(rows, start),
        addressOf(rows, end),
        addressOf(pairs, 2 * start),
      );
    },
    addRowsOfFeature(histogram, matrix, feature, { rows, start, end }, pairs) {
      const [row, last] = [addressOf(rows, start), addressOf(rows, end)];
      wasm.addRowsOfFeature(addressOf(histogram, 0), bytesOf(matrix, feature), row, last, addressOf(pairs, 2 * start));
    },
    subtract(histogram, whole, part, length) {
      wasm.subtract(addressOf(histogram, whole), addressOf(histogram, part), addressOf(histogram, part + length));
    },
    scan(histogram, at, last, startGradient, startMass, goes, gradient, mass, grid, { minRows, l2 }, into, to) {
      const { one, gradientScale, hessianScale } = grid;
      const unit = hessianScale / (gradientScale * gradientScale);
      const first = addressOf(histogram, at);
      const bin = wasm.scan(
        first,
        addressOf(histogram, at + 2 * last),
        startGradient,
        startMass,
        gradient,
        mass,
        one,
        minRows,
        l2 * hessianScale,
        leastHessian * hessianScale,
        leastGain,
        into[to]! / unit,
        addressOf(into, to),
        addressOf(into, to + found.leftGradient),
      );
      if (bin === 0) return;
      into[to + found.gain]! *= unit;
      into[to + found.bin] = ((bin >>> 0) - first) / bytesOfBin;
      into[to + found.missing] = goes;
    },
    bins(values, count, thresholds, missing, bytes, from) {
      const [start, end] = [addressOf(values, 0), addressOf(values, count)];
      wasm.bins(start, end, addressOf(thresholds, 0), missing, addressOf(bytes, from));
    },
    gather(pairs, { rows, start, end }, into) {
      wasm.gather(addressOf(pairs, 0), addressOf(rows, start), addressOf(rows, end), addressOf(into, 2 * start));
    },
    countLeft(matrix, { rows, start, end }, { feature, bin, missing }) {
      return wasm.countLeft(bytesOf(matrix, feature), addressOf(rows, start), addressOf(rows, end), bin, missing);
    },
    scatter(matrix, { rows, start, end }, { feature, bin, missing }, into, left, right) {
      const ended = wasm.scatter(
        bytesOf(matrix, feature),
        addressOf(rows, start),
        addressOf(rows, end),
        bin,
        missing,
        addressOf(into, left),
        addressOf(into, right),
      );
      return ((ended >>> 0) - into.byteOffset) / into.BYTES_PER_ELEMENT;
    },
  };
}

const bytesOfBin = 16;

export const scriptKernels: Kernels = {
  clear(histogram, at, length) {
    histogram.fill(0, at, at + length);
  },
  addRows(histogram, at, { words, rows: count }, quad, { rows, start, end }, pairs) {
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
  },
  addRowsOfFeature(histogram, matrix, feature, { rows, start, end }, pairs) {
    const { bytes } = matrix;
    const from = byteOf(matrix, feature);
    for (let index = start; index < end; index++) {
      const bin = 2 * bytes[from + 4 * rows[index]!]!;
      histogram[bin]! += pairs[2 * index]!;
      histogram[bin + 1]! += pairs[2 * index + 1]!;
    }
  },
  subtract(histogram, whole, part, length) {
    for (let index = 0; index < length; index++) histogram[whole + index]! -= histogram[part + index]!;
  },
  scan: scanBins,
  bins(values, count, thresholds, missing, bytes, from) {
    for (let index = 0, at = from; index < count; index++, at += 4) {
      const value = values[index]!;
      bytes[at] = Number.isNaN(value) ? missing : binOf(thresholds, value);
    }
  },
  gather(pairs, { rows, start, end }, into) {
    for (let index = start; index < end; index++) {
      const row = rows[index]!;
      into[2 * index] = pairs[2 * row]!;
      into[2 * index + 1] = pairs[2 * row + 1]!;
    }
  },
  countLeft(matrix, { rows, start, end }, { feature, bin, missing }) {
    const { bytes } = matrix;
    const from = byteOf(matrix, feature);
    let count = 0;
    for (let index = start; index < end; index++) {
      const its = bytes[from + 4 * rows[index]!]!;
      if (its <= bin || its === missing) count++;
    }
    return count;
  },
  scatter(matrix, { rows, start, end }, { feature, bin, missing }, into, left, right) {
    const { bytes } = matrix;
    const from = byteOf(matrix, feature);
    for (let index = start; index < end; index++) {
      const row = rows[index]!;
      const its = bytes[from + 4 * row]!;
      if (its <= bin || its === missing) into[left++] = row;
      else into[right++] = row;
    }
    return left;
  },
};
