/** What a worker and its compute threads say to each other. A thread is given its table once, then task after task. */
import type {
  DataChecks,
  DataFinding,
  DataFormat,
  DatasetSchema,
  EvaluationReport,
  FeaturePipeline,
  Learner,
  LearningTask,
  Table,
} from '#libs/contracts/index.js';
import type { Classes } from '../data/labelled.js';

/** What learning takes, on shared memory. */
export interface LearningData {
  readonly table: Table;
  /** Number of the class, or the value; NaN: none. */
  readonly target: Float64Array;
  readonly classes: Classes;
}

export interface Split {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/** Reads a file into a table on shared memory. */
export interface LoadTask {
  readonly kind: 'load';
  readonly file: string;
  readonly format: DataFormat;
  readonly schema: DatasetSchema;
  readonly maxBytes: number;
}

export interface CheckTask {
  readonly kind: 'check';
  readonly table: Table;
  readonly schema: DatasetSchema;
  readonly checks: DataChecks;
  readonly target: string;
  readonly task: LearningTask | null;
  readonly features: readonly string[] | null;
}
export interface CheckAnswer {
  readonly task: LearningTask;
  readonly classes: Classes;
  readonly findings: readonly DataFinding[];
}

interface Learning {
  readonly data: LearningData;
  readonly learner: Learner;
  readonly pipeline: FeaturePipeline;
  readonly seed: number;
}

/** Trains on each split and scores it: larger is better. */
export interface ScoreTask extends Learning {
  readonly kind: 'score';
  readonly splits: readonly Split[];
  readonly metric: string;
}
export interface ScoreAnswer {
  /** One for each split. */
  readonly test: readonly number[];
  readonly train: readonly number[];
}

export interface TrainTask extends Learning {
  readonly kind: 'train';
  readonly rows: Int32Array;
  readonly threads: number;
}
export interface TrainAnswer {
  /** The whole graph, from raw features to outputs. */
  readonly onnx: Uint8Array;
  readonly featureNames: readonly string[];
  readonly nullable: readonly string[];
  /** Total gain of the splits by raw feature; null where the trainer tells none. */
  readonly gains: Readonly<Record<string, number>> | null;
  readonly curve: { readonly train: readonly number[]; readonly validation: readonly number[] } | null;
  /** The features as fitted. */
  readonly fitted: unknown;
}

/** Of a model's answers on the hold-out, and of the champion's on the same rows. */
export interface MeasureTask {
  readonly kind: 'measure';
  readonly data: LearningData;
  /** Of the table; what was predicted has one entry, or one for each class, for each of them. */
  readonly rows: Int32Array;
  readonly predicted: Float64Array;
  readonly champion: Float64Array | null;
  /** Columns whose values are measured one by one. */
  readonly slices: readonly string[];
  readonly seed: number;
}
export interface MeasureAnswer extends Pick<
  EvaluationReport,
  'metrics' | 'intervals' | 'per_class' | 'confusion_matrix' | 'slices'
> {
  readonly champion: Omit<NonNullable<EvaluationReport['champion']>, 'version' | 'artifact'> | null;
  /** Why its answers cannot be measured; null: they are, or there are none. */
  readonly championFault: string | null;
}

export type ComputeTask = LoadTask | CheckTask | ScoreTask | TrainTask | MeasureTask;
export interface ComputeAnswers {
  readonly load: Table;
  readonly check: CheckAnswer;
  readonly score: ScoreAnswer;
  readonly train: TrainAnswer;
  readonly measure: MeasureAnswer;
}
export type AnswerOf<Task extends ComputeTask> = ComputeAnswers[Task['kind']];

/** What cannot be done with this data, whoever tries. */
export interface ComputeRefusal {
  readonly code: string;
  readonly message: string;
}

export interface ThreadRequest {
  readonly id: number;
  /** Its table is in `table`. */
  readonly task: ComputeTask;
  /** null: the one that the thread was given last, or none is needed. */
  readonly table: Table | null;
}
export type ThreadReply =
  | { readonly id: number; readonly kind: 'progress'; readonly share: number; readonly message: string | null }
  | { readonly id: number; readonly kind: 'done'; readonly answer: ComputeAnswers[ComputeTask['kind']] }
  | { readonly id: number; readonly kind: 'refused'; readonly refusal: ComputeRefusal }
  | { readonly id: number; readonly kind: 'failed'; readonly message: string };
