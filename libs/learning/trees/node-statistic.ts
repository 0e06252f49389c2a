import { missingBin, mostBins } from './binned-matrix.js';
import { addClasses } from './class-histogram.js';
import { findClassSplit } from './class-split.js';
import type { ForestScratch } from './forest-scratch.js';
import type { ForestTask } from './forest-tree.js';
import { kernelsFor, type Kernels, type RowsAt } from './kernels.js';
import type { RankedNode } from './ranked-node.js';
import { findSplit } from './split.js';
import { gridFor, hessianOf, rounded, type Grid } from './sums.js';

/** What a forest's tree knows of the node that it is at, and seeks splits with. */
export interface NodeStatistic {
  /** Numbers of a leaf. */
  readonly width: number;
  /** @param counts how often the bootstrap of the tree that begins drew each row. */
  begin(counts: Uint16Array): void;
  /**
   * Takes up a node.
   * @returns whether all of its rows are known to have the same target.
   */
  take(node: RowsAt): boolean;
  /** The best split by one feature, as `findSplit` tells it, into the scratch's `found`. */
  split(feature: number): void;
  /** The same between the node's own values, numbered as its bins. */
  splitRanked(ranked: RankedNode): void;
  /** Of the node as a leaf, one tree's part of the forest's outputs. */
  values(): Float64Array;
}

export const statisticFor = (task: ForestTask, scratch: ForestScratch): NodeStatistic =>
  isPaired(task.classes) ? new Variance(task, scratch) : new Gini(task, scratch);

/** Two numbers say all of a node: sums of targets and of weights. Else there is one for each class. */
export const isPaired = (classes: number): boolean => classes <= 2;

/** Three classes and more: leaves hold their shares. */
class Gini implements NodeStatistic {
  readonly width: number;
  readonly #masses: Float64Array;
  readonly #classOf: Uint16Array;
  readonly #sums: Float64Array;
  readonly #left: Float64Array;
  readonly #histogram: Float64Array;
  /** Rows are counted where leaves need more than one; else `one` is 0. */
  readonly #one: number;
  readonly #scale: number;
  #counts: Uint16Array = new Uint16Array(0);
  #node: RowsAt = { rows: new Uint32Array(0), start: 0, end: 0 };

  constructor(
    private readonly task: ForestTask,
    private readonly scratch: ForestScratch,
  ) {
    const { classes, rows, weights, parameters } = task;
    this.width = classes;
    this.#masses = new Float64Array(rows.length);
    this.#classOf = new Uint16Array(rows.length);
    this.#sums = new Float64Array(classes);
    this.#left = new Float64Array(classes);
    this.#histogram = new Float64Array(mostBins * classes);
    const largest = weights === null ? 1 : largestOf(weights, rows);
    const grid = gridFor(rows.length, 1, largest);
    this.#one = parameters.min_samples_leaf > 1 ? grid.one : 0;
    // Counts of a bootstrap are whole as they are.
    this.#scale = weights === null ? 1 : grid.hessianScale;
  }

  begin(counts: Uint16Array): void {
    this.#counts = counts;
  }

