import { z } from 'zod';
import { environment, recording, strategy, warmupRequests } from '../events/deployment.js';
import { deploymentName, modelName, modelVersion, sha256Digest, versionReference } from '../names.js';
import { storable } from '../text.js';
import { accepted, listOf } from './common.js';

const requestedStrategy = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('direct') }),
  z.strictObject({
    type: z.literal('blue_green'),
    warmup_requests: warmupRequests.optional(),
    /** Seconds that the former version is kept warm. */
    keep_old_s: z.number().min(0).max(604_800).optional(),
  }),
]);
export type RequestedStrategy = z.infer<typeof requestedStrategy>;

export const deploy = z
  .strictObject({
    deployment: deploymentName,
    model: versionReference,
    environment: environment.optional(),
    strategy: requestedStrategy.optional(),
    recording: recording.optional(),
  })
  .meta({ id: 'Deploy' });
export type Deploy = z.infer<typeof deploy>;

export const deployAccepted = z
  .object({ deployment: deploymentName, rollout_id: z.uuid(), ...accepted })
  .meta({ id: 'DeployAccepted' });

export const rollBackDeployment = z
  .strictObject({
    deployment: deploymentName,
    reason: storable(z.string().min(1).max(2000)),
    /** The former version, to be sure of it: another one is refused. */
    to: versionReference.optional(),
  })
  .meta({ id: 'RollBackDeployment' });
export type RollBackDeployment = z.infer<typeof rollBackDeployment>;

const placed = z.object({ rollout_id: z.uuid(), model: modelName, version: modelVersion });
/** Answered when no serving process can route by the table before. */
export const deploymentRolledBack = z
  .object({
    deployment: deploymentName,
    from: placed,
    to: placed,
    /** Serving processes that said so, and those that did not: whose right to route ran out. */
    confirmed_by: z.array(z.string()),
    expired: z.array(z.string()),
    ...accepted,
  })
  .meta({ id: 'DeploymentRolledBack' });
export type DeploymentRolledBack = z.infer<typeof deploymentRolledBack>;

export const retire = z.strictObject({ reason: storable(z.string().min(1).max(2000)) }).meta({ id: 'Retire' });
export const retired = z.object({ deployment: deploymentName, ...accepted }).meta({ id: 'Retired' });

export const deploymentState = z.enum([
  'deploying',
  'live',
  'rolling_out',
  'paused',
  'rolled_back',
  'failed',
  'retired',
]);
export type DeploymentState = z.infer<typeof deploymentState>;

const rollout = z.object({
  rollout_id: z.string(),
  model: modelName,
  version: modelVersion,
  artifact: sha256Digest,
  strategy,
  recording,
  /** The event that made the version champion, where the deployment follows it. */
  champion_seq: z.int().nullable(),
  /** `prepared`: warm everywhere, not live yet; `former`: kept warm; `superseded`: no longer kept. */
  state: z.enum([
    'deploying',
    'prepared',
    'live',
    'former',
    'superseded',
    'rolled_back',
    'aborted',
    'failed',
    'retired',
  ]),
  requested_at: z.string(),
  requested_by: z.string(),
  requested_seq: z.int(),
  settled_at: z.string().nullable(),
  settled_seq: z.int().nullable(),
  failure: z.object({ code: z.string(), reason: z.string() }).nullable(),
  /** Serving processes that died while they ran it. */
  crashes: z.int(),
  /** Why it takes no more requests. */
  cut_off: z.object({ at: z.string(), seq: z.int(), cause: z.string(), crashes: z.int() }).nullable(),
});
export type RolloutView = z.infer<typeof rollout>;

export const deploymentView = z
  .object({
    deployment: deploymentName,
    environment,
    state: deploymentState,
    recording,
    /** Null: its version is named outright. */
    follows: z
      .object({
        model: modelName,
        alias: z.literal('champion'),
        /** `failed`: the champion could not be loaded, and the version before serves on. */
        state: z.enum(['following', 'switching', 'stayed', 'failed']),
        /** Why it stayed on its version while the champion moved on. */
        stayed: z
          .object({ champion: modelVersion, champion_seq: z.int(), code: z.string(), reason: z.string() })
          .nullable(),
      })
      .nullable(),
    versions: z.array(
      z.object({
        model: modelName,
        version: modelVersion,
        role: z.string(),
        weight: z.number(),
        ready_instances: z.int(),
      }),
    ),
    rollout: rollout.nullable(),
    history: z.array(rollout),
  })
  .meta({ id: 'Deployment' });
export type DeploymentView = z.infer<typeof deploymentView>;

export const deploymentList = listOf(deploymentView).meta({ id: 'DeploymentList' });
