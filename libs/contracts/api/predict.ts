import { z } from 'zod';
import type { JsonValue } from '#libs/kernel/index.js';
import { deploymentName, modelName, modelVersion, sha256Digest } from '../names.js';
import { asOfSeq } from './common.js';
import { decisionView } from './models.js';
import { finding } from './monitoring.js';

/** Limits of a batch, in rows and bytes; and of a single prediction, in bytes. */
export const batchLimits = { rows: 10_000, bytes: 16 * 1024 * 1024, singleBytes: 1024 * 1024 } as const;

const shortText = z.string().min(1).max(256);
const featureValues = z.record(z.string(), z.unknown());
const traits = {
  request_id: shortText.optional(),
  routing_key: shortText.optional(),
  subject_id: shortText.optional(),
};

export const predict = z
  .strictObject({ deployment: deploymentName, input: featureValues, ...traits })
  .meta({ id: 'Predict' });
export const predictBatch = z
  .strictObject({ deployment: deploymentName, inputs: z.array(featureValues).min(1).max(batchLimits.rows), ...traits })
  .meta({ id: 'PredictBatch' });

/** A number, a string, a boolean, or arrays of them; what JSON cannot hold (NaN, an infinity) is null. */
const outputValue = z.unknown() as z.ZodType<JsonValue>;

export const predictionOutput = z
  .object({
    /** The class as trained. An int64 beyond 2^53 is a string of its digits. */
    label: outputValue.optional(),
    /** By class as text; by index where the graph does not name its classes. */
    probabilities: z.record(z.string(), outputValue).optional(),
    /** The plain output, nested as its shape; or each by its name where there are several. */
    value: outputValue.optional(),
  })
  .meta({ id: 'PredictionOutput' });
export type PredictionOutput = z.infer<typeof predictionOutput>;

export const predicted = z
  .object({
    prediction_id: z.string(),
    deployment: deploymentName,
    model: modelName,
    version: modelVersion,
    output: predictionOutput,
  })
  .meta({ id: 'Prediction' });

export const batchPredicted = z
  .object({
    predictions: z.array(z.object({ prediction_id: z.string(), version: modelVersion, output: predictionOutput })),
  })
  .meta({ id: 'BatchPrediction' });

const versionHealth = z.object({
  model: modelName,
  version: modelVersion,
  role: z.string(),
  weight: z.number(),
  loaded: z.boolean(),
});
const lastError = z.object({ at: z.string(), code: z.string(), detail: z.string() });

/** What one serving process serves. */
export const processHealth = z
  .object({
    instance: z.string(),
    routing_seq: z.int(),
    deployments: z.array(
      z.object({
        deployment: deploymentName,
        versions: z.array(versionHealth),
        last_error: lastError.nullable(),
      }),
    ),
  })
  .meta({ id: 'ProcessHealth' });

/** What all serving processes serve. */
export const predictHealth = z
  .object({
    /** The least of all processes. */
    routing_seq: z.int(),
    processes: z.array(
      z.object({ instance: z.string(), routing_seq: z.int().nullable(), state: z.enum(['serving', 'silent']) }),
    ),
    deployments: z.array(
      z.object({
        deployment: deploymentName,
        /** `loaded`: in every process that answered; `loaded_by`: in how many. */
        versions: z.array(versionHealth.extend({ loaded_by: z.int() })),
        last_error: lastError.extend({ instance: z.string() }).nullable(),
      }),
    ),
  })
  .meta({ id: 'PredictHealth' });

/** The story of one prediction. */
export const why = z
  .object({
    prediction_id: z.string(),
    deployment: deploymentName,
    outcome: z.enum(['served', 'failed', 'refused']),
    recorded_at: z.string(),
    began_at: z.string(),
    latency_ms: z.number(),
    request: z.object({
      input: z.record(z.string(), z.unknown()).nullable(),
      request_id: z.string().nullable(),
      routing_key: z.string().nullable(),
      subject_id: z.string().nullable(),
    }),
    output: predictionOutput.nullable(),
    failure: z.object({ code: z.string(), detail: z.unknown() }).nullable(),
    model: modelName,
    version: modelVersion,
    artifact: sha256Digest,
    identity: z.object({
      epoch: z.string(),
      counter: z.int(),
      row: z.int(),
      traffic_seq: z.int(),
      instance: z.string(),
    }),
    route: z.object({ routing_seq: z.int(), role: z.string(), rollout_id: z.string(), reason: z.string() }),
    rollout: z
      .object({
        requested_seq: z.int(),
        requested_at: z.string(),
        requested_by: z.string(),
        live_seq: z.int().nullable(),
        live_at: z.string().nullable(),
        environment: z.string(),
      })
      .nullable(),
    registration: z
      .object({
        seq: z.int(),
        event_id: z.string(),
        registered_at: z.string(),
        registered_by: z.string(),
        stage: z.string(),
        metrics: z.record(z.string(), z.number()),
        lineage: z.record(z.string(), z.unknown()),
      })
      .nullable(),
    /** Requests, approvals, rejections, promotions and rollbacks of the version up to its routing table. */
    decisions: z.array(decisionView),
    /** What was observed since, up to the moment asked for: at most the 100 that count most, the one that counts first. */
    labels: z.array(
      z.object({
        label: z.union([z.string(), z.number(), z.boolean()]),
        observed_at: z.string(),
        recorded_at: z.string(),
        event_id: z.string(),
        /** Whether it is the newest: of those, the one that holds. */
        counts: z.boolean(),
      }),
    ),
    /**
     * What was wrong with the version in this deployment when the prediction was recorded, by the log's time of the traffic
     * that it was found in; as it is known at the moment asked for. At most the hundred that were raised last, newest first.
     */
    findings: z.array(finding),
    ...asOfSeq,
  })
  .meta({ id: 'Why' });
export type Why = z.infer<typeof why>;
