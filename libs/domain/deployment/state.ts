import { z } from 'zod';
import {
  environment,
  modelName,
  modelVersion,
  recording,
  strategy,
  type DeploymentRequested,
  type EventOf,
} from '#libs/contracts/index.js';

/** A serving process that died while it ran a version. */
const crash = z.object({ instance: z.string(), epoch: z.string(), at: z.string() });

const rollout = z.object({
  rollout_id: z.uuid(),
  model: modelName,
  version: modelVersion,
  recording,
  strategy,
  /**
   * The newest move of the model's champion that the deployment, with this rollout, has answered: by going along, by
   * staying, by failing to load it or by rolling it back. Null: the version was named outright.
   */
  champion_seq: z.int().nullable(),
  /** `blue_green`: every serving process has it warm. */
  prepared: z.boolean(),
  /** Those within the circuit breaker's window, as of the last of them. */
  crashes: z.array(crash),
  /** It takes no requests: serving processes kept dying of it. */
  cut_off: z.boolean(),
});
export type RolloutState = z.infer<typeof rollout>;

export const deploymentState = z.object({
  environment: environment.nullable(),
  /** The version that takes the traffic. */
  live: rollout.nullable(),
  /** The version that took it before, or that a rollback took it from: kept warm, and what a rollback returns to. */
  former: rollout.nullable(),
  /** The version that is being loaded. */
  pending: rollout.nullable(),
  /** `former` is what a rollback left. */
  rolled_back: z.boolean(),
  retired: z.boolean(),
});
export type DeploymentState = z.infer<typeof deploymentState>;

export const noDeployment: DeploymentState = {
  environment: null,
  live: null,
  former: null,
  pending: null,
  rolled_back: false,
  retired: false,
};

/** The model whose champion a deployment keeps to; null where its version was named outright. */
export const followedModel = (state: DeploymentState): string | null => followedBy(state)?.model ?? null;

/** The model whose champion the newest rollout keeps to, and the move of it that is answered. */
export function followedBy({ live, pending }: DeploymentState): { model: string; champion_seq: number } | null {
  const newest = pending ?? live;
  return newest === null || newest.champion_seq === null
    ? null
    : { model: newest.model, champion_seq: newest.champion_seq };
}

/** A rollout as events name it. */
export const placeOf = ({ rollout_id, model, version }: RolloutState) => ({ rollout_id, model, version });

/** A rollout as its request begins it. */
export const rolloutOf = ({
  rollout_id,
  model,
  version,
  recording,
  strategy,
  champion_seq,
}: EventOf<typeof DeploymentRequested>['data']): RolloutState => ({
  ...{ rollout_id, model, version, recording, strategy },
  champion_seq: champion_seq ?? null,
  ...{ prepared: false, crashes: [], cut_off: false },
});
