import { catalogueOf, monitoringEvents, type api, type MonitoringEvent } from '#libs/contracts/index.js';
import { assertNever } from '#libs/kernel/index.js';

/** What was found, in half a line. */
export function findingText(details: api.FindingDetails): string {
  switch (details.kind) {
    case 'data_drift':
      return driftText(details);
    case 'concept_drift':
      return conceptDriftText(details);
    case 'performance':
      return performanceText(details);
    case 'quality':
      return issueText(details);
    default:
      return assertNever(details, 'finding');
  }
}

/** A monitoring event in half a line, with its window; undefined for any other event, and for one of another build. */
export function monitoringText(type: string, data: unknown): string | undefined {
  const parsed = catalogue.get(type)?.schema.safeParse(data);
  if (parsed?.success !== true) return undefined;
  // The catalogue holds nothing else.
  const event = { type, data: parsed.data } as MonitoringEvent;
  const { model, version, window } = event.data;
  return `${model}@${version}${window === null ? '' : `, window ${window}`}: ${eventText(event)}`;
}

const catalogue = catalogueOf(monitoringEvents);

function eventText({ type, data }: MonitoringEvent): string {
  switch (type) {
    case 'DataDriftDetected':
      return driftText(data);
    case 'DataDriftCleared':
      return `${driftOf[data.scope]} is over: ${data.drifted} of ${data.compared} columns`;
    case 'ConceptDriftDetected':
      return conceptDriftText(data);
    case 'ConceptDriftCleared':
      return `concept drift is over: ${data.detector} after ${data.labels} labels, error ${shown(data.error_now)}`;
    case 'PerformanceDegraded':
      return performanceText(data);
    case 'PerformanceDegradationCleared':
      return `${valueText(data)}, within its bound of ${shown(data.threshold)} again`;
    case 'QualityIssueFound':
      return few(data.issues.map(issueText), '; ');
    case 'QualityIssueCleared':
      return `over: ${few(data.issues.map(placeText), '; ')}`;
    default:
      return assertNever(type, 'monitoring event');
  }
}

type Details<Kind extends api.FindingDetails['kind']> = Omit<Extract<api.FindingDetails, { kind: Kind }>, 'kind'>;

const driftOf: Readonly<Record<Details<'data_drift'>['scope'], string>> = {
  features: 'drift of features',
  predictions: 'drift of predictions',
  labels: 'drift of labels',
  multivariate: 'drift of all columns together',
};

function driftText({ scope, drifted, compared, columns }: Details<'data_drift'>): string {
  const effects = columns.map(({ column, effect }) => `${column} ${shown(effect)}`);
  const largest = effects.length === 0 ? '' : ` (${few(effects, ', ', drifted)})`;
  return `${driftOf[scope]} in ${drifted} of ${compared} columns${largest}`;
}

function conceptDriftText({ detector, labels, error_before, error_now }: Details<'concept_drift'>): string {
  const before = error_before === null ? '' : `, ${shown(error_before)} before`;
  return `concept drift: ${detector} after ${labels} labels, error ${shown(error_now)}${before}`;
}

const performanceText = (measured: Details<'performance'>): string =>
  `${valueText(measured)}, ${measured.bound === 'min' ? 'below' : 'above'} its bound of ${shown(measured.threshold)}`;

type Measured = Pick<Details<'performance'>, 'metric' | 'value' | 'low' | 'high' | 'estimated'>;

function valueText({ metric, value, low, high, estimated }: Measured): string {
  const interval = low === null || high === null ? '' : ` (${shown(low)} to ${shown(high)})`;
  return `${metric} ${estimated ? 'estimated at ' : ''}${shown(value)}${interval}`;
}

type Issue = Pick<Details<'quality'>, 'check' | 'column' | 'detail'>;

const issueText = (issue: Issue): string => `${placeText(issue)}: ${issue.detail}`;

const placeText = ({ check, column }: Omit<Issue, 'detail'>): string =>
  column === null ? checks[check] : `${checks[check]} in ${column}`;

const checks: Readonly<Record<Details<'quality'>['check'], string>> = {
  missing: 'missing values',
  type: 'ill-typed values',
  range: 'values out of range',
  unseen_category: 'unseen categories',
  constant: 'one value only',
  freshness: 'no requests',
  volume: 'unusual volume',
  no_reference: 'no reference',
};

const mostTold = 3;

/** The first ones, and how many more there are. */
function few(parts: readonly string[], separator: string, all = parts.length): string {
  const told = parts.slice(0, mostTold);
  const more = all - told.length;
  return [...told, ...(more > 0 ? [`${more} more`] : [])].join(separator);
}

/** Three digits say enough. */
const shown = (value: number): string => String(Number(value.toPrecision(3)));
