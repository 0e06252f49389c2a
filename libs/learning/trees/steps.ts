import { missingBin } from './binned-matrix.js';
import type { Crew, Perform } from './crew.js';
import { featureAt, numbersOfQuad } from './histogram.js';
import { kernelsFor, type BinTest, type Kernels, type RowsAt } from './kernels.js';
import { writeGradients, writeProbabilities, type LossName } from './losses.js';
import { findSplit, numbersOfFound, type SplitRules } from './split.js';
import type { Grid } from './sums.js';
import { blockRows, numbersOfLeaf, type Workspace } from './workspace.js';

/** Rows of a node: they stand at [start, end) of one of the two orders. */
export interface NodeRows {
  readonly start: number;
  readonly end: number;
  readonly side: number;
}

/** The test of a node: its rows of bins 0 to `bin` go left. */
export interface Test {
  readonly feature: number;
  readonly bin: number;
  readonly missingLeft: boolean;
}

/** A node's histogram, and what its best splits are sought with. */
export interface Searched {
  readonly rows: NodeRows;
  readonly place: number;
  readonly gradient: number;
  readonly mass: number;
  /** No split is sought where it may not be split. */
  readonly seek: boolean;
}

/**
 * The steps of boosting that a crew shares: each writes what it is asked for into the workspace's arguments, from which
 * any thread's `performer` reads it.
 */
export class Steps {
  constructor(
    readonly workspace: Workspace,
    private readonly crew: Crew,
  ) {}

  /** Gradients and masses of every row for the tree of one class. */
  gradients(tree: number, grid: Grid): void {
    const { matrix, whole, real } = this.workspace;
    whole[0] = tree;
    real.set([grid.gradientScale, grid.hessianScale, grid.one]);
    this.crew.run(code.gradients, Math.ceil(matrix.rows / blockRows));
  }

  /** Of every row, at the beginning of a round. */
  probabilities(): void {
    this.crew.run(code.probabilities, Math.ceil(this.workspace.matrix.rows / blockRows));
  }

  /**
   * Rows of a node into the other order, those that go left first, each in the order that they had.
   * @param left rows that go left.
   */
  partition({ start, end, side }: NodeRows, { feature, bin, missingLeft }: Test, left: number): void {
    const { blocks, whole } = this.workspace;
    const rows = end - start;
    const ofBlock = this.crew.isOne ? rows : blockRows;
    whole.set([start, end, side, feature, bin, missingLeft ? 1 : 0, left, ofBlock]);
    const count = Math.ceil(rows / ofBlock);
    blocks[0] = 0;
    if (count > 1) {
      this.crew.run(code.countLeft, count);
      let before = 0;
      for (let block = 0; block < count; block++) {
        const its = blocks[block]!;
        blocks[block] = before;
        before += its;
      }
    }
    this.crew.run(code.scatter, count);
    const gone = blocks[count - 1]!;
    if (gone !== left) throw new Error(`the histogram sends ${left} rows left, their bins ${gone}`);
  }

  /** Pairs of a node's rows to the positions of its rows. */
  gather({ start, end, side }: NodeRows): void {
    this.workspace.whole.set([start, end, side]);
    this.crew.run(code.gather, Math.ceil((end - start) / blockRows));
  }

  /**
   * Histograms and best splits, by feature into `found`: of `first`, whose rows are gathered; and of `second`, whose place
   * holds their parent's histogram, which becomes its own.
   */
  search(first: Searched, second: Searched | null, grid: Grid, rules: SplitRules): void {
    const { matrix, whole, real } = this.workspace;
    const { start, end, side } = first.rows;
    whole.set([
      start,
      end,
      side,
      rules.minRows,
      first.place,
      first.seek ? 1 : 0,
      second === null ? none : second.place,
    ]);
    whole[7] = second?.seek === true ? 1 : 0;
    real.set([grid.gradientScale, grid.hessianScale, grid.one, rules.l2, first.gradient, first.mass]);
    if (second !== null) real.set([second.gradient, second.mass], 6);
    this.crew.run(code.search, matrix.quads);
  }

  /** Adds its value to the score of every row of each leaf, as `leaves` has them. */
  addValues(tree: number, leaves: number): void {
    this.workspace.whole[0] = tree;
    this.crew.run(code.addValues, leaves);
  }
}

const none = -1;

const code = { gradients: 0, probabilities: 1, countLeft: 2, scatter: 3, gather: 4, search: 5, addValues: 6 } as const;

