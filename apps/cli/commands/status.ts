import { z } from 'zod';
import { api, problem } from '#libs/contracts/index.js';
import type { ApiClient } from '../http/api-client.js';
import { gauges, type Sample } from '../http/gauges.js';
import type { Io } from '../io.js';
import { table } from '../text/table.js';

interface Status {
  readonly url: string;
  readonly ready: boolean;
  /** Each component that cannot serve, with its reason. */
  readonly unhealthy: readonly { readonly component: string; readonly reason: string }[];
  readonly deployments: readonly api.DeploymentView[];
  readonly logs: readonly { readonly stream: string; readonly last_seq: number }[];
  readonly read_models: readonly {
    readonly projection: string;
    readonly stream: string;
    readonly position: number;
    /** Messages not folded yet; null while the stream does not tell. */
    readonly gap: number | null;
  }[];
}

/** Prints what runs and how far it is. False when something cannot serve. */
export async function status(client: ApiClient, io: Io, { json }: { readonly json: boolean }): Promise<boolean> {
  const found = await statusOf(client);
  if (json) io.out(JSON.stringify(found));
  else for (const line of told(found)) io.out(line);
  return found.ready;
}

async function statusOf(client: ApiClient): Promise<Status> {
  const unhealthy = await unhealthyOf(client);
  const metrics = gauges(await (await client.open('/metrics', { accept: 'text/plain' })).text());
  const gaps = metrics('modelog_read_model_gap_messages');
  const byName = (name: string) => metrics(name).sort((a, b) => (labelsOf(a) < labelsOf(b) ? -1 : 1));
  return {
    ...{ url: client.url, ready: unhealthy.length === 0, unhealthy },
    deployments: await deploymentsOf(client),
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

function told({ url, ready, unhealthy, deployments, logs, read_models }: Status): string[] {
  return [
    ready ? `Modelog at ${url} is ready` : `Modelog at ${url} cannot serve`,
    ...unhealthy.map(({ component, reason }) => `  ${component}: ${reason}`),
    '',
    ...(deployments.length === 0 ? ['No deployments yet'] : table(deploymentHead, deployments.map(deploymentRow))),
    '',
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

const deploymentHead = ['deployment', 'environment', 'state', 'versions', 'instances'];

const deploymentRow = ({ deployment, environment, state, versions }: api.DeploymentView): string[] => [
  ...[deployment, environment, state],
  versions
    .map(({ model, version, weight }) => `${model}@${version}${weight === 1 ? '' : ` ${weight * 100} %`}`)
    .join(', '),
  versions.map(({ ready_instances }) => String(ready_instances)).join(', '),
];