  take(node: RowsAt): boolean {
    const { rows, start, end } = node;
    const counts = this.#counts;
    const { target, weights } = this.task;
    const sums = this.#sums.fill(0);
    for (let index = start; index < end; index++) {
      const row = rows[index]!;
      const weight = weights === null ? 1 : Math.max(1, rounded(weights[row]! * this.#scale));
      const mass = counts[row]! * weight + this.#one;
      this.#masses[index] = mass;
      this.#classOf[index] = target[row]!;
      sums[target[row]!]! += mass;
    }
    this.#node = node;
    return sums.filter((sum) => sum > 0).length < 2;
  }

  split(feature: number): void {
    const { matrix, classes } = this.task;
    const histogram = this.#histogram.fill(0, 0, (missingBin(matrix, feature) + 1) * classes);
    const { rows, start, end } = this.#node;
    addClasses(histogram, matrix, feature, classes, rows, this.#masses, this.#classOf, start, end);
    this.#find(missingBin(matrix, feature));
  }

  splitRanked({ ranks, count }: RankedNode): void {
    const { classes } = this.task;
    const histogram = this.#histogram.fill(0, 0, (count + 1) * classes);
    const { start, end } = this.#node;
    for (let index = start; index < end; index++)
      histogram[ranks[index - start]! * classes + this.#classOf[index]!]! += this.#masses[index]!;
    this.#find(count);
  }

  #find(bins: number): void {
    const sums = { masses: this.#sums, one: this.#one, minRows: this.task.parameters.min_samples_leaf };
    findClassSplit(this.#histogram, bins, sums, this.scratch.found, this.#left);
  }

  values(): Float64Array {
    const weights = this.#sums.map((mass) => (this.#one === 0 ? mass : mass % this.#one));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return weights.map((weight) => weight / sum / this.task.parameters.n_estimators);
  }
}

/**
 * Numbers, and two classes as 0 and 1: leaves hold their mean. Of classes the fall of variance is half of that of Gini
 * impurity. Sums of numbers are of differences from the mean of all.
 */
class Variance implements NodeStatistic {
  readonly width = 1;
  readonly #kernels: Kernels;
  readonly #grid: Grid;
  readonly #middle: number;
  #gradient = 0;
  #mass = 0;
  #node: RowsAt = { rows: new Uint32Array(0), start: 0, end: 0 };

  constructor(
    private readonly task: ForestTask,
    private readonly scratch: ForestScratch,
  ) {
    const { classes, rows, target, weights } = task;
    const weightOf = (row: number) => (weights === null ? 1 : weights[row]!);
    this.#middle = classes === 0 ? meanOf(target, rows, weightOf) : 0;
    let largest = 0;
    for (const row of rows) largest = Math.max(largest, Math.abs(target[row]! - this.#middle) * weightOf(row));
    this.#grid = gridFor(rows.length, largest, weights === null ? 1 : largestOf(weights, rows));
    this.#kernels = kernelsFor(scratch.memory);
  }

  begin(counts: Uint16Array): void {
    const { rows, target, weights } = this.task;
    const { gradientScale, hessianScale, one } = this.#grid;
    const { pairs } = this.scratch;
    for (const row of rows) {
      const count = counts[row]!;
      if (count === 0) continue;
      const weight = weights === null ? 1 : weights[row]!;
      pairs[2 * row] = count * rounded((target[row]! - this.#middle) * weight * gradientScale);
      pairs[2 * row + 1] = count * Math.max(1, rounded(weight * hessianScale)) + one;
    }
  }

  take(node: RowsAt): boolean {
    const { start, end } = node;
    const { pairs, ordered } = this.scratch;
    this.#kernels.gather(pairs, node, ordered);
    let gradient = 0;
    let mass = 0;
    let zeros = 0;
    for (let at = 2 * start; at < 2 * end; at += 2) {
      const ofRow = ordered[at]!;
      gradient += ofRow;
      mass += ordered[at + 1]!;
      if (ofRow === 0) zeros++;
    }
    this.#gradient = gradient;
    this.#mass = mass;
    this.#node = node;
    // Of numbers it is not known; no split of equal ones gains anything.
    return this.task.classes === 2 && (zeros === 0 || zeros === end - start);
  }

  split(feature: number): void {
    const { matrix } = this.task;
    const { histogram, ordered } = this.scratch;
    const bins = missingBin(matrix, feature);
    this.#kernels.clear(histogram, 0, 2 * (bins + 1));
    this.#kernels.addRowsOfFeature(histogram, matrix, feature, this.#node, ordered);
    this.#find(bins);
  }

  splitRanked({ ranks, count }: RankedNode): void {
    const { histogram, ordered } = this.scratch;
    histogram.fill(0, 0, 2 * (count + 1));
    const { start, end } = this.#node;
    for (let index = start; index < end; index++) {
      const at = 2 * ranks[index - start]!;
      histogram[at]! += ordered[2 * index]!;
      histogram[at + 1]! += ordered[2 * index + 1]!;
    }
    this.#find(count);
  }

  #find(bins: number): void {
    const { histogram, found } = this.scratch;
    const rules = { minRows: this.task.parameters.min_samples_leaf, l2: 0 };
    findSplit(this.#kernels.scan, histogram, 0, bins, this.#gradient, this.#mass, this.#grid, rules, found, 0);
  }

  values(): Float64Array {
    const mean = this.#middle + this.#gradient / this.#grid.gradientScale / hessianOf(this.#grid, this.#mass);
    // The two sums of weights are rounded apart.
    const value = this.task.classes === 2 ? Math.min(mean, 1) : mean;
    return Float64Array.of(value / this.task.parameters.n_estimators);
  }
}

function meanOf(target: Float64Array, rows: Uint32Array, weightOf: (row: number) => number): number {
  let sum = 0;
  let weight = 0;
  for (const row of rows) {
    sum += target[row]! * weightOf(row);
    weight += weightOf(row);
  }
  return sum / weight;
}

function largestOf(weights: Float64Array, rows: Uint32Array): number {
  let largest = 0;
  for (const row of rows) largest = Math.max(largest, weights[row]!);
  return largest;
}
