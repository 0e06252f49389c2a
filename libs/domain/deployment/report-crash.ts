import { rejection, type DeploymentEvent, type Rejection } from '#libs/contracts/index.js';
import { accept, reject, type DecidedBy, type Result } from '#libs/kernel/index.js';
import type { ReportCrash } from './commands.js';
import { crashesWithin } from './evolve.js';
import { placeOf, type DeploymentState } from './state.js';

/** A circuit breaker per rollout: with the last crash that it bears within its window, the version is cut off. */
export function reportCrash(
  command: ReportCrash,
  { live, former, pending }: DeploymentState,
  { at }: DecidedBy,
): Result<DeploymentEvent, Rejection> {
  const { deployment, rollout_id, instance, epoch, cause, breaker } = command;
  const rollout = [live, pending, former].find((each) => each?.rollout_id === rollout_id);
  if (!rollout)
    return reject(rejection('rollout_not_kept', `${deployment} has no rollout ${rollout_id} that is served or kept`));
  if (rollout.crashes.some((known) => known.instance === instance && known.epoch === epoch))
    return reject(rejection('no_change', `the end of ${instance} in its life ${epoch} is recorded already`));
  const crashes = crashesWithin(rollout, at, breaker.withinS).length + 1;
  return accept({
    type: 'VersionCrashed',
    data: {
      ...{ deployment, ...placeOf(rollout), instance, epoch, cause },
      ...{ crashes, within_s: breaker.withinS, cut_off: rollout.cut_off || crashes >= breaker.crashes },
    },
  });
}
