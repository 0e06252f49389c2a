/** Events that bring what the log has open to what the fold has. */
import type { FindingMethod, MonitoringEvent } from '#libs/contracts/index.js';
import { assertNever, isoTime, nameOf, namespaces, uuidv5 } from '#libs/kernel/index.js';

/** Where a replay of what was recorded ends. */
export interface StretchEnd {
  /** In TRAFFIC. */
  readonly seq: number;
  /** The log's time, milliseconds since the epoch. */
  readonly logTime: number;
  /** What held there: positions in EVENTS. */
  readonly eventsSeq: number;
  readonly configurationSeq: number;
}

const method: FindingMethod = { name: 'not_found_again', version: 1, parameters: {} };
const reason =
  'it was found by another release, or with a reference that is not to be had now: a replay does not find it';

/**
 * What clears a finding that a replay does not find. It names the rows that the finding was made of: it is they in which
 * nothing is found now. Nothing was measured anew, and figures that an event must have are the finding's own.
 * @param findingIds of its issues, where it has several
 */
export function clearingOf(
  raised: MonitoringEvent,
  findingIds: ReadonlySet<string>,
  { logTime, eventsSeq, configurationSeq }: StretchEnd,
): MonitoringEvent {
  const ended = {
    at: isoTime(Math.max(logTime, Date.parse(raised.data.at))),
    events_seq: Math.max(eventsSeq, raised.data.events_seq),
    configuration_seq: Math.max(configurationSeq, raised.data.configuration_seq),
    method,
  };
  switch (raised.type) {
    case 'DataDriftDetected': {
      const { policy: _policy, threshold: _threshold, columns: _columns, ...data } = raised.data;
      return { type: 'DataDriftCleared', data: { ...data, ...ended, drifted: 0, compared: 0, reason } };
    }
    case 'ConceptDriftDetected': {
      const { error_before: _before, ...data } = raised.data;
      return { type: 'ConceptDriftCleared', data: { ...data, ...ended, reason } };
    }
    case 'PerformanceDegraded':
      return { type: 'PerformanceDegradationCleared', data: { ...raised.data, ...ended, reason } };
    case 'QualityIssueFound': {
      const issues = raised.data.issues
        .filter(({ finding_id }) => findingIds.has(finding_id))
        .map((issue) => ({ ...issue, value: 0, expected: null, threshold: 0, detail: reason }));
      return { type: 'QualityIssueCleared', data: { ...raised.data, ...ended, issues } };
    }
    case 'DataDriftCleared':
    case 'ConceptDriftCleared':
    case 'PerformanceDegradationCleared':
    case 'QualityIssueCleared':
      throw new TypeError(`${raised.type} raises nothing that could be cleared`);
    default:
      return assertNever(raised, 'monitoring event');
  }
}

/**
 * The finding under an id that the log has never had: of one that was raised and cleared no other can be told.
 * @param version number of events of the deployment's monitor before it
 */
export function raisedAgain(finding: MonitoringEvent, version: number): MonitoringEvent {
  const again = <Named extends { readonly finding_id: string }>(named: Named): Named => ({
    ...named,
    finding_id: uuidv5(namespaces.entity, nameOf('finding raised again', named.finding_id, String(version))),
  });
  const data =
    'issues' in finding.data ? { ...finding.data, issues: finding.data.issues.map(again) } : again(finding.data);
  return { ...finding, data } as MonitoringEvent;
}
