import type { BinnedMatrix } from './binned-matrix.js';
import { featureAt } from './histogram.js';
import type { SharedArrays } from './shared.js';
import { numbersOfFound } from './split.js';
import type { KernelMemory } from './wasm.js';

/** Everything that growing a tree of boosting reads and writes, in memory that threads share. */
export interface Workspace {
  /** Where all arrays lie; null: each on its own. */
  readonly memory: KernelMemory | null;
  readonly matrix: BinnedMatrix;
  readonly target: Float64Array;
  /** null: every row counts 1. */
  readonly weights: Float64Array | null;
  /** Of each class, of each row: what the trees before add up to. */
  readonly scores: Float64Array;
  /** Gradient and mass of each row, on the grid. */
  readonly pairs: Float64Array;
  /** Row numbers; the rows of a leaf stand together, in one of the two: a split writes them from one into the other. */
  readonly order: readonly [Uint32Array, Uint32Array];
  /** Pairs of the rows at the same positions of `order`, of leaves whose histogram is to be built. */
  readonly ordered: Float64Array;
  /** Places for histograms, each of all features. */
  readonly histograms: Float64Array;
  readonly histogramLength: number;
  /** The best split of each feature, of one node and of the other. */
  readonly found: Float64Array;
  /** Rows that go left, by block; then where the block's left rows begin. */
  readonly blocks: Uint32Array;
  /** Leaves of the grown tree: first row, end, which of `order`, value. */
  readonly leaves: Float64Array;
  /** Softmax: of each class, of each row, the probability at the beginning of the round. */
  readonly probabilities: Float64Array | null;
  /** What a step is to do: its whole arguments. Of float64, they would make a loop that counts with them slow. */
  readonly whole: Int32Array;
  /** Its other arguments. */
  readonly real: Float64Array;
}

/** Rows of a block: small enough for the cache, large enough to be worth a turn of its own. */
export const blockRows = 8192;

export const numbersOfLeaf = 4;

/** Bytes that histograms may take. A leaf whose histogram finds no place is counted anew when it is split. */
const mostHistogramBytes = 64 * 2 ** 20;

/**
 * @param arrays of the matrix too.
 * @param rows at most so many are trained on.
 */
export function workspaceFor(
  arrays: SharedArrays,
  matrix: BinnedMatrix,
  target: Float64Array,
  weights: Float64Array | null,
  trees: number,
  rows: number,
  maxLeaves: number,
): Workspace {
  const histogramLength = featureAt(matrix.quads * 4);
  const places = Math.min(maxLeaves, Math.floor(mostHistogramBytes / (histogramLength * 8)));
  const own = {
    matrix,
    target: arrays.copyOf(target),
    weights: weights === null ? null : arrays.copyOf(weights),
    scores: arrays.floats(trees * matrix.rows),
    pairs: arrays.floats(2 * matrix.rows),
    order: [arrays.integers(rows), arrays.integers(rows)] as const,
    ordered: arrays.floats(2 * rows),
    histograms: arrays.floats(Math.max(places, 3) * histogramLength),
    histogramLength,
    found: arrays.floats(2 * matrix.features * numbersOfFound),
    blocks: arrays.integers(Math.ceil(rows / blockRows) + 1),
    leaves: arrays.floats(maxLeaves * numbersOfLeaf),
    probabilities: trees > 1 ? arrays.floats(trees * matrix.rows) : null,
    whole: new Int32Array(new SharedArrayBuffer(64)),
    real: arrays.floats(16),
  };
  return { ...own, memory: arrays.memory };
}
