import { rejection, type DeploymentEvent, type Rejection } from '#libs/contracts/index.js';
import { accept, entityIdOf, reject, type Result } from '#libs/kernel/index.js';
import type { FollowCommand } from './commands.js';
import { followedBy, type DeploymentState } from './state.js';

/** A rollout of an earlier champion gives way: what the champion is now decides. */
export function follow(command: FollowCommand, state: DeploymentState): Result<DeploymentEvent, Rejection> {
  const { deployment, champion, compared } = command;
  const { version, artifact, signature } = champion.state;
  const followed = followedBy(state);
  const { live } = state;
  const newest = state.pending ?? live;
  if (state.environment === null || newest === null || followed?.model !== champion.model)
    return reject(rejection('no_change', `${deployment} does not follow the champion of ${champion.model}`));
  if (champion.seq <= followed.champion_seq)
    return reject(rejection('no_change', `${deployment} has answered the move of the champion at ${champion.seq}`));
  if ((live?.rollout_id ?? null) !== (compared?.rolloutId ?? null))
    return reject(rejection('rollout_in_progress', `${deployment} has another live version than was compared`));
  // Who deployed `model@champion` over another version asked for the change of signature.
  if (live !== null && live.champion_seq !== null && live.model === champion.model && compared?.compatible === false)
    return accept({
      type: 'DeploymentStayed',
      data: {
        deployment,
        model: champion.model,
        champion: version,
        champion_seq: champion.seq,
        version: live.version,
        code: 'incompatible_signature',
        reason: `callers of ${live.model}@${live.version} cannot be callers of ${champion.model}@${version}: deploy it outright`,
      },
    });
  return accept({
    type: 'DeploymentRequested',
    data: {
      deployment,
      rollout_id: entityIdOf('rollout', command.commandId),
      model: champion.model,
      version,
      environment: state.environment,
      recording: newest.recording,
      strategy: newest.strategy,
      artifact,
      signature,
      follows: 'champion',
      champion_seq: champion.seq,
      model_seq: champion.modelSeq,
      load_timeout_s: command.loadTimeoutS,
    },
  });
}
