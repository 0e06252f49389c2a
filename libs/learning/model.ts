import type { FeatureMatrix } from '#libs/contracts/index.js';

/**
 * The part of an ONNX graph that is the model: from one float32 tensor [rows, features] to the graph's outputs. Everything
 * is serialised as the graph builder of libs/onnx does it.
 */
export interface GraphPart {
  readonly nodes: readonly Uint8Array[];
  readonly initializers: readonly Uint8Array[];
  /**
   * Classification: `label` (int64 or string, [rows]) and `probabilities` (float32, [rows, classes]). Regression: `value`
   * (float32, [rows, 1]).
   */
  readonly outputs: readonly Uint8Array[];
  /** Version by domain, as `modelBytes` takes them. */
  readonly opsets: Readonly<Record<string, number>>;
}

export interface GraphOptions {
  /** Label of each class, in order; default 0 to classes − 1. Of a regression: not used. */
  readonly classLabels?: readonly number[] | readonly string[];
}

/** What a trainer leaves behind. */
export interface TrainedModel {
  readonly kind: string;
  /** 0: a regression. */
  readonly classes: number;
  /** In the order of the matrix's columns. */
  readonly featureNames: readonly string[];
  /** Probabilities [rows × classes], row after row; of a regression the values [rows]. As ONNX Runtime gives them, to 1e-6. */
  predict(features: FeatureMatrix): Float64Array;
  /** Reads the tensor `input`. Names inside begin with `model/`. @throws RangeError when the labels are not one for each class. */
  graph(input: string, options?: GraphOptions): GraphPart;
  /** Plain data; each kind has a function that reads it back. */
  toJSON(): unknown;
}

/** What a trainer learns from. Every array has one entry for each row of `features`. */
export interface TrainingData {
  readonly features: FeatureMatrix;
  /** Number of the class, 0 to classes − 1; of a regression the value. */
  readonly target: Float64Array;
  /** 0: a regression. */
  readonly classes: number;
  /** Not negative, and not all zero; left out: every row counts 1. */
  readonly weights?: Float64Array;
}

export interface TrainingContext {
  /** Whole, 0 to 2³² − 1: the same seed gives the same model, whatever the number of threads. */
  readonly seed: number;
  /** 1 trains in the calling thread. */
  readonly threads: number;
  /** Units of work done (trees, rounds, iterations) of so many; the scores are losses. */
  onProgress?(done: number, of: number, scores?: TrainingScores): void;
  /** Rejects with its reason, and ends every thread. */
  readonly signal?: AbortSignal;
  /** The threads' compiled program, for who runs from elsewhere. */
  readonly program?: string | URL;
}

export interface TrainingScores {
  readonly train: number;
  /** null: no rows are held back. */
  readonly validation: number | null;
}
