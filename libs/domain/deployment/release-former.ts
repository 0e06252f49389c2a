import { rejection, type DeploymentEvent, type Rejection } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import type { ReleaseFormer } from './commands.js';
import { placeOf, type DeploymentState } from './state.js';

/** The version that a rollout took the traffic from is let go. After a rollback, what is kept is not that one. */
export function releaseFormer(
  { deployment, rollout_id }: ReleaseFormer,
  { live, former, rolled_back }: DeploymentState,
): Result<DeploymentEvent, Rejection> {
  if (live?.rollout_id !== rollout_id || rolled_back || former === null)
    return reject(rejection('no_change', `${deployment} keeps no former version of rollout ${rollout_id}`));
  return accept({ type: 'FormerVersionReleased', data: { deployment, rollout_id, released: placeOf(former) } });
}
