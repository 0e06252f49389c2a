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

const openFindingState = z.object({
  finding_id: z.uuid(),
  /** In EVENTS: what it was raised by. */
  seq: z.int().positive(),
});
export type OpenFinding = z.infer<typeof openFindingState>;

/** What holds, and nothing of what is over: a noisy deployment has tens of thousands of findings in its life. */
export const monitorState = z.object({
  /** The finding that holds, by version and condition. */
  open: z.record(z.string(), openFindingState),
  /** The newest time that a finding names; null before the first. */
  foundAt: z.iso.datetime().nullable(),
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
  initialState: { open: {}, foundAt: null },
  decide({ finding }, { open }) {
    const raises = isRaised(finding);
    for (const { condition, finding_id } of conditionsOf(finding)) {
      const known = open[findingKey(finding, condition)]?.finding_id;
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
  evolve({ open, foundAt }, event, { seq }) {
    const after = new Map(Object.entries(open));
    for (const { condition, finding_id } of conditionsOf(event)) {
      if (isRaised(event)) after.set(findingKey(event, condition), { finding_id, seq });
      else after.delete(findingKey(event, condition));
    }
    // All are written with milliseconds: their order is that of their texts.
    const { at } = event.data;
    return { open: Object.fromEntries(after), foundAt: foundAt === null || at > foundAt ? at : foundAt };
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
): string | undefined => open[findingKey(finding, condition)]?.finding_id;

/** What a condition of the version that a finding is about is called in the state: of each one finding can hold. */
export const findingKey = ({ data: { model, version } }: Pick<MonitoringEvent, 'data'>, condition: string): string =>
  `${model}@${version} ${condition}`;

export const monitorDefinition = {
  category: 'monitor',
  subjectOf: subjects.monitor,
  decider: monitor,
  catalogue: catalogueOf(monitoringEvents),
  snapshot: {
    version: 2,
    encode: (state: MonitorState): unknown => state,
    decode: (stored: unknown): MonitorState => monitorState.parse(stored),
  },
} as const;
