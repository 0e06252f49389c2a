import { isVersion, rejection, type ModelEvent, type Rejection } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import type { RegisterVersion } from './commands.js';
import { findVersion, requireUsable, type ModelState } from './state.js';
import { nextVersion } from './version-policy.js';

export function registerVersion(command: RegisterVersion, state: ModelState): Result<ModelEvent, Rejection> {
  const { registration, namedAncestors = [] } = command;
  const known = state.versions.map(({ version, signature }) => ({ version, signature: state.signatures[signature]! }));
  const version = registration.version ?? nextVersion(known, registration.signature);
  if (!isVersion(version))
    return reject(
      rejection(
        'invalid_request',
        `${version}, the next version of ${registration.model}, is beyond what a version can be`,
        [{ path: 'version', message: 'expected a version named outright: the next number would have ten digits' }],
      ),
    );
  const existing = findVersion(state, version);
  if (existing !== undefined) {
    const bytes = existing.artifact === registration.artifact ? 'the same bytes' : 'other bytes';
    return reject(
      rejection(
        'version_exists',
        `${registration.model}@${version} is registered already, with ${bytes} (${existing.artifact})`,
        [{ path: 'version', message: 'expected a version that is not registered yet' }],
      ),
    );
  }
  const { derivation } = registration;
  if (derivation?.parent.model === registration.model) {
    const parent = requireUsable(state, registration.model, derivation.parent.version);
    if (!parent.ok) return parent;
  }
  const reference = `${registration.model}@${version}`;
  const parent = registration.lineage.parent_version;
  if (parent === version || parent === reference)
    return reject(cycle(`${reference} cannot be its own parent`, 'expected another version'));
  if (namedAncestors.includes(reference))
    return reject(
      cycle(`${parent} descends from ${reference}`, `expected a version that does not descend from ${reference}`),
    );
  return accept({ type: 'VersionRegistered', data: { ...registration, version } });
}

const cycle = (detail: string, message: string): Rejection =>
  rejection('lineage_cycle', detail, [{ path: 'lineage.parent_version', message }]);
