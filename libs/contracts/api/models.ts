import { z } from 'zod';
import { baseline, lineage, metrics, stage, tags } from '../events/model.js';
import { modelName, modelVersion, sha256Digest } from '../names.js';
import { signature } from '../signature.js';
import { storable } from '../text.js';
import { accepted, asOfSeq, listOf } from './common.js';

/** A signature that can be recorded, declared by a caller or read from a graph. */
export const declaredSignature = storable(signature);

export const registerModel = z
  .strictObject({
    name: modelName,
    version: modelVersion.optional(),
    artifact: sha256Digest,
    description: storable(z.string().max(10_000)).optional(),
    tags: storable(tags).optional(),
    task: storable(z.string().min(1).max(64)).optional(),
    metrics: storable(metrics).optional(),
    /** Checked against the signature read from the graph. */
    signature: declaredSignature.optional(),
    feature_names: storable(z.array(z.string().min(1).max(256)).min(1).max(100_000)).optional(),
    nullable: storable(z.array(z.string().min(1))).optional(),
    baseline: storable(baseline.strict()).optional(),
    lineage: storable(lineage.strict()).optional(),
  })
  .meta({ id: 'RegisterModel' });
export type RegisterModel = z.infer<typeof registerModel>;

export const modelRegistered = z
  .object({ model_id: modelName, version: modelVersion, stage, ...accepted })
  .meta({ id: 'ModelRegistered' });

export const versionView = z
  .object({
    version: modelVersion,
    stage,
    artifact: sha256Digest,
    size: z.int(),
    description: z.string().nullable(),
    task: z.string().nullable(),
    metrics,
    signature,
    feature_names: z.array(z.string()),
    lineage,
    baseline: baseline.nullable(),
    tags,
    created_at: z.string(),
    created_by: z.string(),
    event_id: z.string(),
    seq: z.int(),
  })
  .meta({ id: 'Version' });
export type VersionView = z.infer<typeof versionView>;

const modelFields = {
  model_id: modelName,
  champion: modelVersion.nullable(),
  aliases: z.record(z.string(), modelVersion),
};

export const modelView = z.object({ ...modelFields, versions: z.array(versionView), ...asOfSeq }).meta({ id: 'Model' });
export type ModelView = z.infer<typeof modelView>;

export const modelSummary = z
  .object({
    ...modelFields,
    versions: z.int(),
    latest_version: modelVersion,
    created_at: z.string(),
    updated_at: z.string(),
  })
  .meta({ id: 'ModelSummary' });
export type ModelSummary = z.infer<typeof modelSummary>;

export const modelList = listOf(modelSummary).meta({ id: 'ModelList' });
