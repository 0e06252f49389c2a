import { qualityCheck, driftScope, type FindingMethod, type QualityIssue } from '#libs/contracts/index.js';
import type { ConditionChange } from '../conditions.js';
import type { MonitorOutput } from '../contract.js';
import { driftCondition } from '../drift/drift-findings.js';
import { basisOf } from '../findings.js';
import type { Judging } from '../judging.js';
import { qualityCondition } from '../quality/issue.js';
import { issueFindings } from '../quality/quality-findings.js';

const reason = 'it is judged no longer: the settings do not ask for it, or there is nothing to compare with';
const method: FindingMethod = { name: 'not_judged', version: 1, parameters: {} };

/** What was found of a version by checks that its newest window was not put to is over: no window would ever say so. */
export function judgedNoLonger(judging: Judging): MonitorOutput[] {
  const { conditions } = judging;
  const changes = conditions.unjudged().flatMap((condition) => conditions.end(condition) ?? []);
  return [
    ...changes.flatMap((change) => driftOver(change, judging)),
    ...issueFindings('QualityIssueCleared', changes.flatMap(issueOver), judging),
  ];
}

export function driftOver(
  { condition, finding_id }: ConditionChange,
  { place, found, at, context }: Omit<Judging, 'conditions'>,
): MonitorOutput[] {
  const scope = driftScope.options.find((each) => driftCondition(each) === condition);
  if (scope === undefined) return [];
  const data = {
    ...basisOf(place, found, at, context, method),
    ...{ condition, finding_id, scope, drifted: 0, compared: 0, reason },
  };
  return [{ kind: 'finding', finding: { type: 'DataDriftCleared', data } }];
}

function issueOver({ condition, finding_id }: ConditionChange): QualityIssue[] {
  const check = qualityCheck.options.find((each) => condition.startsWith(qualityCondition(each, '')));
  if (check === undefined) return [];
  const column =
    condition === qualityCondition(check, null) ? null : condition.slice(qualityCondition(check, '').length);
  return [{ condition, finding_id, check, column, value: 0, expected: null, threshold: 0, detail: reason }];
}
