import { missingBin, mostBins } from './binned-matrix.js';
import { addClasses, addPairs } from './class-histogram.js';
import { findClassSplit } from './class-split.js';
import type { ForestTask } from './forest-tree.js';
import { findSplit } from './split.js';
import { gridFor, hessianOf, rounded, type Grid } from './sums.js';

/** What a forest's tree knows of the node that it is at, and seeks splits with. */
export interface NodeStatistic {
  /** Numbers of a leaf. */
  readonly width: number;
  /**
   * Takes up a node, its rows those at [start, end).
   * @param counts how often the bootstrap drew each row.
   * @returns whether all of its rows have the same target.
   */
  take(rows: Uint32Array, counts: Uint16Array, start: number, end: number): boolean;
  /** The best split by one feature, as `findSplit` tells it. */
  split(feature: number, into: Float64Array): void;
  /** Of the node as a leaf, one tree's part of the forest's outputs. */
  values(): Float64Array;
}

export const statisticFor = (task: ForestTask): NodeStatistic =>
  task.classes === 0 ? new Variance(task) : new Gini(task);

/** Classes: leaves hold their shares. */
class Gini implements NodeStatistic {
  readonly width: number;
  readonly #masses: Float64Array;
  readonly #classOf: Uint16Array;
  readonly #sums: Float64Array;
  readonly #scratch: Float64Array;
  readonly #histogram: Float64Array;
  /** Rows are counted where leaves need more than one; else `one` is 0. */
  readonly #one: number;
  readonly #scale: number;
  #rows: Uint32Array = new Uint32Array(0);
  #start = 0;
  #end = 0;

  constructor(private readonly task: ForestTask) {
    const { classes, rows, weights, parameters } = task;
    this.width = classes;
    this.#masses = new Float64Array(rows.length);
    this.#classOf = new Uint16Array(rows.length);
    this.#sums = new Float64Array(classes);
    this.#scratch = new Float64Array(classes);
    this.#histogram = new Float64Array(mostBins * classes);
    const largest = weights === null ? 1 : largestOf(weights, rows);
    const grid = gridFor(rows.length, 1, largest);
    this.#one = parameters.min_samples_leaf > 1 ? grid.one : 0;
    // Counts of a bootstrap are whole as they are.
    this.#scale = weights === null ? 1 : grid.hessianScale;
  }

  take(rows: Uint32Array, counts: Uint16Array, start: number, end: number): boolean {
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
    [this.#rows, this.#start, this.#end] = [rows, start, end];
    return sums.filter((sum) => sum > 0).length < 2;
  }

  split(feature: number, into: Float64Array): void {
    const { matrix, classes, parameters } = this.task;
    const histogram = this.#histogram.fill(0, 0, (missingBin(matrix, feature) + 1) * classes);
    addClasses(histogram, matrix, feature, classes, this.#rows, this.#masses, this.#classOf, this.#start, this.#end);
    const node = { masses: this.#sums, one: this.#one, minRows: parameters.min_samples_leaf };
    findClassSplit(histogram, missingBin(matrix, feature), node, into, this.#scratch);
  }

  values(): Float64Array {
    const weights = this.#sums.map((mass) => (this.#one === 0 ? mass : mass % this.#one));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return weights.map((weight) => weight / sum / this.task.parameters.n_estimators);
  }
}

/** Numbers: leaves hold their mean. Sums are of differences from the mean of all. */
class Variance implements NodeStatistic {
  readonly width = 1;
  readonly #pairs: Float64Array;
  readonly #histogram = new Float64Array(2 * mostBins);
  readonly #grid: Grid;
  readonly #mean: number;
  #gradient = 0;
  #mass = 0;
  #rows: Uint32Array = new Uint32Array(0);
  #start = 0;
  #end = 0;

  constructor(private readonly task: ForestTask) {
    const { rows, target, weights } = task;
    const weightOf = (row: number) => (weights === null ? 1 : weights[row]!);
    let sum = 0;
    let weight = 0;
    for (const row of rows) {
      sum += target[row]! * weightOf(row);
      weight += weightOf(row);
    }
    this.#mean = sum / weight;
    let largest = 0;
    for (const row of rows) largest = Math.max(largest, Math.abs(target[row]! - this.#mean) * weightOf(row));
    this.#grid = gridFor(rows.length, largest, weights === null ? 1 : largestOf(weights, rows));
    this.#pairs = new Float64Array(2 * rows.length);
  }

  take(rows: Uint32Array, counts: Uint16Array, start: number, end: number): boolean {
    const { target, weights } = this.task;
    const { gradientScale, hessianScale, one } = this.#grid;
    let gradient = 0;
    let mass = 0;
    let lowest = Infinity;
    let highest = -Infinity;
    for (let index = start; index < end; index++) {
      const row = rows[index]!;
      const weight = weights === null ? 1 : weights[row]!;
      const ofRow = counts[row]! * rounded((target[row]! - this.#mean) * weight * gradientScale);
      const massOfRow = counts[row]! * Math.max(1, rounded(weight * hessianScale)) + one;
      this.#pairs[2 * index] = ofRow;
      this.#pairs[2 * index + 1] = massOfRow;
      gradient += ofRow;
      mass += massOfRow;
      lowest = Math.min(lowest, target[row]!);
      highest = Math.max(highest, target[row]!);
    }
    [this.#gradient, this.#mass] = [gradient, mass];
    [this.#rows, this.#start, this.#end] = [rows, start, end];
    return lowest === highest;
  }

  split(feature: number, into: Float64Array): void {
    const { matrix, parameters } = this.task;
    const bins = missingBin(matrix, feature);
    const histogram = this.#histogram.fill(0, 0, 2 * (bins + 1));
    addPairs(histogram, matrix, feature, this.#rows, this.#pairs, this.#start, this.#end);
    const rules = { minRows: parameters.min_samples_leaf, l2: 0 };
    findSplit(histogram, 0, bins, this.#gradient, this.#mass, this.#grid, rules, into, 0);
  }

  values(): Float64Array {
    const above = this.#gradient / this.#grid.gradientScale / hessianOf(this.#grid, this.#mass);
    return Float64Array.of((this.#mean + above) / this.task.parameters.n_estimators);
  }
}

function largestOf(weights: Float64Array, rows: Uint32Array): number {
  let largest = 0;
  for (const row of rows) largest = Math.max(largest, weights[row]!);
  return largest;
}
