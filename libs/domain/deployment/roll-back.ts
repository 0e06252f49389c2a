import { rejection, type DeploymentEvent, type Rejection } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import type { RollBackDeployment } from './commands.js';
import { placeOf, type DeploymentState, type RolloutState } from './state.js';

/**
 * Traffic returns to the version that is kept warm; what it leaves is kept in its place, so that a caller who names that
 * version can go back to it. A rollout under way ends by the same event.
 */
export function rollBack(command: RollBackDeployment, state: DeploymentState): Result<DeploymentEvent, Rejection> {
  const { deployment, reason, seen } = command;
  const { live, former, pending } = state;
  if (state.retired) return reject(rejection('deployment_retired', `${deployment} is retired and takes no traffic`));
  if (state.environment === null)
    return reject(rejection('deployment_not_found', `no deployment is named '${deployment}'`));
  const refused = requireTarget(command, state);
  if (refused !== null) return reject(refused);
  if (live === null || former === null)
    return reject(rejection('no_former_version', `${deployment} keeps no former version that it could return to`));
  if (seen?.rolloutId !== former.rollout_id)
    return reject(rejection('rollout_in_progress', `${deployment} keeps another former version than was looked at`));
  if (seen.archived) return reject(rejection('version_archived', `${referenceOf(former)} is archived`));
  if (former.cut_off)
    return reject(rejection('version_cut_off', `serving processes kept dying of ${referenceOf(former)}`));
  return accept({
    type: 'DeploymentRolledBack',
    data: { deployment, from: placeOf(live), to: placeOf(former), aborted: pending?.rollout_id ?? null, reason },
  });
}

/** Why the version that the caller means is not the one to return to. */
function requireTarget(
  { deployment, to }: RollBackDeployment,
  { live, former, rolled_back }: DeploymentState,
): Rejection | null {
  const back = (): Rejection =>
    rejection(
      'already_rolled_back',
      live === null || former === null
        ? `${deployment} is rolled back`
        : `${deployment} is rolled back to ${referenceOf(live)}; name ${referenceOf(former)} to return to it`,
    );
  if (to === undefined) return rolled_back && former !== null ? back() : null;
  if (former !== null && isVersion(to, former)) return null;
  if (rolled_back && live !== null && isVersion(to, live)) return back();
  return rejection(
    former === null ? 'no_former_version' : 'rollout_not_kept',
    `${deployment} keeps ${former === null ? 'no former version' : `${referenceOf(former)} warm, not ${to.model}@${to.selector}`}`,
    [{ path: 'to', message: former === null ? 'expected nothing' : `expected ${referenceOf(former)}` }],
  );
}

const isVersion = (to: NonNullable<RollBackDeployment['to']>, { model, version }: RolloutState): boolean =>
  to.model === model && to.version === version;

const referenceOf = ({ model, version }: RolloutState): string => `${model}@${version}`;
