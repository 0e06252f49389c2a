import type { FeatureMatrix } from '#libs/contracts/index.js';
import type { GraphOptions, GraphPart, TrainedModel, TrainingScores } from '../model.js';
import { treeGraph } from './tree-graph.js';
import { leafOf, type Tree } from './tree.js';

/** How leaves become outputs: sums as they are, or a sum for each class made probabilities. */
export type Link = 'identity' | 'logistic' | 'softmax';

/** Trees that add up. All sums are of float32, tree after tree, as ONNX Runtime adds them in one thread. */
export interface Ensemble {
  /** 0: a regression. */
  readonly classes: number;
  readonly link: Link;
  /** Sums of a row: tree t adds its leaf's `width` numbers from sum (t × width) % sums on. */
  readonly sums: number;
  /** Numbers of a leaf. */
  readonly width: number;
  /** Added to each sum behind the trees. */
  readonly base: Float32Array;
  readonly trees: readonly Tree[];
}

/** What is known of a training beside the trees. */
export interface TreeRecord {
  /** By feature: the gain of all splits on it. */
  readonly gains: Float64Array;
  /** Boosting: rounds that are kept. */
  readonly rounds?: number;
  /** Boosting: losses behind every round, those that were not kept too. */
  readonly curve?: readonly TrainingScores[];
}

export interface TreeModelJson {
  readonly kind: 'trees';
  readonly featureNames: readonly string[];
  readonly ensemble: {
    readonly classes: number;
    readonly link: Link;
    readonly sums: number;
    readonly width: number;
    readonly base: readonly number[];
    readonly trees: readonly Readonly<Record<keyof Tree, readonly (number | 'inf')[]>>[];
  };
  readonly gains: readonly number[];
  readonly rounds?: number;
  readonly curve?: readonly TrainingScores[];
}

export class TreeModel implements TrainedModel {
  readonly kind = 'trees';
  readonly gains: Float64Array;
  readonly rounds?: number;
  readonly curve?: readonly TrainingScores[];

  constructor(
    readonly featureNames: readonly string[],
    readonly ensemble: Ensemble,
    record: TreeRecord,
  ) {
    this.gains = record.gains;
    if (record.rounds !== undefined) this.rounds = record.rounds;
    if (record.curve !== undefined) this.curve = record.curve;
  }

  get classes(): number {
    return this.ensemble.classes;
  }

  predict(features: FeatureMatrix): Float64Array {
    if (features.columns.length !== this.featureNames.length) {
      const expected = `${this.featureNames.length} columns as in training`;
      throw new RangeError(`features has ${features.columns.length} columns, expected ${expected}`);
    }
    const width = Math.max(this.classes, 1);
    const predicted = new Float64Array(features.rows * width);
    for (let start = 0; start < features.rows; start += rowsAtOnce) {
      const end = Math.min(start + rowsAtOnce, features.rows);
      link(
        this.ensemble,
        sumsOf(this.ensemble, features.columns, start, end),
        predicted.subarray(start * width, end * width),
      );
    }
    return predicted;
  }

  graph(input: string, options: GraphOptions = {}): GraphPart {
    return treeGraph(this.ensemble, input, options);
  }

  toJSON(): TreeModelJson {
    const { ensemble, gains, rounds, curve } = this;
    return {
      kind: this.kind,
      featureNames: this.featureNames,
      ensemble: { ...ensemble, base: [...ensemble.base], trees: ensemble.trees.map(plain) },
      gains: [...gains],
      ...(rounds === undefined ? {} : { rounds }),
      ...(curve === undefined ? {} : { curve }),
    };
  }

  /** Reads what `toJSON` gave. */
  static fromJSON({ featureNames, ensemble, gains, rounds, curve }: TreeModelJson): TreeModel {
    const trees = ensemble.trees.map(typed);
    return new TreeModel(
      featureNames,
      { ...ensemble, base: Float32Array.from(ensemble.base), trees },
      {
        gains: Float64Array.from(gains),
        ...(rounds === undefined ? {} : { rounds }),
        ...(curve === undefined ? {} : { curve }),
      },
    );
  }
}

/** Rows for which one tree after the other is walked: their sums stay in the cache. */
const rowsAtOnce = 1024;

function sumsOf(
  { trees, sums, width, base }: Ensemble,
  columns: readonly Float32Array[],
  start: number,
  end: number,
): Float32Array {
  const added = new Float32Array((end - start) * sums);
  for (const [number, tree] of trees.entries()) {
    const first = (number * width) % sums;
    for (let row = start, at = first; row < end; row++, at += sums) {
      const leaf = leafOf(tree, columns, row) * width;
      for (let index = 0; index < width; index++) added[at + index]! += tree.values[leaf + index]!;
    }
  }
  for (let at = 0; at < added.length; at++) added[at]! += base[at % sums]!;
  return added;
}

function link({ link: name, sums, classes }: Ensemble, added: Float32Array, into: Float64Array): void {
  if (classes === 0) into.set(added);
  else if (sums === 1) {
    for (let row = 0; row < added.length; row++) {
      const share = name === 'logistic' ? logistic(added[row]!) : added[row]!;
      into[2 * row] = Math.fround(1 - share);
      into[2 * row + 1] = share;
    }
  } else {
    into.set(added);
    if (name === 'softmax') for (let at = 0; at < into.length; at += sums) softmax(into.subarray(at, at + sums));
  }
}

function logistic(score: number): number {
  const low = Math.fround(1 / (1 + Math.exp(-Math.abs(score))));
  return score < 0 ? Math.fround(1 - low) : low;
}

function softmax(scores: Float64Array): void {
  const largest = scores.reduce((most, score) => Math.max(most, score), -Infinity);
  let sum = 0;
  for (let at = 0; at < scores.length; at++) sum += scores[at] = Math.exp(scores[at]! - largest);
  for (let at = 0; at < scores.length; at++) scores[at]! /= sum;
}

const infinite = 'inf';
/** JSON has no infinity, which is the threshold between values and none. */
const plain = (tree: Tree): TreeModelJson['ensemble']['trees'][number] => ({
  feature: [...tree.feature],
  threshold: Array.from(tree.threshold, (threshold) => (threshold === Infinity ? infinite : threshold)),
  missingLeft: [...tree.missingLeft],
  left: [...tree.left],
  right: [...tree.right],
  values: [...tree.values],
});

const numbers = (values: readonly (number | 'inf')[]): number[] =>
  values.map((value) => (value === infinite ? Infinity : value));
const typed = (tree: TreeModelJson['ensemble']['trees'][number]): Tree => ({
  feature: Int32Array.from(numbers(tree.feature)),
  threshold: Float32Array.from(numbers(tree.threshold)),
  missingLeft: Uint8Array.from(numbers(tree.missingLeft)),
  left: Int32Array.from(numbers(tree.left)),
  right: Int32Array.from(numbers(tree.right)),
  values: Float32Array.from(numbers(tree.values)),
});
