import { rejection, type ModelEvent, type Rejection } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import type { Archive } from './commands.js';
import { championOf, requireVersion, type ModelState } from './state.js';

export function archive(command: Archive, state: ModelState): Result<ModelEvent, Rejection> {
  const { model, reason, deployments } = command;
  const found = requireVersion(state, model, command.version);
  if (!found.ok) return found;
  const { version, archived } = found.value;
  if (archived) return reject(rejection('no_change', `${model}@${version} is archived already`));
  if (championOf(state) === version)
    return reject(
      rejection('version_in_use', `${model}@${version} is the champion: promote another version first, or roll back`, [
        { path: 'version', message: 'expected a version that is not in production' },
      ]),
    );
  if (deployments.serving.length > 0)
    return reject(
      rejection('version_in_use', `${model}@${version} is served by ${deployments.serving.join(', ')}`, [
        { path: 'version', message: 'expected a version that no deployment serves' },
      ]),
    );
  const aliases = Object.entries(state.aliases)
    .filter(([, named]) => named === version)
    .map(([alias]) => alias);
  return accept({
    type: 'VersionArchived',
    data: { model, version, reason, aliases, deployments_seq: deployments.seq },
  });
}
