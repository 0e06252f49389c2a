import { z } from 'zod';
import { dataFinding } from '../datasets/checks.js';
import { dataFormat, datasetSchema } from '../datasets/schema.js';
import { metrics } from '../evaluation.js';
import { modelName, modelVersion, sha256Digest } from '../names.js';
import { signature } from '../signature.js';
import { algorithm, learningTask } from '../training/algorithms.js';
import { featurePipeline } from '../training/features.js';
import { trainingSpec, trainingStage } from '../training/spec.js';
import { defineEvent, type EventOf } from './define.js';
import { baseline, hyperparameters } from './model.js';

export const jobId = z.uuid();
const instant = z.iso.datetime();
/** Claims of a job are numbered from 1. What a worker says of a job names the claim it has: an old one is refused. */
const claimed = { job_id: jobId, claim: z.int().positive() };

/** What each stage leaves for those after it, and for a worker that takes over. Large things are artifacts. */
export const stageResult = z.discriminatedUnion('stage', [
  z.object({
    stage: z.literal('ingest'),
    digest: sha256Digest,
    format: dataFormat,
    bytes: z.int().nonnegative(),
    rows: z.int().nonnegative(),
    schema: datasetSchema,
    /** A `datasetProfile`. */
    profile: sha256Digest,
  }),
  z.object({
    stage: z.literal('validate'),
    task: learningTask,
    /** Classification: as trained, in the order of the probabilities. */
    classes: z.union([z.array(z.int()), z.array(z.string())]).nullable(),
    /** Raw columns that the model takes. */
    features: z.array(z.string()).min(1),
    pipeline: featurePipeline,
    warnings: z.array(dataFinding).max(200),
    /** Found beyond those that are told. */
    more_warnings: z.int().nonnegative(),
  }),
  z.object({
    stage: z.literal('search'),
    metric: z.string(),
    trials: z.int().positive(),
    failed: z.int().nonnegative(),
    best: z.object({ index: z.int().nonnegative(), algorithm, hyperparameters, score: z.number() }),
    /** Why no further trial began; null: the budget was used. */
    cut_off: z.enum(['time_limit']).nullable(),
    /** All trials in order of their index, as JSON. */
    record: sha256Digest,
  }),
  z.object({
    stage: z.literal('train'),
    artifact: sha256Digest,
    size: z.int().positive(),
    algorithm: z.string(),
    hyperparameters,
    /** In the graph's order; those that may be missing. */
    feature_names: z.array(z.string()).nullable(),
    nullable: z.array(z.string()),
    /** What the trainer tells beside the model (gains, rounds, logs), as JSON. */
    record: sha256Digest,
  }),
  z.object({
    stage: z.literal('evaluate'),
    metrics,
    report: sha256Digest,
    /** By the paired test; null: there is no champion, or it could not be compared. */
    worse_than_champion: z.boolean().nullable(),
    /** Why there is a champion and no comparison. */
    champion_not_compared: z.string().max(2000).optional(),
  }),
  z.object({
    stage: z.literal('package'),
    baseline,
    signature,
    gate: z.object({ passed: z.boolean(), reasons: z.array(z.string()) }),
  }),
]);
export type StageResult = z.infer<typeof stageResult>;

export const TrainingRequested = defineEvent('TrainingRequested', z.object({ job_id: jobId, spec: trainingSpec }));

export const TrainingClaimed = defineEvent(
  'TrainingClaimed',
  z.object({
    ...claimed,
    worker: z.string().min(1).max(128),
    /** Of the worker's process: a restarted worker may take back at once what it had. */
    incarnation: z.uuid(),
    /** The first stage that is not finished. */
    stage: trainingStage,
    expires_at: instant,
  }),
);

/** Also says that the worker is alive: the claim now expires later. `progress` is of the stage. */
export const TrainingProgressed = defineEvent(
  'TrainingProgressed',
  z.object({ ...claimed, stage: trainingStage, progress: z.number().min(0).max(1), expires_at: instant }),
);

export const TrainingStageFinished = defineEvent(
  'TrainingStageFinished',
  z.object({ ...claimed, result: stageResult, duration_s: z.number().nonnegative(), expires_at: instant }),
);

/** The job waits for another worker. */
export const TrainingReleased = defineEvent(
  'TrainingReleased',
  z.object({ ...claimed, reason: z.enum(['expired', 'shutdown', 'error']) }),
);

export const TrainingSucceeded = defineEvent(
  'TrainingSucceeded',
  z.object({
    job_id: jobId,
    /** null: only recorded, as the gate or the request said. */
    registered: z.object({ model: modelName, version: modelVersion, seq: z.int().positive() }).nullable(),
    /** Why it was not registered. */
    reasons: z.array(z.string()),
  }),
);

export const TrainingFailed = defineEvent(
  'TrainingFailed',
  z.object({
    job_id: jobId,
    stage: trainingStage.nullable(),
    code: z.string().min(1).max(64),
    message: z.string().max(8192),
    findings: z.array(dataFinding).max(200).optional(),
  }),
);

export const TrainingCancelled = defineEvent(
  'TrainingCancelled',
  z.object({ job_id: jobId, reason: z.string().min(1).max(2000) }),
);

export const trainingEvents = [
  TrainingRequested,
  TrainingClaimed,
  TrainingProgressed,
  TrainingStageFinished,
  TrainingReleased,
  TrainingSucceeded,
  TrainingFailed,
  TrainingCancelled,
] as const;
export type TrainingEvent = EventOf<(typeof trainingEvents)[number]>;
