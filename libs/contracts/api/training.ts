import { z } from 'zod';
import { dataChecks, dataFinding } from '../datasets/checks.js';
import { dataFormat, datasetProfile, datasetSchema } from '../datasets/schema.js';
import { metrics } from '../evaluation.js';
import { jobId } from '../events/training.js';
import { modelName, modelVersion, sha256Digest, versionReference } from '../names.js';
import { storable } from '../text.js';
import { algorithm, givenParameters, learningTask } from '../training/algorithms.js';
import { featurePipeline } from '../training/features.js';
import { jobLogLine } from '../training/operations.js';
import { searchSpaces, searchStrategy, trial } from '../training/search.js';
import { datasetSource, givenGate, trainingSpec, trainingStage, validationPlan } from '../training/spec.js';
import { accepted, asOfSeq, listOf } from './common.js';

/** Left out, a value is that of `models.<name>` in model_config.yaml, else of `training` in pipeline_config.yaml. */
export const startTraining = z
  .strictObject({
    model: modelName,
    dataset: z.union(
      [
        z.strictObject({ uri: storable(z.string().min(1).max(2048)), format: dataFormat.optional() }),
        z.strictObject({ artifact: sha256Digest, format: dataFormat.optional() }),
        /** `name@1.0.0` */
        z.strictObject({ id: versionReference }),
      ],
      {
        error:
          'expected one of uri, artifact and id (name@1.0.0), the first two with a format if need be: csv, jsonl, parquet, arrow',
      },
    ),
    target: storable(z.string().min(1).max(256)),
    task: learningTask.optional(),
    features: storable(z.array(z.string().min(1)).min(1).max(10_000)).optional(),
    pipeline: storable(featurePipeline).optional(),
    algorithm: z
      .union([algorithm, z.literal('auto')], { error: `expected ${algorithm.options.join(', ')} or auto` })
      .optional(),
    hyperparameters: storable(givenParameters).optional(),
    validation: validationPlan.partial().strict().optional(),
    search: z
      .strictObject({
        trials: z.int().min(1).max(10_000),
        strategy: searchStrategy.optional(),
        spaces: storable(searchSpaces).optional(),
        time_limit_s: z.number().positive().optional(),
      })
      .optional(),
    checks: storable(dataChecks.unwrap()).optional(),
    slices: storable(z.array(z.string().min(1)).max(20)).optional(),
    gate: storable(givenGate).optional(),
    seed: z.int().min(0).max(0xffff_ffff).optional(),
    trainer: z.enum(['builtin', 'command']).optional(),
    /** Which of `training.commands` in pipeline_config.yaml, with `trainer: "command"`; left out: its only one. */
    command: z.string().min(1).max(64).optional(),
    register: z.boolean().optional(),
    timeout_s: z.number().positive().max(604_800).optional(),
    description: storable(z.string().max(10_000)).optional(),
    tags: storable(z.record(z.string().min(1).max(128), z.string().max(1024))).optional(),
  })
  .meta({ id: 'StartTraining' });
export type StartTraining = z.infer<typeof startTraining>;

export const jobStatus = z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']);
export type JobStatus = z.infer<typeof jobStatus>;

export const trainingStarted = z
  .object({ job_id: jobId, status: z.literal('queued'), ...accepted })
  .meta({ id: 'TrainingStarted' });
export const cancelTraining = z
  .strictObject({ reason: storable(z.string().min(1).max(2000)).default('cancelled by request') })
  .prefault({})
  .meta({ id: 'CancelTraining' });
export const trainingCancelled = z
  .object({ job_id: jobId, status: z.literal('cancelled'), ...accepted })
  .meta({ id: 'TrainingCancelledAnswer' });

const stageView = z.object({
  stage: trainingStage,
  status: z.enum(['pending', 'running', 'finished', 'skipped']),
  progress: z.number(),
  finished_at: z.string().nullable(),
  duration_s: z.number().nullable(),
});

const jobFields = {
  job_id: jobId,
  model: modelName,
  status: jobStatus,
  stage: trainingStage.nullable(),
  /** Of the whole job, 0 to 1. */
  progress: z.number(),
  /** Of the hold-out. */
  metrics: metrics.optional(),
  model_version: z.string().optional(),
  error: z.object({ code: z.string(), message: z.string(), findings: z.array(dataFinding).optional() }).optional(),
  requested_at: z.string(),
  requested_by: z.string(),
  started_at: z.string().optional(),
  finished_at: z.string().optional(),
};

export const jobView = z
  .object({
    ...jobFields,
    worker: z.string().nullable(),
    /** How often a worker took it. */
    claims: z.int(),
    stages: z.array(stageView),
    /** As far as they have ended, in order of their index; at most 500. */
    trials: z.array(trial).optional(),
    best_trial: trial.nullable().optional(),
    warnings: z.array(dataFinding),
    dataset: z.object({
      digest: sha256Digest.nullable(),
      name: z.string().nullable(),
      rows: z.int().nullable(),
      profile: sha256Digest.nullable(),
    }),
    artifact: sha256Digest.nullable(),
    baseline: sha256Digest.nullable(),
    report: sha256Digest.nullable(),
    /** Why it was only recorded. */
    not_registered: z.array(z.string()),
    spec: trainingSpec,
    ...asOfSeq,
  })
  .meta({ id: 'TrainingJob' });
export type JobView = z.infer<typeof jobView>;

export const jobSummary = z
  .object({ ...jobFields, algorithm: z.string(), target: z.string() })
  .meta({ id: 'TrainingJobSummary' });
export type JobSummary = z.infer<typeof jobSummary>;
export const jobList = listOf(jobSummary).meta({ id: 'TrainingJobList' });

export const jobLogs = z
  .object({
    lines: z.array(jobLogLine.omit({ worker: true }).extend({ worker: z.string() })),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: 'TrainingLogs' });

export const registerDataset = z
  .strictObject({
    name: modelName,
    uri: storable(z.string().min(1).max(2048)).optional(),
    artifact: sha256Digest.optional(),
    format: dataFormat.optional(),
    description: storable(z.string().max(10_000)).optional(),
  })
  .refine(
    ({ uri, artifact }) => (uri === undefined) !== (artifact === undefined),
    'expected uri or artifact, and not both',
  )
  .meta({ id: 'RegisterDataset' });

const datasetFields = {
  version: modelVersion,
  digest: sha256Digest,
  source: datasetSource,
  format: dataFormat,
  bytes: z.int(),
  rows: z.int(),
  schema: datasetSchema,
  profile: sha256Digest,
  description: z.string().nullable(),
  created_at: z.string(),
  created_by: z.string(),
  seq: z.int(),
};
export const datasetRegistered = z
  .object({ dataset: modelName, version: modelVersion, digest: sha256Digest, rows: z.int(), ...accepted })
  .meta({ id: 'DatasetRegistered' });
export const datasetView = z
  .object({ dataset: modelName, versions: z.array(z.object(datasetFields)), ...asOfSeq })
  .meta({ id: 'Dataset' });
export const datasetVersionView = z
  .object({ dataset: modelName, ...datasetFields, columns: datasetProfile.shape.columns, ...asOfSeq })
  .meta({ id: 'DatasetVersion' });
export const datasetSummary = z.object({
  dataset: modelName,
  versions: z.int(),
  latest_version: modelVersion,
  rows: z.int(),
  created_at: z.string(),
  updated_at: z.string(),
});
export const datasetList = listOf(datasetSummary).meta({ id: 'DatasetList' });
