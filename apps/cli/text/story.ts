import type { api } from '#libs/contracts/index.js';
import { findingText } from './finding.js';

/** `why` as a person would tell it, line by line. */
export function story(why: api.Why): string[] {
  const { deployment, model, version, identity } = why;
  return [
    `Prediction ${why.prediction_id} ${outcomes[why.outcome]} by deployment ${deployment} on ${why.began_at}, in ${why.latency_ms} ms.`,
    '',
    `Model     ${model}@${version} (${why.artifact})`,
    ...registration(why),
    ...decisions(why),
    `Route     ${why.route.reason}`,
    ...rollout(why),
    ...request(why),
    ...answer(why),
    ...labels(why),
    ...findings(why),
    `Recorded  on ${why.recorded_at} as TRAFFIC ${identity.traffic_seq}, row ${identity.row}, by ${identity.instance} (epoch ${identity.epoch}, chunk ${identity.counter})`,
  ];
}

const outcomes: Record<api.Why['outcome'], string> = {
  served: 'was answered',
  failed: 'failed: it was taken on',
  refused: 'was refused',
};

const indent = ' '.repeat(10);

function registration({ registration }: api.Why): string[] {
  if (registration === null) return [];
  const { registered_at, registered_by, seq, stage, metrics, lineage } = registration;
  return [
    `${indent}registered on ${registered_at} by ${registered_by} (event ${seq}), then in stage ${stage}`,
    ...list('metrics', rounded(metrics)),
    ...list('lineage', lineage),
  ];
}

/** Who wanted it, who approved or rejected it and who moved it, in the order of the log. */
function decisions({ decisions }: api.Why): string[] {
  return decisions.map(({ type, at, actor, seq, reason, details }) => {
    const to =
      typeof details['to'] === 'string' ? ` ${type === 'VersionPromoted' ? 'to' : 'for'} ${details['to']}` : '';
    const why = reason === null ? '' : `: ${reason}`;
    return `${indent}${decided[type] ?? type}${to} on ${at} by ${actor} (event ${seq})${why}`;
  });
}

const decided: Readonly<Record<string, string | undefined>> = {
  PromotionRequested: 'promotion requested',
  VersionApproved: 'approved',
  VersionRejected: 'rejected',
  VersionPromoted: 'promoted',
  ChampionRolledBack: 'made champion again by a rollback',
};

function rollout({ rollout, route }: api.Why): string[] {
  if (rollout === null) return [`${indent}rollout ${route.rollout_id}`];
  const { requested_at, requested_by, requested_seq, live_at, live_seq, environment } = rollout;
  return [
    `${indent}rollout ${route.rollout_id} in ${environment}, asked for on ${requested_at} by ${requested_by} (event ${requested_seq})`,
    ...(live_at === null ? [] : [`${indent}live since ${live_at} (event ${live_seq ?? 'unknown'})`]),
  ];
}

function request({ request }: api.Why): string[] {
  const traits = Object.entries({
    request_id: request.request_id,
    routing_key: request.routing_key,
    subject_id: request.subject_id,
  }).filter(([, value]) => value !== null);
  return [
    request.input === null ? 'Input     not kept: it did not pass validation' : 'Input',
    ...fields(request.input ?? {}),
    ...(traits.length === 0
      ? []
      : [`${indent}(${traits.map(([name, value]) => `${name} ${String(value)}`).join(', ')})`]),
  ];
}

function answer({ output, failure }: api.Why): string[] {
  if (failure !== null) return [`Failure   ${failure.code}: ${shown(failure.detail)}`];
  return ['Output', ...fields(output ?? {})];
}

function labels({ labels }: api.Why): string[] {
  const told = labels.map(
    ({ label, observed_at, event_id, counts }) =>
      `${indent}${shown(label)} as of ${observed_at} (event ${event_id})${counts ? '' : ', since corrected or repeated'}`,
  );
  return told.length === 0 ? [] : ['Observed', ...told];
}

/** What was wrong when it was made. */
function findings({ findings }: api.Why): string[] {
  const told = findings.map(({ details, raised, cleared }) => {
    const until = cleared === null ? 'open still' : `cleared on ${cleared.at} (event ${cleared.seq})`;
    return `${indent}${findingText(details)}; since ${raised.at} (event ${raised.seq}), ${until}`;
  });
  return told.length === 0 ? [] : ['Findings  open when it was made', ...told];
}

function fields(values: Readonly<Record<string, unknown>>): string[] {
  const width = Math.max(0, ...Object.keys(values).map((name) => name.length));
  return Object.entries(values).map(([name, value]) => `${indent}${name.padEnd(width)}  ${shown(value)}`);
}

const list = (title: string, values: Readonly<Record<string, unknown>>): string[] => {
  const entries = Object.entries(values).map(([name, value]) => `${name} ${shown(value)}`);
  return entries.length === 0 ? [] : [`${indent}${title}: ${entries.join(', ')}`];
};

/** Metrics are read by people; `--json` has every digit. */
const rounded = (values: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value.toPrecision(4))]));

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
