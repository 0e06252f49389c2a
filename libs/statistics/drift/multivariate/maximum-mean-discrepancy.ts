import { permutationTest, type PermutationOutcome } from '../permutation/permutation-test.js';
import { largestOf, scaleOf } from '../../scaled-moments.js';
import { Random } from '../../random.js';
import type { Matrix } from './rows.js';

export interface MmdOptions {
  /** Of the permutations, and of the rows where there are more than `mostRows`. */
  readonly seed: number;
  /** 499 unless told; their share or tail is the p-value. */
  readonly permutations?: number;
  /** Of either side that are compared, 300 unless told: the kernel is a table of all pairs. */
  readonly mostRows?: number;
  /** σ of the kernel exp(−‖x − y‖² / 2σ²); the median distance between the rows unless told. */
  readonly bandwidth?: number;
}

export interface MmdOutcome {
  /** The unbiased estimate of MMD², which can be below 0. */
  readonly statistic: number;
  readonly pValue: number;
  readonly pValueBy: PermutationOutcome['by'];
  readonly bandwidth: number;
}

/**
 * Maximum mean discrepancy of two samples of rows under a Gaussian kernel (Gretton et al. 2012, equation 3, bandwidth
 * by their median heuristic), its p-value by permutations of the kernel matrix. It sees any difference of two
 * distributions given rows enough, correlations too; columns should be scaled alike. O(mostRows²·(width +
 * permutations)).
 *
 * @throws RangeError for fewer than 2 rows, different widths, values that are not finite, options out of range.
 */
export function maximumMeanDiscrepancy(reference: Matrix, window: Matrix, options: MmdOptions): MmdOutcome {
  const { seed, permutations = 499, mostRows = 300 } = options;
  check(reference, window, options.bandwidth, permutations, mostRows);
  const drawn = [...drawnRows(reference, mostRows, seed, 0), ...drawnRows(window, mostRows, seed, 1)];
  const scale = scaleOf(drawn.reduce((largest, row) => Math.max(largest, largestOf(row)), 0)) || 1;
  const pooled = drawn.map((row) => row.map((value) => value / scale));
  const ofReference = Math.min(reference.rows, mostRows);
  const squares = squaredDistances(pooled);
  const bandwidth = options.bandwidth === undefined ? medianDistance(squares) : options.bandwidth / scale;
  const kernel = new Kernel(squares, pooled.length, bandwidth);
  const order = Uint32Array.from(pooled, (_, row) => row);
  const statistic = kernel.discrepancy(order, ofReference);
  const random = new Random(seed, 2);
  const { pValue, by } = permutationTest(statistic, permutations, () => {
    shuffle(order, random);
    return kernel.discrepancy(order, ofReference);
  });
  return { statistic, pValue, pValueBy: by, bandwidth: bandwidth * scale };
}

function check(
  reference: Matrix,
  window: Matrix,
  bandwidth: number | undefined,
  permutations: number,
  mostRows: number,
): void {
  if (reference.width !== window.width) {
    throw new RangeError(`window: expected ${reference.width} columns as the reference, got ${window.width}`);
  }
  for (const [name, side] of [
    ['reference', reference],
    ['window', window],
  ] as const) {
    if (side.rows < 2) throw new RangeError(`${name}: expected 2 rows or more, got ${side.rows}`);
    if (!side.values.every(Number.isFinite)) throw new RangeError(`${name}: expected finite values`);
  }
  if (bandwidth !== undefined && !(bandwidth > 0 && bandwidth < Infinity)) {
    throw new RangeError(`bandwidth: expected a finite number above 0, got ${bandwidth}`);
  }
  if (!(Number.isInteger(permutations) && permutations >= 1)) {
    throw new RangeError(`permutations: expected 1 or more, got ${permutations}`);
  }
  if (!(Number.isInteger(mostRows) && mostRows >= 2))
    throw new RangeError(`mostRows: expected 2 or more, got ${mostRows}`);
}

function drawnRows({ rows, width, values }: Matrix, most: number, seed: number, stream: number): Float64Array[] {
  const order = Uint32Array.from({ length: rows }, (_, row) => row);
  if (rows > most) shuffle(order, new Random(seed, stream));
  return Array.from(order.subarray(0, most), (row) => values.subarray(row * width, (row + 1) * width));
}

/** The upper triangle, row after row. */
function squaredDistances(rows: readonly Float64Array[]): Float64Array {
  const squares = new Float64Array((rows.length * (rows.length - 1)) / 2);
  let at = 0;
  for (let i = 0; i < rows.length; i++) {
    for (let j = i + 1; j < rows.length; j++) {
      const [a, b] = [rows[i]!, rows[j]!];
      let sum = 0;
      for (let column = 0; column < a.length; column++) sum += (a[column]! - b[column]!) ** 2;
      squares[at++] = sum;
    }
  }
  return squares;
}

/** Of pairs that differ: a column that is mostly one value has a median of 0, which is no scale. */
function medianDistance(squares: Float64Array): number {
  const apart = squares.filter((square) => square > 0).sort();
  if (apart.length === 0) return 0;
  const middle = apart.length / 2;
  const [low, high] = [apart[Math.ceil(middle) - 1]!, apart[Math.floor(middle)]!];
  return (Math.sqrt(low) + Math.sqrt(high)) / 2;
}

class Kernel {
  readonly #size: number;
  /** Full and symmetric, its diagonal 0: a row is no pair with itself. */
  readonly #values: Float64Array;
  readonly #rowSums: Float64Array;
  readonly #total: number;

  constructor(squares: Float64Array, size: number, bandwidth: number) {
    this.#size = size;
    this.#values = new Float64Array(size * size);
    this.#rowSums = new Float64Array(size);
    let at = 0;
    for (let i = 0; i < size; i++) {
      for (let j = i + 1; j < size; j++) {
        const square = squares[at++]!;
        // In this order a bandwidth that is tiny beside the distances leaves 0, and never 0 times infinity.
        const value = square === 0 ? 1 : Math.exp(-square / bandwidth / bandwidth / 2);
        this.#values[i * size + j] = value;
        this.#values[j * size + i] = value;
        this.#rowSums[i]! += value;
        this.#rowSums[j]! += value;
      }
    }
    this.#total = this.#rowSums.reduce((sum, row) => sum + row, 0);
  }

  /**
   * Of the first `first` rows of the order against the others: only pairs within one side are summed, the rest follows.
   */
  discrepancy(order: Uint32Array, first: number): number {
    const second = this.#size - first;
    let within = 0;
    let touching = 0;
    for (let i = first; i < this.#size; i++) {
      const row = order[i]! * this.#size;
      touching += this.#rowSums[order[i]!]!;
      for (let j = first; j < i; j++) within += this.#values[row + order[j]!]!;
    }
    const ofSecond = 2 * within;
    const across = touching - ofSecond;
    const ofFirst = this.#total - 2 * across - ofSecond;
    return ofFirst / (first * (first - 1)) + ofSecond / (second * (second - 1)) - (2 * across) / (first * second);
  }
}

function shuffle(order: Uint32Array, random: Random): void {
  for (let last = order.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const item = order[last]!;
    order[last] = order[other]!;
    order[other] = item;
  }
}
