import { z } from 'zod';
import { environment, recording, strategy } from '../events/deployment.js';
import { deploymentName, modelName, modelVersion, sha256Digest, versionReference } from '../names.js';
import { storable } from '../text.js';
import { accepted, listOf } from './common.js';

export const deploy = z
  .strictObject({
    deployment: deploymentName,
    model: versionReference,
    environment: environment.optional(),
    strategy: strategy.strict().optional(),
    recording: recording.optional(),
  })
  .meta({ id: 'Deploy' });
export type Deploy = z.infer<typeof deploy>;

export const deployAccepted = z
  .object({ deployment: deploymentName, rollout_id: z.uuid(), ...accepted })
  .meta({ id: 'DeployAccepted' });

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
  state: z.enum(['deploying', 'live', 'superseded', 'failed', 'retired']),
  requested_at: z.string(),
  requested_by: z.string(),
  requested_seq: z.int(),
  settled_at: z.string().nullable(),
  settled_seq: z.int().nullable(),
  failure: z.object({ code: z.string(), reason: z.string() }).nullable(),
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
