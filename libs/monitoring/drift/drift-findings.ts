import type { ColumnDriftNumbers, DriftVerdict } from '#libs/contracts/index.js';
import type { MonitorOutput } from '../contract.js';
import { basisOf } from '../findings.js';
import type { Judging } from '../judging.js';

export const driftCondition = (scope: DriftVerdict['scope']): string => `data_drift/${scope}`;

/** What a verdict changes: drift that begins after so many windows in a row, or is over after so many. */
export function driftFindings(
  verdict: DriftVerdict,
  { place, found, at, context, conditions }: Judging,
): MonitorOutput[] {
  const { raise_after: raiseAfter, clear_after: clearAfter } = context.settings.drift_detection;
  const { scope, policy, method, threshold } = verdict;
  const change = conditions.observe(driftCondition(scope), verdict.drifted, { raiseAfter, clearAfter }, found.last);
  if (change === null) return [];
  const told = {
    ...basisOf(place, found, at, context, method),
    ...{ condition: change.condition, finding_id: change.finding_id, scope },
    ...{ drifted: verdict.drifted_columns, compared: verdict.compared_columns },
  };
  if (change.change === 'cleared') return [{ kind: 'finding', finding: { type: 'DataDriftCleared', data: told } }];
  const columns = verdict.columns.flatMap(driftedNumbers);
  return [{ kind: 'finding', finding: { type: 'DataDriftDetected', data: { ...told, policy, threshold, columns } } }];
}

const driftedNumbers = ({
  column,
  test,
  statistic,
  p_value,
  adjusted_p,
  effect,
  threshold,
  drifted,
}: DriftVerdict['columns'][number]): ColumnDriftNumbers[] =>
  drifted === true && statistic !== null && effect !== null
    ? [{ column, test, statistic, p_value, adjusted_p, effect, threshold }]
    : [];
