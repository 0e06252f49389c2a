import { byteOf, missingBin, type BinnedMatrix } from './binned-matrix.js';

/**
 * A grown tree. Node 0 is the root; a node goes to `left` where `value <= threshold` in float32, or where there is no value
 * and `missingLeft` says so. A leaf has feature −1 and its number in `left`; `values` has `width` numbers for each leaf.
 */
export interface Tree {
  readonly feature: Int32Array;
  readonly threshold: Float32Array;
  readonly missingLeft: Uint8Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly values: Float32Array;
}

export interface NodeTest {
  readonly feature: number;
  readonly threshold: number;
  readonly bin: number;
  readonly missingLeft: boolean;
  readonly gain: number;
}

/** A tree as it is grown: its tests by bins too, and what they gained. */
export interface BinnedTree extends Tree {
  readonly bin: Uint8Array;
  readonly gain: Float64Array;
}

/** A tree while it grows. A node is a leaf until it is split. */
export class TreeBuilder {
  readonly #feature: number[] = [];
  readonly #threshold: number[] = [];
  readonly #bin: number[] = [];
  readonly #gain: number[] = [];
  readonly #missingLeft: number[] = [];
  readonly #left: number[] = [];
  readonly #right: number[] = [];
  readonly #values: number[] = [];

  constructor(private readonly width: number) {
    this.#add();
  }

  get root(): number {
    return 0;
  }

  /** Gives the numbers of the two children. */
  split(node: number, test: NodeTest): readonly [left: number, right: number] {
    const left = this.#add();
    const right = this.#add();
    this.#feature[node] = test.feature;
    this.#threshold[node] = test.threshold;
    this.#bin[node] = test.bin;
    this.#gain[node] = test.gain;
    this.#missingLeft[node] = test.missingLeft ? 1 : 0;
    this.#left[node] = left;
    this.#right[node] = right;
    return [left, right];
  }

  /** Of a node that is not split any more: once for each. */
  leaf(node: number, values: ArrayLike<number>): void {
    this.#left[node] = this.#values.length / this.width;
    for (let index = 0; index < this.width; index++) this.#values.push(values[index]!);
  }

  built(): BinnedTree {
    return {
      feature: Int32Array.from(this.#feature),
      threshold: Float32Array.from(this.#threshold),
      bin: Uint8Array.from(this.#bin),
      gain: Float64Array.from(this.#gain),
      missingLeft: Uint8Array.from(this.#missingLeft),
      left: Int32Array.from(this.#left),
      right: Int32Array.from(this.#right),
      values: Float32Array.from(this.#values),
    };
  }

  #add(): number {
    this.#feature.push(leafFeature);
    this.#threshold.push(0);
    this.#bin.push(0);
    this.#gain.push(0);
    this.#missingLeft.push(0);
    this.#left.push(0);
    this.#right.push(0);
    return this.#feature.length - 1;
  }
}

const leafFeature = -1;

/** The leaf of a row. */
export function leafOf(tree: Tree, columns: readonly Float32Array[], row: number): number {
  const { feature, threshold, missingLeft, left, right } = tree;
  let node = 0;
  for (;;) {
    const tested = feature[node]!;
    if (tested < 0) return left[node]!;
    const value = columns[tested]![row]!;
    // NaN is below nothing.
    const goesLeft = value <= threshold[node]! || (missingLeft[node] === 1 && Number.isNaN(value));
    node = goesLeft ? left[node]! : right[node]!;
  }
}

/** As `leafOf`, of a row that is binned. */
export function leafOfBins(tree: BinnedTree, matrix: BinnedMatrix, row: number): number {
  const { feature, bin, missingLeft, left, right } = tree;
  let node = 0;
  for (;;) {
    const tested = feature[node]!;
    if (tested < 0) return left[node]!;
    const its = matrix.bytes[byteOf(matrix, tested) + 4 * row]!;
    const isMissing = its === missingBin(matrix, tested);
    const goesLeft = isMissing ? missingLeft[node] === 1 : its <= bin[node]!;
    node = goesLeft ? left[node]! : right[node]!;
  }
}

/** By feature, the gain of all tests. */
export function gainsOf(trees: readonly BinnedTree[], features: number): Float64Array {
  const gains = new Float64Array(features);
  for (const { feature, gain } of trees) {
    for (let node = 0; node < feature.length; node++) {
      if (feature[node]! >= 0) gains[feature[node]!]! += gain[node]!;
    }
  }
  return gains;
}
