/** What each monitoring event says of findings, one by one. */
import { api, type MonitoringEvent, type RecordedEvent } from '#libs/contracts/index.js';
import { isRaised } from '#libs/domain/index.js';
import { accept, assertNever, reject, type Result } from '#libs/kernel/index.js';
import type { FindingRow } from './table.js';

export type RaisingEvent = Extract<
  MonitoringEvent,
  { type: 'DataDriftDetected' | 'ConceptDriftDetected' | 'PerformanceDegraded' | 'QualityIssueFound' }
>;

export const raises = (event: MonitoringEvent): event is RaisingEvent => isRaised(event);

/** The row of every finding that an event raises. */
export function raisedBy(event: RaisingEvent, record: RecordedEvent<MonitoringEvent>): readonly FindingRow[] {
  const { deployment, model, version, inputs, events_seq, configuration_seq, reference, method } = event.data;
  const raised = placeOf(record);
  return detailsOf(event).map(({ condition, finding_id, details }) => ({
    ...{ finding_id, deployment, model, version, condition },
    ...{ raised_seq: raised.seq, raised_at: Date.parse(raised.at), raised },
    ...{ cleared_seq: null, cleared_at: null, cleared: null },
    basis: { inputs, events_seq, configuration_seq, reference, method },
    details,
  }));
}

/** The row after an event that clears it; the reason where the monitor's own rules would never have given the event. */
export function cleared(
  known: FindingRow | undefined,
  { condition, finding_id }: { readonly condition: string; readonly finding_id: string },
  record: RecordedEvent<MonitoringEvent>,
): Result<FindingRow, string> {
  if (known === undefined) return reject(`finding ${finding_id} was never raised`);
  if (known.cleared_seq !== null) return reject(`finding ${finding_id} is cleared since event ${known.cleared_seq}`);
  const { deployment, model, version } = record.event.data;
  const isOfIt = [known.deployment, known.model, known.version, known.condition].every(
    (each, index) => each === [deployment, model, version, condition][index],
  );
  if (!isOfIt) return reject(`finding ${finding_id} is ${known.condition} of ${known.model}@${known.version}`);
  const place = placeOf(record);
  return accept({ ...known, cleared_seq: place.seq, cleared_at: Date.parse(place.at), cleared: place });
}

function placeOf({ seq, id, event }: RecordedEvent<MonitoringEvent>): api.Finding['raised'] {
  const { at, window, inputs } = event.data;
  return { seq, event_id: id, at, window, last: inputs.last };
}

interface Raised {
  readonly condition: string;
  readonly finding_id: string;
  readonly details: api.FindingDetails;
}

function detailsOf({ type, data }: RaisingEvent): readonly Raised[] {
  switch (type) {
    case 'DataDriftDetected': {
      const { scope, policy, drifted, compared, threshold, columns } = data;
      const told = columns.toSorted((a, b) => b.effect - a.effect).slice(0, api.mostColumnsOfFinding);
      return one(data, { kind: 'data_drift', scope, policy, drifted, compared, threshold, columns: told });
    }
    case 'ConceptDriftDetected': {
      const { detector, labels, error_before, error_now } = data;
      return one(data, { kind: 'concept_drift', detector, labels, error_before, error_now });
    }
    case 'PerformanceDegraded': {
      const { metric, value, low, high, bound, threshold, estimated, measured_rows } = data;
      const numbers = { metric, value, low, high, bound, threshold, estimated, measured_rows };
      return one(data, { kind: 'performance', ...numbers });
    }
    case 'QualityIssueFound':
      return data.issues.map(({ condition, finding_id, ...issue }) => ({
        ...{ condition, finding_id },
        details: { kind: 'quality', ...issue },
      }));
    default:
      return assertNever(type, 'event that raises');
  }
}

const one = (
  { condition, finding_id }: { readonly condition: string; readonly finding_id: string },
  details: api.FindingDetails,
): readonly Raised[] => [{ condition, finding_id, details }];
