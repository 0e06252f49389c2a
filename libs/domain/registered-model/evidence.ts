import type { Evidence } from '#libs/contracts/index.js';
import { championOf, findVersion, type Evaluated, type ModelState, type VersionState } from './state.js';
import { isCompatible } from './version-policy.js';

const mostEvaluations = 100;
/** Characters of JSON. An event of the log has a limit, and a decision must never meet it. */
const mostMetrics = 64_000;

/** What there is to see of a version at the moment of a decision. */
export function evidenceOf(state: ModelState, version: VersionState): Evidence {
  const champion = championOf(state);
  const seen = champion === null ? undefined : findVersion(state, champion);
  return {
    artifact: version.artifact,
    ...(sizeOf(version.metrics) > mostMetrics ? {} : { metrics: version.metrics }),
    evaluations: evaluationsOf(version.evaluations.slice(-mostEvaluations)),
    champion:
      seen === undefined
        ? null
        : { version: seen.version, compatible: isCompatible(version.signature, seen.signature) },
  };
}

/** The newest ones keep their metrics, as long as there is room. */
function evaluationsOf(evaluations: readonly Evaluated[]): Evidence['evaluations'] {
  let room = mostMetrics;
  const told = evaluations.toReversed().map(({ seq, evaluation_id, dataset, split, metrics }) => {
    const size = sizeOf(metrics);
    const fits = size <= room;
    if (fits) room -= size;
    return {
      ...{ seq, evaluation_id, dataset },
      ...(split === null ? {} : { split }),
      ...(fits ? { metrics } : {}),
    };
  });
  return told.reverse();
}

const sizeOf = (metrics: Evaluated['metrics']): number => JSON.stringify(metrics).length;
