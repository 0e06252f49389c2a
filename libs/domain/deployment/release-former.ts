import { rejection, type DeploymentEvent, type Rejection } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import type { ReleaseFormer } from './commands.js';
import { placeOf, type DeploymentState } from './state.js';

/**
 * The other side of a rollout is let go: the version that it took the traffic from or, where a rollback gave the traffic
 * back, its own.
 */
export function releaseFormer(
  { deployment, rollout_id }: ReleaseFormer,
  { live, former, rolled_back }: DeploymentState,
): Result<DeploymentEvent, Rejection> {
  const newest = rolled_back ? former : live;
  if (live === null || former === null || newest?.rollout_id !== rollout_id)
    return reject(rejection('no_change', `${deployment} keeps no former version of rollout ${rollout_id}`));
  return accept({
    type: 'FormerVersionReleased',
    data: { deployment, rollout_id: live.rollout_id, released: placeOf(former) },
  });
}
