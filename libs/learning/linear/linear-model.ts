import type { FeatureMatrix } from '#libs/contracts/index.js';
import type { GraphOptions, GraphPart, TrainedModel } from '../model.js';
import { linearGraph } from './linear-graph.js';

/** How the fit ended. */
export interface Convergence {
  readonly iterations: number;
  /** False: `max_iter` iterations were used up, or rounding hid every further decrease. */
  readonly converged: boolean;
}

/** What a linear model is, as plain data. */
export interface LinearModelData extends Convergence {
  readonly kind: 'linear';
  readonly classes: number;
  readonly featureNames: readonly string[];
  /** One list for each class, or one of a regression. Of two classes the first list is all 0. */
  readonly coefficients: readonly (readonly number[])[];
  readonly intercepts: readonly number[];
}

/**
 * Intercepts plus products of coefficients and features, through softmax where there are classes. Computed in float64 and
 * rounded to float32 at the end, here and in the graph: large raw values, or a sum of terms that cancel, cost no precision.
 */
export class LinearModel implements TrainedModel {
  readonly kind = 'linear';
  readonly classes: number;
  readonly featureNames: readonly string[];
  readonly convergence: Convergence;
  readonly gains = null;

  constructor(private readonly data: LinearModelData) {
    this.classes = data.classes;
    this.featureNames = data.featureNames;
    this.convergence = { iterations: data.iterations, converged: data.converged };
  }

  get coefficients(): readonly (readonly number[])[] {
    return this.data.coefficients;
  }

  get intercepts(): readonly number[] {
    return this.data.intercepts;
  }

  predict({ rows, columns }: FeatureMatrix): Float64Array {
    if (columns.length !== this.featureNames.length) {
      throw new RangeError(`features have ${columns.length} columns, expected ${this.featureNames.length}`);
    }
    const outputs = this.intercepts.length;
    const scores = new Float64Array(rows * outputs);
    for (const [o, coefficients] of this.coefficients.entries()) {
      addScores(scores, o, outputs, columns, coefficients, this.intercepts[o]!);
    }
    if (this.classes > 0) softmaxRows(scores, outputs);
    return scores.map(Math.fround);
  }

  graph(input: string, options: GraphOptions = {}): GraphPart {
    return linearGraph(this.data, input, options);
  }

  toJSON(): LinearModelData {
    return this.data;
  }

  static fromJSON(data: LinearModelData): LinearModel {
    return new LinearModel(data);
  }
}

function addScores(
  scores: Float64Array,
  output: number,
  outputs: number,
  columns: readonly Float32Array[],
  coefficients: readonly number[],
  intercept: number,
): void {
  for (const [j, column] of columns.entries()) {
    const coefficient = coefficients[j]!;
    for (let row = 0; row < column.length; row++) scores[row * outputs + output]! += coefficient * column[row]!;
  }
  for (let at = output; at < scores.length; at += outputs) scores[at]! += intercept;
}

function softmaxRows(scores: Float64Array, outputs: number): void {
  for (let from = 0; from < scores.length; from += outputs) {
    const row = scores.subarray(from, from + outputs);
    const highest = row.reduce((most, score) => Math.max(most, score), -Infinity);
    let total = 0;
    for (let o = 0; o < outputs; o++) {
      row[o] = Math.exp(row[o]! - highest);
      total += row[o]!;
    }
    for (let o = 0; o < outputs; o++) row[o]! /= total;
  }
}
