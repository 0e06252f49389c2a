import { z } from 'zod';
import { dataChecks } from '../datasets/checks.js';
import { dataFormat } from '../datasets/schema.js';
import { modelName, sha256Digest } from '../names.js';
import { algorithm, givenParameters, learningTask } from './algorithms.js';
import { featurePipeline } from './features.js';
import { searchPlan } from './search.js';

export const datasetName = modelName;

/** Where a data set's bytes are. */
export const datasetSource = z.union([
  /** A path inside the data sets' folder, or an allowed http(s) URL. */
  z.strictObject({ uri: z.string().min(1).max(2048), format: dataFormat.optional() }),
  z.strictObject({ artifact: sha256Digest, format: dataFormat.optional() }),
]);
export type DatasetSource = z.infer<typeof datasetSource>;

export const validationPlan = z.strictObject({
  /** Share of the rows that is held out and measured on. */
  test_size: z.number().gt(0).lt(1),
  /** Folds of cross-validation in a search. */
  cv_folds: z.int().min(2).max(50),
  /** `stratified` keeps the shares of the classes; `grouped` keeps rows of a group together; `time` tests on what is latest. */
  split: z.enum(['random', 'stratified', 'grouped', 'time']),
  /** The column of the group, or of the time. */
  by: z.string().min(1).nullable(),
});
export type ValidationPlan = z.infer<typeof validationPlan>;

/** What a trained version must reach to be registered. */
export const trainingGate = z.strictObject({
  min_auc: z.number().min(0).max(1).optional(),
  min_accuracy: z.number().min(0).max(1).optional(),
  min_r2: z.number().max(1).optional(),
  max_rmse: z.number().positive().optional(),
  /** Any metric of the hold-out by name. */
  metrics: z.record(z.string(), z.strictObject({ min: z.number().optional(), max: z.number().optional() })).optional(),
  /** The paired test against the champion must not find it worse. */
  not_worse_than_champion: z.boolean().default(false),
});
export type TrainingGate = z.infer<typeof trainingGate>;

/** A gate as a request or a model's configuration gives it: what it leaves out is what lies below it. */
export const givenGate = trainingGate.extend({ not_worse_than_champion: z.boolean().optional() });

/** A trainer outside: how its command is run. */
export const commandTrainer = z.strictObject({
  /** Program and arguments; no shell reads them. */
  command: z.array(z.string().min(1)).min(1).max(100),
  /** Its working folder, relative to the configuration's. */
  directory: z.string().min(1).optional(),
  env: z.record(z.string(), z.string()).default({}),
  timeout_s: z.number().positive().max(604_800).default(3600),
  memory_mb: z.int().positive().max(1_048_576).default(4096),
});
export type CommandTrainer = z.infer<typeof commandTrainer>;

/** Everything a job does, resolved when it was requested: configuration that changes later changes nothing. */
export const trainingSpec = z.object({
  model: modelName,
  dataset: z.object({
    source: datasetSource,
    name: z.string().nullable(),
    version: z.string().nullable(),
    digest: sha256Digest.nullable(),
  }),
  target: z.string().min(1).max(256),
  task: learningTask.nullable(),
  /** Raw columns to use; null: all but the target (and the split's column, if it is a group). */
  features: z.array(z.string().min(1)).min(1).max(10_000).nullable(),
  /** null: made from the schema. */
  pipeline: featurePipeline.nullable(),
  trainer: z.discriminatedUnion('type', [
    z.object({
      type: z.literal('builtin'),
      algorithm: z.union([algorithm, z.literal('auto')]),
      hyperparameters: givenParameters,
    }),
    z.object({
      type: z.literal('command'),
      name: z.string(),
      hyperparameters: givenParameters,
      ...commandTrainer.shape,
    }),
  ]),
  /** `split` null: stratified for classes, random for numbers. */
  validation: validationPlan.extend({ split: validationPlan.shape.split.nullable() }),
  search: searchPlan.nullable(),
  checks: dataChecks,
  /** Columns whose values are measured one by one. */
  slices: z.array(z.string().min(1)).max(20),
  gate: trainingGate,
  register: z.boolean(),
  description: z.string().nullable(),
  tags: z.record(z.string(), z.string()),
  seed: z.int().min(0).max(0xffff_ffff),
  /** Seconds from the request to the end. */
  timeout_s: z.number().positive(),
  /** Seconds a worker may be silent before another one may take the job. */
  claim_s: z.number().positive(),
  /** Claims that may fail to finish one stage before the job fails. */
  max_attempts: z.int().min(1),
});
export type TrainingSpec = z.infer<typeof trainingSpec>;

export const trainingStage = z.enum(['ingest', 'validate', 'search', 'train', 'evaluate', 'package']);
export type TrainingStage = z.infer<typeof trainingStage>;
/** In their order; a job without a search skips it. */
export const trainingStages = trainingStage.options;
