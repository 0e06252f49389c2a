import type { RandomForest } from '#libs/contracts/index.js';
import { Random } from '../random.js';
import { byteOf, missingBin, type BinnedMatrix } from './binned-matrix.js';
import { statisticFor, type NodeStatistic } from './node-statistic.js';
import { found as its, missingGoes, numbersOfFound } from './split.js';
import { TreeBuilder, type BinnedTree, type NodeTest } from './tree.js';

/** What every tree of a forest is grown from; its arrays are shared by threads. */
export interface ForestTask {
  readonly matrix: BinnedMatrix;
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

const streamOfTree = 0x74726565;

/**
 * Grows trees of a random forest (Breiman 2001), each from a bootstrap of its own and with features drawn anew at every
 * node: CART over histograms, by Gini impurity or variance. A grower serves one thread; a tree depends on its number and
 * the seed alone.
 */
export class ForestGrower {
  readonly #order: readonly [Uint32Array, Uint32Array];
  readonly #counts: Uint16Array;
  readonly #features: Uint32Array;
  readonly #tried: number;
  readonly #found = new Float64Array(numbersOfFound);
  readonly #statistic: NodeStatistic;

  constructor(private readonly task: ForestTask) {
    const { matrix, rows, parameters, classes } = task;
    this.#order = [new Uint32Array(rows.length), new Uint32Array(rows.length)];
    this.#counts = new Uint16Array(matrix.rows);
    this.#features = new Uint32Array(matrix.features);
    this.#tried = featuresTried(parameters.max_features ?? (classes === 0 ? 1 : 'sqrt'), matrix.features);
    this.#statistic = statisticFor(task);
  }

  grow(tree: number): BinnedTree {
    const random = new Random(this.task.seed, streamOfTree, tree);
    const builder = new TreeBuilder(this.#statistic.width);
    for (let feature = 0; feature < this.#features.length; feature++) this.#features[feature] = feature;
    const stack: Node[] = [{ number: builder.root, depth: 0, start: 0, end: this.#draw(random), side: 0 }];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      const { number, depth, start, end, side } = node;
      const isPure = this.#statistic.take(this.#order[side]!, this.#counts, start, end);
      const test = !isPure && this.#mayBeSplit(node) ? this.#bestTest(random) : null;
      if (test === null) {
        builder.leaf(number, this.#statistic.values());
        continue;
      }
      const middle = this.#partition(node, test);
      const missingLeft = test.missing === missingGoes.none ? middle - start > end - middle : test.missingLeft;
      const [left, right] = builder.split(number, { ...test, missingLeft });
      const child = { depth: depth + 1, side: 1 - side };
      stack.push({ ...child, number: right, start: middle, end }, { ...child, number: left, start, end: middle });
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
    for (const row of rows) if (counts[row]! > 0) this.#order[0][end++] = row;
    return end;
  }

  #mayBeSplit({ depth, start, end }: Node): boolean {
    const { max_depth, min_samples_split, min_samples_leaf } = this.task.parameters;
    return depth < (max_depth ?? Infinity) && end - start >= Math.max(min_samples_split, 2 * min_samples_leaf);
  }

  /** Of the features drawn; where none of them splits the node, more are drawn until one does. */
  #bestTest(random: Random): (NodeTest & { readonly missing: number }) | null {
    const features = this.#features;
    const found = this.#found;
    let best: (NodeTest & { readonly missing: number }) | null = null;
    for (let tried = 0; tried < features.length && (tried < this.#tried || best === null); tried++) {
      const drawn = tried + random.below(features.length - tried);
      const feature = features[drawn]!;
      features[drawn] = features[tried]!;
      features[tried] = feature;
      this.#statistic.split(feature, found);
      const gain = found[its.gain]!;
      if (gain <= (best?.gain ?? 0)) continue;
      const bin = found[its.bin]!;
      const missing = found[its.missing]!;
      // Behind the last bin is nothing but missing values.
      const threshold = this.task.matrix.thresholds[feature]![bin] ?? Infinity;
      best = { feature, threshold, bin, gain, missing, missingLeft: missing === missingGoes.left };
    }
    return best;
  }

  /** Rows that go left from `start` on, the others from `end` back. Gives where these begin. */
  #partition({ start, end, side }: Node, { feature, bin, missingLeft }: NodeTest): number {
    const { matrix } = this.task;
    const rows = this.#order[side]!;
    const into = this.#order[1 - side]!;
    const { bytes } = matrix;
    const from = byteOf(matrix, feature);
    const missing = missingLeft ? missingBin(matrix, feature) : -1;
    let left = start;
    let right = end;
    for (let index = start; index < end; index++) {
      const row = rows[index]!;
      const its = bytes[from + 4 * row]!;
      if (its <= bin || its === missing) into[left++] = row;
      else into[--right] = row;
    }
    return left;
  }
}

function featuresTried(rule: NonNullable<RandomForest['max_features']>, features: number): number {
  const tried = rule === 'sqrt' ? Math.sqrt(features) : rule === 'log2' ? Math.log2(features) : rule * features;
  return Math.max(1, Math.floor(tried));
}
