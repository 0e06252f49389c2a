import { z } from 'zod';
import { api, problem } from '#libs/contracts/index.js';
import { isoTime } from '#libs/kernel/index.js';
import type { ApiClient } from '../http/api-client.js';
import { gauges, type Sample } from '../http/gauges.js';
import type { Io } from '../io.js';
import { findingText } from '../text/finding.js';
import { table } from '../text/table.js';

interface Status {
  readonly url: string;
  readonly ready: boolean;
  /** Each component that cannot serve, with its reason. */
  readonly unhealthy: readonly { readonly component: string; readonly reason: string }[];
  readonly deployments: readonly api.DeploymentView[];
  /** How versions did in the last minute; those without traffic are left out. */
  readonly last_minute: readonly LastMinute[];
  /** What is open; those told were found last. Null while the read model is away. */
  readonly findings: { readonly open: number; readonly newest: readonly api.Finding[] } | null;
  /** Deployments that no monitoring process watches though it is theirs, and why. */
  readonly unwatched: readonly { readonly deployment: string; readonly code: string; readonly instance: string }[];
  /** Messages of TRAFFIC that each monitoring process has not applied yet. */
  readonly monitoring: readonly { readonly instance: string; readonly lag: number }[];
  readonly logs: readonly { readonly stream: string; readonly last_seq: number }[];
  readonly read_models: readonly {
    readonly projection: string;
    readonly stream: string;
    readonly position: number;
    /** Messages not folded yet; null while the stream does not tell. */
    readonly gap: number | null;
  }[];
}

type LastMinute = { readonly deployment: string; readonly version: string } & Pick<
  api.Operations,
  'rows' | 'throughput' | 'error_rate' | 'latency_ms' | 'queued_rows'
>;

/** Open findings that are told one by one. */
const mostFindings = 10;

export interface StatusOptions {
  readonly json: boolean;
  /** What time it is, milliseconds since the epoch. */
  readonly now: number;
}

/** Prints what runs and how far it is. False when something cannot serve. */
export async function status(client: ApiClient, io: Io, { json, now }: StatusOptions): Promise<boolean> {
  const found = await statusOf(client, now);
  if (json) io.out(JSON.stringify(found));
  else for (const line of told(found)) io.out(line);
  return found.ready;
}

async function statusOf(client: ApiClient, now: number): Promise<Status> {
  const unhealthy = await unhealthyOf(client);
  const metrics = gauges(await (await client.open('/metrics', { accept: 'text/plain' })).text());
  const gaps = metrics('modelog_read_model_gap_messages');
  const byName = (name: string) => metrics(name).sort((a, b) => (labelsOf(a) < labelsOf(b) ? -1 : 1));
  return {
    ...{ url: client.url, ready: unhealthy.length === 0, unhealthy },
    deployments: await deploymentsOf(client),
    last_minute: await lastMinuteOf(client, now),
    findings: await findingsOf(client),
    unwatched: byName('modelog_monitoring_unwatched').map(
      ({ labels: { deployment = '', code = '', instance = '' } }) => ({
        ...{ deployment, code, instance },
      }),
    ),
    monitoring: byName('modelog_monitoring_lag_messages').map(({ labels: { instance = '' }, value }) => ({
      ...{ instance, lag: value },
    })),
    logs: byName('modelog_log_last_sequence').map(({ labels, value }) => ({
      stream: labels.stream ?? '',
      last_seq: value,
    })),
    read_models: byName('modelog_read_model_position').map(({ labels, value }) => ({
      projection: labels.projection ?? '',
      stream: labels.stream ?? '',
      position: value,
      gap: gaps.find((gap) => gap.labels.projection === labels.projection)?.value ?? null,
    })),
  };
}

const labelsOf = ({ labels }: Sample): string => JSON.stringify(labels);

async function unhealthyOf(client: ApiClient): Promise<Status['unhealthy']> {
  const response = await client.open('/health/ready');
  const text = await response.text();
  if (response.ok) return [];
  const { detail, errors } = problem.parse(JSON.parse(text));
  return errors === undefined
    ? [{ component: 'server', reason: detail }]
    : errors.map(({ path, message }) => ({ component: path, reason: message }));
}

