import { z } from 'zod';
import { deploymentName, modelName, modelVersion, sha256Digest } from '../names.js';
import { signature } from '../signature.js';
import { defineEvent, type EventOf } from './define.js';

export const environment = z.enum(['development', 'staging', 'production']);
export type Environment = z.infer<typeof environment>;

/** `acknowledged`: a prediction is answered when the log holds it. */
export const recording = z.enum(['acknowledged', 'unacknowledged']);
export type Recording = z.infer<typeof recording>;

export const strategy = z.object({ type: z.literal('direct') });
export type Strategy = z.infer<typeof strategy>;

const served = { deployment: deploymentName, rollout_id: z.uuid(), model: modelName, version: modelVersion };

/** A serving process that took part, and how long loading and warming up took it. */
export const instanceReport = z.object({ instance: z.string(), load_ms: z.number().nonnegative() });

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

/** Traffic moves with this event and with no other. */
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

/** The address takes no more traffic. */
export const DeploymentRetired = defineEvent(
  'DeploymentRetired',
  z.object({ deployment: deploymentName, reason: z.string() }),
);

export type DeploymentEvent =
  | EventOf<typeof DeploymentRequested>
  | EventOf<typeof DeploymentWentLive>
  | EventOf<typeof DeploymentFailed>
  | EventOf<typeof DeploymentStayed>
  | EventOf<typeof DeploymentRetired>;
export const deploymentEvents = [
  DeploymentRequested,
  DeploymentWentLive,
  DeploymentFailed,
  DeploymentStayed,
  DeploymentRetired,
] as const;
