import { rejection, type DeploymentEvent, type Rejection } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import type { RetireDeployment } from './commands.js';
import type { DeploymentState } from './state.js';

export function retire(
  { deployment, reason }: RetireDeployment,
  state: DeploymentState,
): Result<DeploymentEvent, Rejection> {
  if (state.retired) return reject(rejection('no_change', `${deployment} is retired already`));
  if (state.environment === null)
    return reject(rejection('deployment_not_found', `no deployment is named '${deployment}'`));
  return accept({ type: 'DeploymentRetired', data: { deployment, reason } });
}