/** While a component is away the list may be refused: the rest is still told. */
async function deploymentsOf(client: ApiClient): Promise<api.DeploymentView[]> {
  const page = z.object({ items: z.array(api.deploymentView), next_cursor: z.string().nullable() });
  const found: api.DeploymentView[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const response = await client.open(`/api/deploy/status?limit=500${cursor === '' ? '' : `&cursor=${cursor}`}`);
    if (!response.ok) return found;
    const { items, next_cursor } = page.parse(await response.json());
    found.push(...items);
    cursor = next_cursor;
  }
  return found;
}

/** As little told as the list above while a component is away. */
async function lastMinuteOf(client: ApiClient, now: number): Promise<LastMinute[]> {
  const response = await client.open(`/api/monitoring/metrics?from=${isoTime(now - 60_000)}`);
  if (!response.ok) return [];
  const { items } = api.metricsAnswer.parse(await response.json());
  return items.map(({ deployment, model, version, total }) => {
    const { rows, throughput, error_rate, latency_ms, queued_rows } = total;
    return { deployment, version: `${model}@${version}`, rows, throughput, error_rate, latency_ms, queued_rows };
  });
}

async function findingsOf(client: ApiClient): Promise<Status['findings']> {
  const response = await client.open(`/api/monitoring/findings?state=open&limit=${mostFindings}`);
  if (!response.ok) return null;
  const { open, items } = api.findingList.parse(await response.json());
  return { open, newest: items };
}

function told(status: Status): string[] {
  const { url, ready, unhealthy, deployments, last_minute, findings, unwatched, monitoring, logs, read_models } =
    status;
  return [
    ready ? `Modelog at ${url} is ready` : `Modelog at ${url} cannot serve`,
    ...unhealthy.map(({ component, reason }) => `  ${component}: ${reason}`),
    '',
    ...(deployments.length === 0 ? ['No deployments yet'] : table(deploymentHead, deployments.map(deploymentRow))),
    '',
    ...(last_minute.length === 0 ? [] : [...table(lastMinuteHead, last_minute.map(lastMinuteRow)), '']),
    ...findingLines(findings),
    ...unwatchedLines(unwatched),
    ...(monitoring.length === 0
      ? []
      : [
          ...table(
            ['monitoring', 'lag'],
            monitoring.map(({ instance, lag }) => [instance, String(lag)]),
          ),
          '',
        ]),
    ...table(
      ['log', 'last sequence'],
      logs.map(({ stream, last_seq }) => [stream, String(last_seq)]),
    ),
    '',
    ...table(
      ['read model', 'folds', 'position', 'gap'],
      read_models.map(({ projection, stream, position, gap }) => [
        ...[projection, stream, String(position), gap === null ? 'unknown' : String(gap)],
      ]),
    ),
  ];
}

/** Nothing is said where nothing is wrong. */
function findingLines(findings: Status['findings']): string[] {
  if (findings === null || findings.open === 0) return [];
  const { open, newest } = findings;
  const more = open - newest.length;
  return [
    ...table(
      [`open findings: ${open}`, 'version', 'since', 'found'],
      newest.map(({ deployment, model, version, raised, details }) => [
        ...[deployment, `${model}@${version}`, raised.at, findingText(details)],
      ]),
    ),
    ...(more > 0 ? [`and ${more} more: GET /api/monitoring/findings?state=open`] : []),
    '',
  ];
}

/** As little. */
const unwatchedLines = (unwatched: Status['unwatched']): string[] =>
  unwatched.length === 0
    ? []
    : [
        ...table(
          ['not watched', 'why', 'see the log of'],
          unwatched.map(({ deployment, code, instance }) => [deployment, code, instance]),
        ),
        '',
      ];

const deploymentHead = ['deployment', 'environment', 'state', 'versions', 'instances'];

const deploymentRow = ({ deployment, environment, state, versions }: api.DeploymentView): string[] => [
  ...[deployment, environment, state],
  versions
    .map(({ model, version, weight }) => `${model}@${version}${weight === 1 ? '' : ` ${weight * 100} %`}`)
    .join(', '),
  versions.map(({ ready_instances }) => String(ready_instances)).join(', '),
];

const lastMinuteHead = ['last minute', 'version', 'rows/s', 'p99 ms', 'errors', 'queue'];

const lastMinuteRow = ({
  deployment,
  version,
  throughput,
  error_rate,
  latency_ms,
  queued_rows,
}: LastMinute): string[] => [
  ...[deployment, version, throughput.toFixed(1)],
  latency_ms === null ? '-' : latency_ms.p99.toFixed(1),
  error_rate === null ? '-' : `${(100 * error_rate).toFixed(2)} %`,
  queued_rows === null ? '-' : String(queued_rows.max),
];