/** Does items of steps, in whatever thread. */
export function performer(workspace: Workspace, loss: LossName): Perform {
  const kernels = kernelsFor(workspace.memory);
  const perform = [
    (item: number) => {
      gradientsOf(workspace, loss, item);
    },
    (item: number) => {
      writeProbabilities(workspace, item * blockRows, Math.min((item + 1) * blockRows, workspace.matrix.rows));
    },
    (item: number) => {
      countLeft(workspace, kernels, item);
    },
    (item: number) => {
      scatter(workspace, kernels, item);
    },
    (item: number) => {
      gather(workspace, kernels, item);
    },
    (item: number) => {
      search(workspace, kernels, item);
    },
    (item: number) => {
      addValue(workspace, item);
    },
  ];
  return (step, item) => {
    perform[step]!(item);
  };
}

function gradientsOf(workspace: Workspace, loss: LossName, block: number): void {
  const { matrix, whole, real } = workspace;
  const grid = { gradientScale: real[0]!, hessianScale: real[1]!, one: real[2]! };
  const start = block * blockRows;
  writeGradients(workspace, loss, whole[0]!, grid, start, Math.min(start + blockRows, matrix.rows));
}

/** The rows of a block, and the test, of `partition`. */
function blockOf({ matrix, order, whole }: Workspace, block: number): [RowsAt, BinTest] {
  const start = whole[0]! + block * whole[7]!;
  const end = Math.min(start + whole[7]!, whole[1]!);
  const feature = whole[3]!;
  const missing = whole[5] === 1 ? missingBin(matrix, feature) : none;
  return [
    { rows: order[whole[2]!]!, start, end },
    { feature, bin: whole[4]!, missing },
  ];
}

function countLeft(workspace: Workspace, kernels: Kernels, block: number): void {
  workspace.blocks[block] = kernels.countLeft(workspace.matrix, ...blockOf(workspace, block));
}

/** Leaves how many rows of this and earlier blocks went left. */
function scatter(workspace: Workspace, kernels: Kernels, block: number): void {
  const { matrix, order, blocks, whole } = workspace;
  const [rows, test] = blockOf(workspace, block);
  const left = whole[0]! + blocks[block]!;
  const right = rows.start + whole[6]! - blocks[block]!;
  blocks[block] = kernels.scatter(matrix, rows, test, order[1 - whole[2]!]!, left, right) - whole[0]!;
}

function gather({ order, pairs, ordered, whole }: Workspace, kernels: Kernels, block: number): void {
  const start = whole[0]! + block * blockRows;
  const end = Math.min(start + blockRows, whole[1]!);
  kernels.gather(pairs, { rows: order[whole[2]!]!, start, end }, ordered);
}

function search(workspace: Workspace, kernels: Kernels, quad: number): void {
  const { matrix, order, ordered, histograms, histogramLength, whole, real } = workspace;
  const from = quad * numbersOfQuad;
  const first = whole[4]! * histogramLength + from;
  kernels.clear(histograms, first, numbersOfQuad);
  const rows = { rows: order[whole[2]!]!, start: whole[0]!, end: whole[1]! };
  kernels.addRows(histograms, first, matrix, quad, rows, ordered);
  if (whole[5] === 1) seek(workspace, kernels, quad, whole[4]!, 0, real[4]!, real[5]!);
  if (whole[6] === none) return;
  kernels.subtract(histograms, whole[6]! * histogramLength + from, first, numbersOfQuad);
  if (whole[7] === 1) seek(workspace, kernels, quad, whole[6]!, 1, real[6]!, real[7]!);
}

function seek(
  workspace: Workspace,
  kernels: Kernels,
  quad: number,
  place: number,
  node: number,
  gradient: number,
  mass: number,
): void {
  const { matrix, histograms, histogramLength, found, whole, real } = workspace;
  const grid = { gradientScale: real[0]!, hessianScale: real[1]!, one: real[2]! };
  const rules = { minRows: whole[3]!, l2: real[3]! };
  for (let feature = 4 * quad; feature < Math.min(4 * quad + 4, matrix.features); feature++) {
    const bins = matrix.thresholds[feature]!.length + 1;
    const at = place * histogramLength + featureAt(feature);
    const to = (node * matrix.features + feature) * numbersOfFound;
    findSplit(kernels.scan, histograms, at, bins, gradient, mass, grid, rules, found, to);
  }
}

function addValue({ matrix, order, scores, leaves, whole }: Workspace, leaf: number): void {
  const at = leaf * numbersOfLeaf;
  const rows = order[leaves[at + 2]!]!;
  const start = leaves[at]! | 0;
  const end = leaves[at + 1]! | 0;
  const value = leaves[at + 3]!;
  const from = whole[0]! * matrix.rows;
  for (let index = start; index < end; index++) scores[from + rows[index]!]! += value;
}
