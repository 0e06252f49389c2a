import { z } from 'zod';
import { curveKind, curveSummary, evaluation, metrics } from '../evaluation.js';
import {
  baseline,
  derivation,
  evidence,
  hyperparameters,
  lineage,
  optimisationMethod,
  promotionTarget,
  stage,
  tags,
} from '../events/model.js';
import { aliasName, modelName, modelVersion, sha256Digest, versionSelector } from '../names.js';
import { signature } from '../signature.js';
import { storable } from '../text.js';
import { accepted, asOfSeq, listOf } from './common.js';

/** A signature that can be recorded, declared by a caller or read from a graph. */
export const declaredSignature = storable(signature);

const reason = storable(z.string().min(1).max(2000));

export const registerModel = z
  .strictObject({
    name: modelName,
    version: modelVersion.optional(),
    artifact: sha256Digest,
    description: storable(z.string().max(10_000)).optional(),
    tags: storable(tags).optional(),
    task: storable(z.string().min(1).max(64)).optional(),
    metrics: storable(metrics).optional(),
    hyperparameters: storable(hyperparameters).optional(),
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

/** Tags to set, or with null to remove; a description to set, or with null to remove. What is left out stays. */
export const annotate = z
  .strictObject({
    tags: storable(z.record(z.string().min(1).max(128), z.string().max(1024).nullable())).optional(),
    description: storable(z.string().max(10_000).nullable()).optional(),
  })
  .refine((body) => body.tags !== undefined || body.description !== undefined, 'expected tags, description or both')
  .meta({ id: 'Annotate' });

/** `to` left out: the next stage. */
export const decideApproval = z
  .strictObject({
    decision: z.enum(['request', 'approve', 'reject']),
    to: promotionTarget.optional(),
    reason,
  })
  .meta({ id: 'DecideApproval' });

/** Curves as artifacts; the server reads them and computes their summaries itself. */
export const recordEvaluation = z
  .strictObject({
    ...evaluation.omit({ evaluation_id: true, curves: true }).shape,
    dataset: storable(z.string().min(1).max(512)),
    split: storable(z.string().min(1).max(64)).optional(),
    metrics: storable(metrics),
    confusion_matrix: storable(evaluation.shape.confusion_matrix),
    slices: storable(evaluation.shape.slices),
    notes: storable(z.string().max(10_000)).optional(),
    curves: z.partialRecord(curveKind, sha256Digest).optional(),
  })
  .meta({ id: 'RecordEvaluation' });

export const archive = z.strictObject({ reason }).meta({ id: 'Archive' });

export const promote = z
  .strictObject({
    version: versionSelector,
    to: promotionTarget,
    reason,
    /** The champion that the caller saw; null: none. */
    if_champion: modelVersion.nullable().optional(),
  })
  .meta({ id: 'Promote' });

/** `to` left out: the champion before. */
export const rollBack = z.strictObject({ to: versionSelector.optional(), reason }).meta({ id: 'RollBack' });

export const setAlias = z.strictObject({ version: versionSelector }).meta({ id: 'SetAlias' });

export const optimise = z
  .strictObject({
    method: optimisationMethod,
    /** Rows to measure the difference of the outputs on: an artifact (CSV with a header), or rows drawn by a seed. */
    sample: storable(baseline.strict()).optional(),
    seed: z.int().min(0).max(0xffff_ffff).optional(),
    /** Refused when an output differs by more, or fewer labels agree. */
    max_abs_difference: z.number().nonnegative().optional(),
    min_label_agreement: z.number().min(0).max(1).optional(),
    version: modelVersion.optional(),
  })
  .meta({ id: 'Optimise' });

/** What a change of a version is answered with. */
export const versionChanged = z
  .object({ model_id: modelName, version: modelVersion, stage, ...accepted })
  .meta({ id: 'VersionChanged' });
export const evaluationRecorded = z
  .object({
    model_id: modelName,
    version: modelVersion,
    evaluation_id: z.uuid(),
    curves: z.array(curveSummary),
    ...accepted,
  })
  .meta({ id: 'EvaluationAccepted' });
export const approvalDecided = z
  .object({
    model_id: modelName,
    version: modelVersion,
    to: promotionTarget,
    decision: z.enum(['request', 'approve', 'reject']),
    expires_at: z.string().nullable(),
    ...accepted,
  })
  .meta({ id: 'ApprovalDecided' });
/** What following deployments did before the answer; null where their read model could not say. */
const followers = z
  .array(
    z.object({
      deployment: z.string(),
      state: z.enum(['switched', 'pending', 'stayed', 'failed']),
      /** The version that takes its traffic. */
      version: modelVersion.nullable(),
    }),
  )
  .nullable();
export type Followers = z.infer<typeof followers>;
export const promoted = z
  .object({
    model_id: modelName,
    version: modelVersion,
    stage,
    champion: modelVersion.nullable(),
    demoted: modelVersion.nullable(),
    followers,
    ...accepted,
  })
  .meta({ id: 'Promoted' });
export const rolledBack = z
  .object({ model_id: modelName, champion: modelVersion, former: modelVersion, followers, ...accepted })
  .meta({ id: 'RolledBack' });
export const aliasChanged = z
  .object({ model_id: modelName, alias: aliasName, version: modelVersion.nullable(), ...accepted })
  .meta({ id: 'AliasChanged' });
export const optimised = z
  .object({ model_id: modelName, version: modelVersion, stage, artifact: sha256Digest, derivation, ...accepted })
  .meta({ id: 'Optimised' });

/** The newest word of each actor for each stage. */
export const approvalView = z.object({
  to: promotionTarget,
  decision: z.enum(['approve', 'reject']),
  actor: z.string(),
  reason: z.string(),
  at: z.string(),
  expires_at: z.string().nullable(),
  seq: z.int(),
});
export type ApprovalView = z.infer<typeof approvalView>;

/** The newest request for each stage. */
export const requestView = z.object({
  to: promotionTarget,
  actor: z.string(),
  reason: z.string(),
  at: z.string(),
  seq: z.int(),
});

export const evaluationView = evaluation.extend({ actor: z.string(), at: z.string(), seq: z.int() });
export type EvaluationView = z.infer<typeof evaluationView>;

const versionFields = {
  version: modelVersion,
  stage,
  archived: z.boolean(),
  artifact: sha256Digest,
  size: z.int(),
  description: z.string().nullable(),
  task: z.string().nullable(),
  metrics,
  hyperparameters,
  lineage,
  baseline: baseline.nullable(),
  derivation: derivation.nullable(),
  tags,
  aliases: z.array(z.string()),
  created_at: z.string(),
  created_by: z.string(),
  updated_at: z.string(),
  event_id: z.string(),
  seq: z.int(),
};

export const versionView = z
  .object({
    ...versionFields,
    signature,
    feature_names: z.array(z.string()),
    requests: z.array(requestView),
    approvals: z.array(approvalView),
    /** The newest on each data set and split, in order of recording. */
    evaluations: z.array(evaluationView),
  })
  .meta({ id: 'Version' });
export type VersionView = z.infer<typeof versionView>;

export const oneVersion = versionView.extend({ model_id: modelName, ...asOfSeq }).meta({ id: 'OneVersion' });

/** A version in a list of versions of any models. */
export const versionSummary = z.object({ model_id: modelName, ...versionFields }).meta({ id: 'VersionSummary' });
export type VersionSummary = z.infer<typeof versionSummary>;
export const versionList = listOf(versionSummary).meta({ id: 'VersionList' });

const modelFields = {
  model_id: modelName,
  champion: modelVersion.nullable(),
  /** Without `champion`. */
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

/** One event of a model's history, told for people: who decided what, why, and what they had before them. */
export const decisionView = z
  .object({
    seq: z.int(),
    event_id: z.string(),
    type: z.string(),
    at: z.string(),
    actor: z.string(),
    version: modelVersion.nullable(),
    alias: z.string().nullable(),
    reason: z.string().nullable(),
    /** Position of the configuration (the policy) that it was decided under. */
    config_seq: z.int().nullable(),
    evidence: evidence.loose().nullable(),
    /** What else the event says: `to`, `demoted`, `former`, `dataset`, … */
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Decision' });
export type DecisionView = z.infer<typeof decisionView>;
export const decisionList = listOf(decisionView).meta({ id: 'DecisionList' });
