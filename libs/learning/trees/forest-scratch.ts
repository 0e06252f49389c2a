import { mostBins } from './binned-matrix.js';
import type { SharedArrays } from './shared.js';
import { numbersOfFound } from './split.js';
import type { KernelMemory } from './wasm.js';

/** What one thread writes while it grows a forest's trees, where the kernels work. */
export interface ForestScratch {
  /** Where all arrays lie, the matrix too; null: each on its own. */
  readonly memory: KernelMemory | null;
  /** Row numbers; the rows of a node stand together, in one of the two: a split writes them from one into the other. */
  readonly order: readonly [Uint32Array, Uint32Array];
  /** Of the tree, by row: target and mass on the grid, as often as the row was drawn. Empty where classes are counted. */
  readonly pairs: Float64Array;
  /** The same at the positions of the node's rows. */
  readonly ordered: Float64Array;
  readonly histogram: Float64Array;
  readonly found: Float64Array;
}

/**
 * One for each of so many threads.
 * @param matrixRows rows of the matrix; `rows` of them are trained on.
 */
export function forestScratches(
  arrays: SharedArrays,
  threads: number,
  matrixRows: number,
  rows: number,
  isPaired: boolean,
): readonly ForestScratch[] {
  const scratches = Array.from({ length: threads }, () => ({
    order: [arrays.integers(rows), arrays.integers(rows)] as const,
    pairs: arrays.floats(isPaired ? 2 * matrixRows : 0),
    ordered: arrays.floats(isPaired ? 2 * rows : 0),
    histogram: arrays.floats(2 * mostBins),
    found: arrays.floats(numbersOfFound),
  }));
  return scratches.map((scratch) => ({ ...scratch, memory: arrays.memory }));
}
