/**
 * What is found of a deployment: a condition is raised once and cleared once, whoever watches it. What is true is decided by
 * the monitor from TRAFFIC; here it is only kept from being said twice.
 */
import { z } from 'zod';
import {
  catalogueOf,
  monitoringEvents,
  rejection,
  subjects,
  type MonitoringEvent,
  type Rejection,
} from '#libs/contracts/index.js';
import { accept, assertNever, reject, type Decider } from '#libs/kernel/index.js';

export const monitorState = z.object({
  /** The finding that holds, by version and condition. */
  open: z.record(z.string(), z.uuid()),
});
export type MonitorState = z.infer<typeof monitorState>;

export interface RecordFinding {
  readonly type: 'RecordFinding';
  readonly finding: MonitoringEvent;
}

/** A condition that an event raises or clears. */
export interface ConditionChange {
  readonly condition: string;
  readonly finding_id: string;
}

export const monitor: Decider<RecordFinding, MonitorState, MonitoringEvent, Rejection> = {
  initialState: { open: {} },
  decide({ finding }, { open }) {
    const raises = isRaised(finding);
    for (const { condition, finding_id } of conditionsOf(finding)) {
      const known = open[keyOf(finding, condition)];
      if (raises && known !== undefined)
        return reject(
          known === finding_id
            ? rejection('no_change', `${condition} is found already`)
            : rejection('finding_open', `${condition} is open since finding ${known}`),
        );
      if (!raises && known !== finding_id)
        return reject(rejection('finding_not_open', `${condition} is not open as finding ${finding_id}`));
    }
    return accept(finding);
  },
  evolve({ open }, event) {
    const after = new Map(Object.entries(open));
    for (const { condition, finding_id } of conditionsOf(event)) {
      if (isRaised(event)) after.set(keyOf(event, condition), finding_id);
      else after.delete(keyOf(event, condition));
    }
    return { open: Object.fromEntries(after) };
  },
};

/** Whether the event says that something is wrong, rather than that it is over. */
export function isRaised({ type }: MonitoringEvent): boolean {
  switch (type) {
    case 'DataDriftDetected':
    case 'ConceptDriftDetected':
    case 'PerformanceDegraded':
    case 'QualityIssueFound':
      return true;
    case 'DataDriftCleared':
    case 'ConceptDriftCleared':
    case 'PerformanceDegradationCleared':
    case 'QualityIssueCleared':
      return false;
    default:
      return assertNever(type, 'monitoring event');
  }
}

export const conditionsOf = ({ data }: MonitoringEvent): readonly ConditionChange[] =>
  'issues' in data ? data.issues : [data];

/** The finding that holds for a condition of the version that a finding is about; undefined where none does. */
export const openFinding = (
  { open }: MonitorState,
  finding: Pick<MonitoringEvent, 'data'>,
  condition: string,
): string | undefined => open[keyOf(finding, condition)];

const keyOf = ({ data: { model, version } }: Pick<MonitoringEvent, 'data'>, condition: string): string =>
  `${model}@${version} ${condition}`;

export const monitorDefinition = {
  category: 'monitor',
  subjectOf: subjects.monitor,
  decider: monitor,
  catalogue: catalogueOf(monitoringEvents),
  snapshot: {
    version: 1,
    encode: (state: MonitorState): unknown => state,
    decode: (stored: unknown): MonitorState => monitorState.parse(stored),
  },
} as const;
