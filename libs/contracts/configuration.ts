import { z } from 'zod';
import { batchLimits } from './api/predict.js';
import { dataChecks } from './datasets/checks.js';
import { environment, recording } from './events/deployment.js';
import { monitoringConfig } from './monitoring/configuration.js';
import { modelName } from './names.js';
import { algorithm, givenParameters, learningTask } from './training/algorithms.js';
import { featurePipeline } from './training/features.js';
import { searchSpaces, searchStrategy } from './training/search.js';
import { commandTrainer, givenGate, trainingGate, validationPlan } from './training/spec.js';

/** A bound on a metric that a version must have to be promoted. */
const metricBound = z
  .strictObject({
    metric: z.string().min(1).max(128),
    min: z.number().optional(),
    max: z.number().optional(),
    /** Of the newest evaluation on this data set; left out: as registered. */
    dataset: z.string().min(1).max(512).optional(),
    /** Of that data set; left out: whichever split was evaluated last. */
    split: z.string().min(1).max(64).optional(),
  })
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'expected min, max or both')
  .refine(
    ({ dataset, split }) => split === undefined || dataset !== undefined,
    'expected dataset where split is named',
  );
export type MetricBound = z.infer<typeof metricBound>;

const promotionPolicy = z
  .strictObject({
    /** How many must have approved. */
    approvals: z.int().min(0).max(20).default(0),
    /** Who registered the version, requested the promotion or promotes does not count as an approver. */
    four_eyes: z.boolean().default(true),
    /** Hours after which an approval no longer counts; null: never. */
    approval_valid_h: z.number().positive().max(87_600).nullable().default(null),
    evidence: z
      .strictObject({
        metrics: z.array(metricBound).max(50).default([]),
        /** Data sets on which an evaluation must be recorded. */
        evaluation_on: z.array(z.string().min(1).max(512)).max(20).default([]),
        /** Callers of the champion can stay callers of the version. */
        compatible_signature: z.boolean().default(false),
      })
      .prefault({}),
  })
  .prefault({});
/** What a promotion to one stage takes. */
export type PromotionPolicy = z.infer<typeof promotionPolicy>;

/** How one model is trained: what a request leaves out. */
const modelTraining = z.strictObject({
  algorithm: z.union([algorithm, z.literal('auto')]).optional(),
  hyperparameters: givenParameters.optional(),
  task: learningTask.optional(),
  features: z.array(z.string().min(1)).min(1).optional(),
  pipeline: featurePipeline.optional(),
  trainer: z.enum(['builtin', 'command']).optional(),
  /** Which of `training.commands` in pipeline_config.yaml. */
  command: z.string().min(1).max(64).optional(),
  validation: validationPlan.partial().strict().optional(),
  search: z
    .strictObject({
      trials: z.int().min(1).max(10_000),
      strategy: searchStrategy.optional(),
      spaces: searchSpaces.optional(),
      time_limit_s: z.number().positive().optional(),
    })
    .optional(),
  checks: dataChecks.optional(),
  slices: z.array(z.string().min(1)).max(20).optional(),
  gate: givenGate.optional(),
  register: z.boolean().optional(),
});
export type ModelTraining = z.infer<typeof modelTraining>;

/** config/model_config.yaml */
export const modelConfig = z.strictObject({ models: z.record(modelName, modelTraining).default({}) }).prefault({});

const trainingDefaults = z
  .strictObject({
    /** For a request and a model that name none. */
    algorithm: z.union([algorithm, z.literal('auto')]).default('gradient_boosting'),
    validation: z
      .strictObject({
        test_size: z.number().gt(0).lt(1).default(0.2),
        cv_folds: z.int().min(2).max(50).default(5),
      })
      .prefault({}),
    search: z
      .strictObject({
        strategy: searchStrategy.default('bayesian'),
        /** So many trials may run at once: a proposal rests on those before it but for the last so many less one. */
        lookback: z.int().min(1).max(64).default(4),
        /** Trials of `algorithm: auto` where none are asked for. */
        auto_trials: z.int().min(1).max(10_000).default(20),
      })
      .prefault({}),
    gate: trainingGate.prefault({}),
    /** Seconds a worker may be silent before another one may take its job. */
    claim_s: z.number().min(1).max(3600).default(60),
    /** Seconds from the request to the end. */
    timeout_s: z.number().positive().max(604_800).default(86_400),
    /** Claims that may fail to finish one stage before the job fails. */
    max_attempts: z.int().min(1).max(1000).default(10),
    /** Data sets are fetched from URLs that begin so, and from no others. */
    allowed_urls: z
      .array(z.url({ protocol: /^https?$/ }))
      .max(100)
      .default([]),
    /** Trainers outside, by name. */
    commands: z.record(z.string().regex(/^[A-Za-z0-9_-]{1,64}$/), commandTrainer).default({}),
  })
  .prefault({});
export type TrainingDefaults = z.infer<typeof trainingDefaults>;

