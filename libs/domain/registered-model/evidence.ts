import type { Evidence } from '#libs/contracts/index.js';
import { championOf, findVersion, type ModelState, type VersionState } from './state.js';
import { isCompatible } from './version-policy.js';

/** What there is to see of a version at the moment of a decision. */
export function evidenceOf(state: ModelState, version: VersionState): Evidence {
  const champion = championOf(state);
  const seen = champion === null ? undefined : findVersion(state, champion);
  return {
    artifact: version.artifact,
    metrics: version.metrics,
    evaluations: version.evaluations.map(({ seq, evaluation_id, dataset, split, metrics }) => ({
      ...{ seq, evaluation_id, dataset, metrics },
      ...(split === null ? {} : { split }),
    })),
    champion:
      seen === undefined
        ? null
        : { version: seen.version, compatible: isCompatible(version.signature, seen.signature) },
  };
}
