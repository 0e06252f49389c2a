import { z } from 'zod';
import { evaluation, metrics } from '../evaluation.js';
import { aliasName, modelName, modelVersion, sha256Digest } from '../names.js';
import { signature } from '../signature.js';
import { defineEvent, type EventOf } from './define.js';

export const stage = z.enum(['development', 'staging', 'production']);
export type Stage = z.infer<typeof stage>;

/** Stages that a version is promoted to. */
export const promotionTarget = z.enum(['staging', 'production']);
export type PromotionTarget = z.infer<typeof promotionTarget>;

/** Where a version came from. What does not exist in Modelog is recorded as given. */
export const lineage = z.object({
  dataset: z.string().min(1).max(512).optional(),
  training_job: z.string().min(1).max(512).optional(),
  source: z.string().min(1).max(2048).optional(),
  /** `name@1.2.0`, or `1.2.0` of the same model. */
  parent_version: z.string().min(1).max(300).optional(),
});
export type Lineage = z.infer<typeof lineage>;

/** Training data to compare traffic with, as an artifact. */
export const baseline = z.object({ artifact: sha256Digest, format: z.string().min(1).max(64) });

export const tags = z.record(z.string().min(1).max(128), z.string().max(1024));
export const hyperparameters = z.record(
  z.string().min(1).max(128),
  z.union([z.number(), z.string().max(1024), z.boolean(), z.null()]),
);

export const optimisationMethod = z.enum(['graph', 'dynamic_int8']);
export type OptimisationMethod = z.infer<typeof optimisationMethod>;

/** How a version was made from another one by rewriting its graph, and what that did to its outputs. */
export const derivation = z.object({
  method: optimisationMethod,
  parent: z.object({ model: modelName, version: modelVersion, artifact: sha256Digest }),
  /** Bytes. */
  size_before: z.int().positive(),
  size_after: z.int().positive(),
  /** What was changed: `MatMul → MatMulInteger` → how often. */
  rewrites: z.record(z.string(), z.int().positive()),
  /** Both graphs run on the same rows. */
  outputs: z.object({
    rows: z.int().positive(),
    /** An artifact with rows, or a seed of rows drawn from the signature. */
    inputs: z.union([z.object({ artifact: sha256Digest }), z.object({ seed: z.int().nonnegative() })]),
    /** Over all numeric outputs; null where there are none. */
    max_abs_difference: z.number().nullable(),
    mean_abs_difference: z.number().nullable(),
    /** Share of rows with the same label; null where the model gives none. */
    label_agreement: z.number().min(0).max(1).nullable(),
  }),
});
export type Derivation = z.infer<typeof derivation>;

const version = { model: modelName, version: modelVersion };
const reason = z.string().min(1).max(2000);
/** Position of another event of this log. */
const seq = z.int().positive();

/** What is recorded of a version when it is registered; a model begins with its first version. */
export const VersionRegistered = defineEvent(
  'VersionRegistered',
  z.object({
    ...version,
    artifact: sha256Digest,
    size: z.int().nonnegative(),
    description: z.string().optional(),
    task: z.string().optional(),
    tags,
    metrics,
    hyperparameters: hyperparameters.optional(),
    signature,
    baseline: baseline.optional(),
    lineage,
    derivation: derivation.optional(),
  }),
);

/** Description and tags as they are from here on, whole. */
export const VersionAnnotated = defineEvent(
  'VersionAnnotated',
  z.object({ ...version, description: z.string().nullable(), tags }),
);

export const EvaluationRecorded = defineEvent('EvaluationRecorded', z.object({ ...version, evaluation }));

/** What a decision rested on: what there was to see of the version when it was made. */
export const evidence = z.object({
  artifact: sha256Digest,
  /** Left out, here and below, where they would take too much room: the event at its position has them. */
  metrics: metrics.optional(),
  /** The newest evaluation on each data set and split; the newest hundred of them. */
  evaluations: z.array(
    z.object({
      seq,
      evaluation_id: z.uuid(),
      dataset: z.string(),
      split: z.string().optional(),
      metrics: metrics.optional(),
    }),
  ),
  /** The champion of that moment, and whether its callers could stay callers of this version. */
  champion: z.object({ version: modelVersion, compatible: z.boolean() }).nullable(),
});
export type Evidence = z.infer<typeof evidence>;

/** Somebody wants the version promoted; four eyes means that somebody else approves. */
export const PromotionRequested = defineEvent(
  'PromotionRequested',
  z.object({ ...version, to: promotionTarget, reason }),
);

export const VersionApproved = defineEvent(
  'VersionApproved',
  z.object({ ...version, to: promotionTarget, reason, evidence, expires_at: z.iso.datetime().nullable() }),
);

/** Stands until the same actor approves. */
export const VersionRejected = defineEvent(
  'VersionRejected',
  z.object({ ...version, to: promotionTarget, reason, evidence }),
);

/** An approval that a promotion counted. */
export const countedApproval = z.object({ seq, actor: z.string(), at: z.string() });

/** Promotion to production demotes the former champion to staging by this same event. */
export const VersionPromoted = defineEvent(
  'VersionPromoted',
  z.object({
    ...version,
    from: stage,
    to: promotionTarget,
    /** The champion before. */
    demoted: modelVersion.nullable(),
    reason,
    evidence: evidence.extend({ approvals: z.array(countedApproval) }),
  }),
);

/** The champion goes back to a version that was champion before; the one it leaves returns to staging. */
export const ChampionRolledBack = defineEvent(
  'ChampionRolledBack',
  z.object({ ...version, former: modelVersion, reason, evidence }),
);

export const AliasSet = defineEvent(
  'AliasSet',
  z.object({ ...version, alias: aliasName, former: modelVersion.nullable() }),
);
export const AliasRemoved = defineEvent(
  'AliasRemoved',
  z.object({ model: modelName, alias: aliasName, former: modelVersion }),
);

/** Out of use for good; aliases that named it end with it. */
export const VersionArchived = defineEvent(
  'VersionArchived',
  z.object({
    ...version,
    reason,
    aliases: z.array(aliasName),
    /** No deployment served the version at this position, and nothing was appended between it and this event. */
    deployments_seq: seq,
  }),
);

export const modelEvents = [
  VersionRegistered,
  VersionAnnotated,
  EvaluationRecorded,
  PromotionRequested,
  VersionApproved,
  VersionRejected,
  VersionPromoted,
  ChampionRolledBack,
  AliasSet,
  AliasRemoved,
  VersionArchived,
] as const;
export type ModelEvent = EventOf<(typeof modelEvents)[number]>;
