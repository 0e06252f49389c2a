import { z } from 'zod';
import { baseline, lineage, stage } from '../events/model.js';
import { modelName, modelVersion, sha256Digest } from '../names.js';
import { tensorType } from '../signature.js';
import { asOfSeq } from './common.js';

/** One entry for each version compared, in the order asked for; null: this version does not have it. */
const perVersion = <Item extends z.ZodType>(item: Item) => z.array(item.nullable());

/** A number of each version; `differences` are to the first one. */
const numbers = { values: perVersion(z.number()), differences: perVersion(z.number()) };

/** Of one feature's values in a baseline. */
export const featureProfile = z.object({
  rows: z.int(),
  missing: z.int(),
  distinct: z.int(),
  numeric: z
    .object({
      mean: z.number(),
      /** Of the sample (n − 1); 0 for one value. */
      standard_deviation: z.number(),
      min: z.number(),
      q25: z.number(),
      median: z.number(),
      q75: z.number(),
      max: z.number(),
    })
    .nullable(),
  /** The most frequent values, as text. */
  top: z.array(z.object({ value: z.string(), count: z.int() })),
});
export type FeatureProfile = z.infer<typeof featureProfile>;

export const comparison = z
  .object({
    versions: z.array(
      z.object({
        model_id: modelName,
        version: modelVersion,
        stage,
        archived: z.boolean(),
        artifact: sha256Digest,
        created_at: z.string(),
        created_by: z.string(),
      }),
    ),
    metrics: z.array(z.object({ metric: z.string(), ...numbers })),
    evaluations: z.array(
      z.object({ dataset: z.string(), split: z.string().nullable(), metric: z.string(), ...numbers }),
    ),
    hyperparameters: z.array(z.object({ name: z.string(), values: z.array(z.unknown()), same: z.boolean() })),
    signatures: z.object({
      /** Whether a caller of the first version can stay a caller of this one. */
      compatible: z.array(z.boolean()),
      features: z.array(
        z.object({
          feature: z.string(),
          /** `shape`: of one row, where the feature is a whole input. */
          values: perVersion(
            z.object({ type: tensorType, nullable: z.boolean(), shape: z.array(z.int().positive()).optional() }),
          ),
          same: z.boolean(),
        }),
      ),
      outputs: z.array(z.object({ output: z.string(), values: perVersion(z.string()), same: z.boolean() })),
    }),
    lineage: z.array(z.object({ field: lineage.keyof(), values: perVersion(z.string()), same: z.boolean() })),
    baselines: z.object({
      references: perVersion(baseline),
      /** Why a baseline could not be profiled. */
      problems: perVersion(z.string()),
      features: z.array(z.object({ feature: z.string(), profiles: perVersion(featureProfile) })),
    }),
    /** Bytes. */
    sizes: z.object(numbers),
    /** Of recorded traffic, all deployments together, in milliseconds. */
    latency: perVersion(
      z.object({
        served: z.int(),
        failed: z.int(),
        mean_ms: z.number().nullable(),
        min_ms: z.number().nullable(),
        max_ms: z.number().nullable(),
      }),
    ),
    ...asOfSeq,
    as_of_cut: z.object({ events: z.int(), traffic: z.int() }),
  })
  .meta({ id: 'Comparison' });
export type Comparison = z.infer<typeof comparison>;
