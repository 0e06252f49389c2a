import { z } from 'zod';
import { deploymentName, modelName, modelVersion, sha256Digest } from '../names.js';
import { signature } from '../signature.js';
import { defineEvent, type EventOf } from './define.js';

export const environment = z.enum(['development', 'staging', 'production']);
export type Environment = z.infer<typeof environment>;

/** `acknowledged`: a prediction is answered when the log holds it. */
export const recording = z.enum(['acknowledged', 'unacknowledged']);
export type Recording = z.infer<typeof recording>;

/**
 * How many recorded requests a version answers at most before it takes traffic (the newest of its deployment, repeated for
 * a moment where there are fewer), or these very inputs. Their answers go nowhere.
 */
export const warmupRequests = z.union([
  z.int().min(0).max(1000),
  z.array(z.record(z.string(), z.unknown())).min(1).max(100),
]);
export type WarmupRequests = z.infer<typeof warmupRequests>;

/** How traffic moves to a version. `blue_green`: when all have it warm, with the former one kept for `keep_old_s`. */
export const strategy = z.discriminatedUnion('type', [
  z.object({ type: z.literal('direct') }),
  z.object({
    type: z.literal('blue_green'),
    warmup_requests: warmupRequests,
    keep_old_s: z.number().min(0).max(604_800),
  }),
]);
export type Strategy = z.infer<typeof strategy>;

const served = { deployment: deploymentName, rollout_id: z.uuid(), model: modelName, version: modelVersion };

/** A serving process that took part, and how long loading and warming up took it. */
export const instanceReport = z.object({
  instance: z.string(),
  load_ms: z.number().nonnegative(),
  /** Requests that it answered to warm up. */
  warmed: z.int().nonnegative().optional(),
});

/** Everything a serving process needs to load the version; traffic does not move yet. */
export const DeploymentRequested = defineEvent(
  'DeploymentRequested',
  z.object({
    ...served,
    environment,
    strategy,
    recording,
    artifact: sha256Digest,
    signature,
    /** The deployment keeps to the model's champion; `champion_seq` is the event that made this version champion. */
    follows: z.literal('champion').optional(),
    champion_seq: z.int().positive().optional(),
    /** EVENTS sequence of the model's state that this decision saw. */
    model_seq: z.int().positive(),
    /** After so many seconds without a loaded serving process the deployment fails. */
    load_timeout_s: z.number().positive(),
  }),
);

/** `blue_green`: every living serving process has the version loaded and warm; traffic does not move yet. */
export const DeploymentPrepared = defineEvent(
  'DeploymentPrepared',
  z.object({ ...served, instances: z.array(instanceReport).min(1) }),
);

/** Traffic moves to the version that was requested. Nothing but this and a rollback moves traffic. */
export const DeploymentWentLive = defineEvent(
  'DeploymentWentLive',
  z.object({ ...served, instances: z.array(instanceReport).min(1) }),
);

/** The requested version could not be loaded; traffic stays where it was. */
export const DeploymentFailed = defineEvent(
  'DeploymentFailed',
  z.object({ ...served, code: z.string(), reason: z.string() }),
);

/** The champion that the deployment follows has moved, and it does not go along: traffic stays where it was. */
export const DeploymentStayed = defineEvent(
  'DeploymentStayed',
  z.object({
    deployment: deploymentName,
    model: modelName,
    /** The version that is champion now, the event that made it so, and the version that goes on serving. */
    champion: modelVersion,
    champion_seq: z.int().positive(),
    version: modelVersion,
    code: z.enum(['incompatible_signature']),
    reason: z.string(),
  }),
);

/** A version that takes part in a deployment: by the rollout that brought it. */
const place = z.object({ rollout_id: z.uuid(), model: modelName, version: modelVersion });

/**
 * Traffic is back on the version that took it before, which every serving process kept warm. The one it leaves is kept in
 * its place. A rollout that was under way is over.
 */
export const DeploymentRolledBack = defineEvent(
  'DeploymentRolledBack',
  z.object({
    deployment: deploymentName,
    from: place,
    to: place,
    /** The rollout that was under way. */
    aborted: z.uuid().nullable(),
    reason: z.string(),
  }),
);

/** The former version is no longer kept: serving processes give up its memory, and nothing can be rolled back to. */
export const FormerVersionReleased = defineEvent(
  'FormerVersionReleased',
  z.object({
    deployment: deploymentName,
    /** The version that is live. */
    rollout_id: z.uuid(),
    released: place,
  }),
);

/**
 * A serving process died while it ran this version. With `cut_off` it was one time too many: the version takes no more
 * requests until another one is live, or it is deployed again.
 */
export const VersionCrashed = defineEvent(
  'VersionCrashed',
  z.object({
    deployment: deploymentName,
    ...place.shape,
    instance: z.string(),
    epoch: z.string(),
    /** The signal that ended the process; `unresponsive` where it was killed because its event loop stood still. */
    cause: z.string(),
    /** Crashes of this rollout within `within_s`, this one included. */
    crashes: z.int().positive(),
    within_s: z.number().positive(),
    cut_off: z.boolean(),
  }),
);

/** The address takes no more traffic. */
export const DeploymentRetired = defineEvent(
  'DeploymentRetired',
  z.object({ deployment: deploymentName, reason: z.string() }),
);

export type DeploymentEvent =
  | EventOf<typeof DeploymentRequested>
  | EventOf<typeof DeploymentPrepared>
  | EventOf<typeof DeploymentWentLive>
  | EventOf<typeof DeploymentRolledBack>
  | EventOf<typeof FormerVersionReleased>
  | EventOf<typeof VersionCrashed>
  | EventOf<typeof DeploymentFailed>
  | EventOf<typeof DeploymentStayed>
  | EventOf<typeof DeploymentRetired>;
export const deploymentEvents = [
  DeploymentRequested,
  DeploymentPrepared,
  DeploymentWentLive,
  DeploymentFailed,
  DeploymentStayed,
  DeploymentRolledBack,
  FormerVersionReleased,
  VersionCrashed,
  DeploymentRetired,
] as const;