/** config/pipeline_config.yaml. A key arrives with the behaviour it steers. */
export const pipelineConfig = z
  .strictObject({
    registry: z
      .strictObject({
        promotion: z.strictObject({ staging: promotionPolicy, production: promotionPolicy }).prefault({}),
      })
      .prefault({}),
    deployment: z
      .strictObject({
        /** For a deploy command that names none. */
        default_environment: environment.default('development'),
        default_recording: recording.default('acknowledged'),
        /** Seconds that serving processes have to load a version before the deployment fails. */
        load_timeout_s: z.number().positive().max(3600).default(60),
        blue_green: z
          .strictObject({
            /** Recorded requests that a version answers at most before it takes traffic. */
            warmup_requests: z.int().min(0).max(1000).default(100),
            /** Seconds that the former version is kept warm for a rollback. */
            keep_old_s: z.number().min(0).max(604_800).default(600),
          })
          .prefault({}),
        /** A version is cut off when serving processes died of it so often within so many seconds. */
        circuit_breaker: z
          .strictObject({
            crashes: z.int().min(1).max(1000).default(3),
            within_s: z.number().positive().max(86_400).default(300),
          })
          .prefault({}),
      })
      .prefault({}),
    training: trainingDefaults,
    serving: z
      .strictObject({
        /** Rows of one run of a model; more are cut into several runs. */
        max_batch_rows: z.int().min(1).max(65_536).default(1024),
        /**
         * Rows waiting or being recorded in one serving process; above it a request is refused with 503. At least as many
         * as a request may have: one of more rows would be told to come again for ever.
         */
        max_queued_rows: z.int().min(batchLimits.rows).max(10_000_000).default(100_000),
        /** Milliseconds that the oldest row may wait; past it further requests are refused with 503. */
        queue_deadline_ms: z.number().positive().max(600_000).default(2_000),
        /** Answers kept for identical requests, for each version in each process; 0: none. */
        cache_entries: z.int().min(0).max(10_000_000).default(0),
        /** MiB of models that a process holds; above it the least recently used are let go and loaded again when asked for. */
        max_model_mb: z.number().positive().nullable().default(null),
        /** Models loaded after which a process is replaced (the runtime leaks a little with each). */
        recycle_after_loads: z.int().min(1).max(1_000_000).default(500),
        scaling: z
          .strictObject({
            /** Left out: MODELOG_SERVING_PROCESSES. */
            min: z.int().min(1).max(256).optional(),
            max: z.int().min(1).max(256).optional(),
            /** Rows waiting in a process, and milliseconds, above which there should be more processes. */
            queued_rows: z.number().positive().default(256),
            p99_ms: z.number().positive().default(250),
            /** Seconds that it has to be quiet before a process is taken away. */
            cool_down_s: z.number().positive().max(86_400).default(60),
          })
          .refine(({ min, max }) => min === undefined || max === undefined || min <= max, {
            path: ['max'],
            message: 'expected at least min',
          })
          .prefault({}),
      })
      .prefault({}),
  })
  .prefault({});

/** The YAML files by name (without `_config.yaml`). */
export const configurationFiles = z.strictObject({
  model: modelConfig,
  pipeline: pipelineConfig,
  monitoring: monitoringConfig,
});
export type ConfigurationFiles = z.infer<typeof configurationFiles>;

const port = z.coerce.number().pipe(z.int().min(1).max(65_535));

/** Environment variables that the apps read; the platform sets those that begin with MODELOG_ for its children. */
export const environmentVariables = z.object({
  NATS_URL: z.string().min(1),
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'a PostgreSQL URL begins with postgres:// or postgresql://'),
  MODELOG_HOST: z.string().min(1).default('127.0.0.1'),
  MODELOG_PORT: port.default(5000),
  MODELOG_DATA_DIR: z.string().min(1).default('.modelog'),
  MODELOG_CONFIG_DIR: z.string().min(1).default('config'),
  /** Where relative data set paths resolve (default: `datasets` in the data folder). */
  MODELOG_DATASETS_DIR: z.string().min(1).optional(),
  /** Threads of one training worker (default: the cores). */
  MODELOG_TRAINING_THREADS: z.coerce.number().pipe(z.int().min(1).max(256)).optional(),
  MODELOG_REPLICAS: z.coerce
    .number()
    .pipe(z.union([z.literal(1), z.literal(3), z.literal(5)]))
    .default(1),
  MODELOG_INSTANCE: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, _ and -, at most 64')
    .default('local'),
  /** Where a serving process forwards what it does not answer itself. */
  MODELOG_API_URL: z.url().default('http://127.0.0.1:5080'),
  /** Inherited listening sockets; without them an app binds its own port. */
  MODELOG_PUBLIC_FD: z.coerce.number().pipe(z.int().min(3)).optional(),
  MODELOG_API_FD: z.coerce.number().pipe(z.int().min(3)).optional(),
  /** Open Inference Protocol over gRPC: its port, and the inherited socket. Left out: it is not served. */
  MODELOG_GRPC_PORT: port.optional(),
  MODELOG_GRPC_FD: z.coerce.number().pipe(z.int().min(3)).optional(),
  /** Which monitoring process of how many this is, `0/1`: each watches its own part of the deployments. */
  MODELOG_MONITORING_PLACE: z
    .string()
    .regex(/^\d{1,3}\/\d{1,3}$/, 'a place is INDEX/COUNT, for example 0/2')
    .default('0/1'),
  /** How many serving processes the platform starts with. */
  MODELOG_SERVING_PROCESSES: z.coerce.number().pipe(z.int().min(1).max(256)).optional(),
  /**
   * The signal that ended the process before this one under the same MODELOG_INSTANCE; `unresponsive` where it was killed
   * because its event loop stood still.
   */
  MODELOG_LAST_EXIT: z
    .string()
    .regex(/^(SIG[A-Z0-9]+|unresponsive)$/)
    .optional(),
  /** Signs and checks tokens. Without it there is no authentication, and the server stays on loopback. */
  MODELOG_AUTH_SECRET: z.string().min(32, 'at least 32 characters').optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});
export type EnvironmentVariables = z.infer<typeof environmentVariables>;
