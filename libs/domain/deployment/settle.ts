/** How a rollout under way is settled: prepared, live, failed. */
import { rejection, type DeploymentEvent, type Rejection } from '#libs/contracts/index.js';
import { accept, assertNever, reject, type Result } from '#libs/kernel/index.js';
import type { MarkFailed, MarkLive, MarkPrepared } from './commands.js';
import { placeOf, type DeploymentState } from './state.js';

export function settle(
  command: MarkPrepared | MarkLive | MarkFailed,
  state: DeploymentState,
): Result<DeploymentEvent, Rejection> {
  const { deployment, rollout_id } = command;
  const { pending } = state;
  if (pending?.rollout_id !== rollout_id)
    return reject(rejection('rollout_not_in_progress', `rollout ${rollout_id} of ${deployment} is not in progress`));
  const settled = { deployment, ...placeOf(pending) };
  const blueGreen = pending.strategy.type === 'blue_green';
  switch (command.type) {
    case 'MarkPrepared':
      if (!blueGreen || pending.prepared)
        return reject(
          rejection(
            'no_change',
            `rollout ${rollout_id} of ${deployment} ${blueGreen ? 'is prepared already' : 'goes live without a preparation'}`,
          ),
        );
      return accept({ type: 'DeploymentPrepared', data: { ...settled, instances: command.instances } });
    case 'MarkLive':
      if (blueGreen && !pending.prepared)
        return reject(
          rejection('rollout_in_progress', `rollout ${rollout_id} of ${deployment} is not prepared everywhere yet`),
        );
      if (pending.cut_off)
        return reject(
          rejection('version_cut_off', `serving processes died of ${pending.model}@${pending.version} while it loaded`),
        );
      return accept({ type: 'DeploymentWentLive', data: { ...settled, instances: command.instances } });
    case 'MarkFailed':
      return accept({ type: 'DeploymentFailed', data: { ...settled, code: command.code, reason: command.reason } });
    default:
      return assertNever(command, 'settlement');
  }
}
