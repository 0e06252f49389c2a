import type { MonitoringEvent } from '#libs/contracts/index.js';
import { isRaised, openFinding, type MonitorState } from '#libs/domain/index.js';

/**
 * What of a finding fits what the log has open, where an earlier release found otherwise: a condition that is open is not
 * raised again, and what clears it clears the finding that the log has. Null where nothing is left of it.
 */
export function fittingTo(finding: MonitoringEvent, state: MonitorState): MonitoringEvent | null {
  const raises = isRaised(finding);
  const fitted = <Condition extends { readonly condition: string; readonly finding_id: string }>(
    each: Condition,
  ): Condition | null => {
    const open = openFinding(state, finding, each.condition);
    if (raises) return open === undefined ? each : null;
    return open === undefined ? null : { ...each, finding_id: open };
  };
  if ('issues' in finding.data) {
    const issues = finding.data.issues.flatMap((issue) => fitted(issue) ?? []);
    return issues.length === 0 ? null : ({ ...finding, data: { ...finding.data, issues } } as MonitoringEvent);
  }
  const data = fitted(finding.data);
  return data === null ? null : ({ ...finding, data } as MonitoringEvent);
}
