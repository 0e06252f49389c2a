import type { RandomForest } from '#libs/contracts/index.js';
import { Random } from '../random.js';
import { byteOf, missingBin, type BinnedMatrix } from './binned-matrix.js';
import type { ForestScratch } from './forest-scratch.js';
import { kernelsFor, type Kernels, type RowsAt } from './kernels.js';
import { statisticFor, type NodeStatistic } from './node-statistic.js';
import { mostRankedRows, RankedNode } from './ranked-node.js';
import { found as its, missingGoes } from './split.js';
import { TreeBuilder, type BinnedTree, type NodeTest } from './tree.js';

/** What every tree of a forest is grown from; its arrays are shared by threads. */
export interface ForestTask {
  readonly matrix: BinnedMatrix;
  /** Values by feature, for small nodes; null: these are split by bins too. */
  readonly columns: readonly Float32Array[] | null;
  readonly target: Float64Array;
  /** null: every row counts 1. */
  readonly weights: Float64Array | null;
  /** 0: a regression. */
  readonly classes: number;
  /** Rows that are trained on. */
  readonly rows: Uint32Array;
  readonly parameters: RandomForest;
  readonly seed: number;
}

interface Node {
  readonly number: number;
  readonly depth: number;
  /** Its rows, in one of the two orders. */
  readonly start: number;
  readonly end: number;
  readonly side: number;
}

/** The best test of a node, until it is known where what is missing later goes. */
interface Found extends NodeTest {
  readonly missing: number;
  /** Sought between the node's own values: `bin` says nothing. */
  readonly isRanked: boolean;
  threshold: number;
  bin: number;
  missingLeft: boolean;
}

const streamOfTree = 0x74726565;

/**
 * Grows trees of a random forest (Breiman 2001), each from a bootstrap of its own and with features drawn anew at every
 * node: CART over histograms, in small nodes over their own values, by Gini impurity or variance. A grower serves one thread; a tree depends on its number and
 * the seed alone.
 */
export class ForestGrower {
  readonly #kernels: Kernels;
  readonly #counts: Uint16Array;
  readonly #features: Uint32Array;
  readonly #tried: number;
  readonly #statistic: NodeStatistic;
  readonly #ranked = new RankedNode();

  constructor(
    private readonly task: ForestTask,
    private readonly scratch: ForestScratch,
  ) {
    const { matrix, parameters, classes } = task;
    this.#counts = new Uint16Array(matrix.rows);
    this.#features = new Uint32Array(matrix.features);
    this.#tried = featuresTried(parameters.max_features ?? (classes === 0 ? 1 : 'sqrt'), matrix.features);
    this.#statistic = statisticFor(task, scratch);
    this.#kernels = kernelsFor(scratch.memory);
  }

