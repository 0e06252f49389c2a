import type { FindingMethod, MonitoringSettings, QualityIssue } from '#libs/contracts/index.js';
import type { MonitorOutput } from '../contract.js';
import { flatParameters } from '../drift/method.js';
import { basisOf } from '../findings.js';
import type { Judging } from '../judging.js';
import { inParts } from './told.js';
import { issueOf, qualityCondition, type Checked } from './issue.js';

export const qualityMethod = (settings: MonitoringSettings['quality']): FindingMethod => ({
  name: 'quality',
  version: 1,
  parameters: flatParameters(settings),
});

/** One event for all issues that a window brings, one for all that it ends; more where they are too many for one. */
export function qualityFindings(checked: readonly Checked[], judging: Judging): MonitorOutput[] {
  const { quality } = judging.context.settings;
  const hysteresis = { raiseAfter: 1, clearAfter: quality.clear_after };
  const [raised, cleared]: [QualityIssue[], QualityIssue[]] = [[], []];
  for (const each of checked) {
    if (each.wrong !== true && judging.conditions.none) continue;
    const condition = qualityCondition(each.check, each.column);
    const change = judging.conditions.observe(condition, each.wrong, hysteresis, judging.found.last);
    if (change === null) continue;
    const issue = { condition, finding_id: change.finding_id, ...issueOf(each) };
    (change.change === 'raised' ? raised : cleared).push(issue);
  }
  return [
    ...issueFindings('QualityIssueFound', raised, judging),
    ...issueFindings('QualityIssueCleared', cleared, judging),
  ];
}

export function issueFindings(
  type: 'QualityIssueFound' | 'QualityIssueCleared',
  issues: readonly QualityIssue[],
  { place, found, at, context }: Omit<Judging, 'conditions'>,
): MonitorOutput[] {
  const basis = basisOf(place, { ...found, sampled: 0 }, at, context, qualityMethod(context.settings.quality));
  return inParts(issues).map((part) => ({ kind: 'finding', finding: { type, data: { ...basis, issues: part } } }));
}