  grow(tree: number): BinnedTree {
    const random = new Random(this.task.seed, streamOfTree, tree);
    const builder = new TreeBuilder(this.#statistic.width);
    for (let feature = 0; feature < this.#features.length; feature++) this.#features[feature] = feature;
    const stack: Node[] = [{ number: builder.root, depth: 0, start: 0, end: this.#draw(random), side: 0 }];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      const { number, depth, start, end, side } = node;
      const isPure = this.#statistic.take({ rows: this.scratch.order[side]!, start, end });
      const test = !isPure && this.#mayBeSplit(node) ? this.#bestTest(node, random) : null;
      if (test === null) {
        builder.leaf(number, this.#statistic.values());
        continue;
      }
      const middle = this.#partition(node, test);
      if (test.missing === missingGoes.none) test.missingLeft = middle - start > end - middle;
      const [left, right] = builder.split(number, test);
      // Written out: with spread fields they take as long as all the sums.
      stack.push({ number: right, depth: depth + 1, start: middle, end, side: 1 - side });
      stack.push({ number: left, depth: depth + 1, start, end: middle, side: 1 - side });
    }
    return builder.built();
  }

  /** As many rows as there are, with replacement, or every one once. Gives how many different ones. */
  #draw(random: Random): number {
    const { rows, parameters } = this.task;
    const counts = this.#counts.fill(0);
    if (!parameters.bootstrap) for (const row of rows) counts[row] = 1;
    else for (let drawn = 0; drawn < rows.length; drawn++) counts[rows[random.below(rows.length)]!]!++;
    let end = 0;
    const [order] = this.scratch.order;
    for (const row of rows) if (counts[row]! > 0) order[end++] = row;
    this.#statistic.begin(counts);
    return end;
  }

  #mayBeSplit({ depth, start, end }: Node): boolean {
    const { max_depth, min_samples_split, min_samples_leaf } = this.task.parameters;
    return depth < (max_depth ?? Infinity) && end - start >= Math.max(min_samples_split, 2 * min_samples_leaf);
  }

  /** Of the features drawn; where none of them splits the node, more are drawn until one does. */
  #bestTest(node: Node, random: Random): Found | null {
    const features = this.#features;
    const { found } = this.scratch;
    const columns = node.end - node.start <= mostRankedRows ? this.task.columns : null;
    let best: Found | null = null;
    for (let tried = 0; tried < features.length && (tried < this.#tried || best === null); tried++) {
      const drawn = tried + random.below(features.length - tried);
      const feature = features[drawn]!;
      features[drawn] = features[tried]!;
      features[tried] = feature;
      if (columns === null) this.#statistic.split(feature);
      else this.#splitRanked(columns[feature]!, node);
      const gain = found[its.gain]!;
      if (gain <= (best?.gain ?? 0)) continue;
      const bin = found[its.bin]!;
      const missing = found[its.missing]!;
      const isRanked = columns !== null;
      const threshold = isRanked ? this.#ranked.thresholdBehind(bin) : 0;
      best = { feature, threshold, bin, gain, missing, isRanked, missingLeft: missing === missingGoes.left };
    }
    if (best !== null && !best.isRanked) this.#placeThreshold(node, best);
    return best;
  }

  #splitRanked(column: Float32Array, { start, end, side }: Node): void {
    this.#ranked.rank(column, { rows: this.scratch.order[side]!, start, end });
    this.#statistic.splitRanked(this.#ranked);
  }

  /** In the middle of the bins that no row of the node is in, as it would be between two values. */
  #placeThreshold({ start, end, side }: Node, test: Found): void {
    const { matrix } = this.task;
    const rows = this.scratch.order[side]!;
    const from = byteOf(matrix, test.feature);
    const missing = missingBin(matrix, test.feature);
    let next = missing;
    for (let index = start; index < end; index++) {
      const bin = matrix.bytes[from + 4 * rows[index]!]!;
      if (bin > test.bin && bin < next) next = bin;
    }
    // Behind the last bin with rows is nothing but missing values.
    if (next < missing) test.bin = (test.bin + next - 1) >>> 1;
    test.threshold = next < missing ? matrix.thresholds[test.feature]![test.bin]! : Infinity;
  }

  /** Rows that go left from `start` on, the others behind them. Gives where these begin. */
  #partition({ start, end, side }: Node, found: Found): number {
    const { matrix } = this.task;
    const { order } = this.scratch;
    const rows: RowsAt = { rows: order[side]!, start, end };
    const { feature, bin, missingLeft } = found;
    if (found.isRanked) return partitionByValue(this.task.columns![feature]!, rows, found, order[1 - side]!);
    const test = { feature, bin, missing: missingLeft ? missingBin(matrix, feature) : -1 };
    const right = start + this.#kernels.countLeft(matrix, rows, test);
    return this.#kernels.scatter(matrix, rows, test, order[1 - side]!, start, right);
  }
}

function partitionByValue(
  column: Float32Array,
  { rows, start, end }: RowsAt,
  { threshold, missingLeft }: NodeTest,
  into: Uint32Array,
): number {
  let left = start;
  let right = end;
  for (let index = start; index < end; index++) {
    const value = column[rows[index]!]!;
    if (value <= threshold || (missingLeft && Number.isNaN(value))) into[left++] = rows[index]!;
  }
  const middle = left;
  for (let index = end - 1; right > middle; index--) {
    const value = column[rows[index]!]!;
    if (!(value <= threshold || (missingLeft && Number.isNaN(value)))) into[--right] = rows[index]!;
  }
  return middle;
}

function featuresTried(rule: NonNullable<RandomForest['max_features']>, features: number): number {
  const tried = rule === 'sqrt' ? Math.sqrt(features) : rule === 'log2' ? Math.log2(features) : rule * features;
  return Math.max(1, Math.floor(tried));
}
