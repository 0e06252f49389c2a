import { rejection, type api, type Environment, type Rejection } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import {
  asOf,
  cursorOf,
  groupBy,
  readCursor,
  type ProjectionReader,
  type Queryable,
  type ReadAt,
} from '#libs/projecting/index.js';
import type { DeploymentRow, RolloutRow } from './fold.js';

/** `api.deploymentList`. */
export interface DeploymentPage {
  readonly items: api.DeploymentView[];
  readonly next_cursor: string | null;
  readonly as_of_seq: number;
}

export interface ListAt extends ReadAt {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** The rollout that took a deployment's traffic at a routing sequence. */
export interface Route {
  readonly rollout: api.RolloutView;
  readonly environment: Environment;
  readonly live_seq: number;
  readonly live_at: string;
  readonly as_of_seq: number;
}

/** A view tells of the newest rollouts, oldest first; its `rollout` is the newest, whatever became of it. */
export const historyLimit = 100;

/** Role and weight of the version that takes all of a deployment's traffic. */
export const liveArm = { role: 'live', weight: 1 } as const;
/** Of the version that is kept warm for a rollback. */
const formerArm = { role: 'former', weight: 0 } as const;

/** Reads of deployments. Every method may also refuse as `ProjectionReader.read` does. */
export class DeploymentQueries {
  constructor(private readonly reader: ProjectionReader) {}

  /** One deployment, retired ones included; or `deployment_not_found`. */
  getDeployment(name: string, at: ReadAt = {}): Promise<Result<api.DeploymentView & { as_of_seq: number }, Rejection>> {
    return this.reader.read(at, async (database, seq) => {
      const { rows } = await database.query<DeploymentRow>(
        `select ${deploymentColumns} from deployments.deployments where deployment = $1 and ${asOf('$2')}`,
        [name, seq],
      );
      const [view] = await views(database, rows, seq);
      return view === undefined ? reject(noDeployment(name, seq)) : accept({ ...view, as_of_seq: seq });
    });
  }

  /** Deployments in order of their names, retired ones included. All pages of a walk are of the same moment. */
  async listDeployments({ limit, cursor, ...at }: ListAt): Promise<Result<DeploymentPage, Rejection>> {
    const from = cursor === undefined ? undefined : readCursor('deployments', cursor);
    if (from !== undefined && !from.ok) return from;
    const moment: ReadAt = from === undefined ? at : { as_of: { seq: from.value.seq } };
    return this.reader.read(moment, async (database, seq) => {
      const { rows } = await database.query<DeploymentRow>(
        `select ${deploymentColumns} from deployments.deployments
         where deployment > $1 and ${asOf('$2')} order by deployment limit $3`,
        [from?.value.after ?? '', seq, limit + 1],
      );
      const items = await views(database, rows.slice(0, limit), seq);
      const last = items.at(-1);
      const next_cursor =
        rows.length > limit && last !== undefined
          ? cursorOf({ list: 'deployments', seq, after: last.deployment })
          : null;
      return accept({ items, next_cursor, as_of_seq: seq });
    });
  }

  /** Names of the deployments that serve a version or are about to, in byte order. */
  serving(
    model: string,
    version: string,
    at: ReadAt = {},
  ): Promise<Result<{ readonly deployments: readonly string[]; readonly as_of_seq: number }, Rejection>> {
    return this.reader.read(at, async (database, seq) => {
      const { rows } = await database.query<Pick<RolloutRow, 'deployment'>>(
        `select distinct deployment from deployments.rollouts
         where model = $1 and version = $2 and state in ('deploying', 'prepared', 'live') and ${asOf('$3')} order by deployment`,
        [model, version, seq],
      );
      return accept({ deployments: rows.map(({ deployment }) => deployment), as_of_seq: seq });
    });
  }

  /**
   * Deployments that keep to a model's champion, as they stand; at most `limit`, in byte order.
   */
  followersOf(
    model: string,
    at: ReadAt = {},
    limit = 500,
  ): Promise<Result<{ readonly items: readonly api.DeploymentView[]; readonly as_of_seq: number }, Rejection>> {
    return this.reader.read(at, async (database, seq) => {
      const { rows } = await database.query<DeploymentRow>(
        `select ${deploymentColumns} from deployments.deployments d
         where ${asOf('$2')} and d.deployment in (
           select r.deployment from deployments.rollouts r
           where r.model = $1 and r.follows and r.state in ('deploying', 'prepared', 'live') and ${asOf('$2', 'r')})
         order by deployment limit $3`,
        [model, seq, limit],
      );
      const items = await views(database, rows, seq);
      return accept({ items: items.filter(({ follows }) => follows?.model === model), as_of_seq: seq });
    });
  }

  /**
   * Where a deployment's traffic went at an EVENTS sequence (a chunk's `routing_seq`); undefined where nothing was live.
   * Waits for the read model to reach that sequence.
   */
  routeAt(deployment: string, seq: number): Promise<Result<Route | undefined, Rejection>> {
    return this.reader.read({ as_of: { seq } }, async (database) => {
      const { rows } = await database.query<Pick<DeploymentRow, 'live'>>(
        `select live from deployments.deployments where deployment = $1 and ${asOf('$2')}`,
        [deployment, seq],
      );
      const live = rows[0]?.live;
      if (!live || live.live_seq === null || live.live_at === null) return accept(undefined);
      const { environment, live_seq, live_at } = live;
      return accept({ rollout: rolloutView(live), environment, live_seq, live_at, as_of_seq: seq });
    });
  }
}

const deploymentColumns = 'deployment, environment, state, recording, live, former, pending, stayed';

const rolloutColumns = [
  ...['deployment', 'rollout_id', 'model', 'version', 'artifact', 'environment', 'strategy', 'recording'],
  ...['follows', 'champion_seq', 'state'],
  ...['requested_at', 'requested_by', 'requested_seq', 'live_at', 'live_seq', 'settled_at', 'settled_seq'],
  ...['failure', 'crashes', 'cut_off', 'ready_instances'],
];

/** One more statement for any number of deployments. */
async function views(database: Queryable, rows: readonly DeploymentRow[], seq: number): Promise<api.DeploymentView[]> {
  if (rows.length === 0) return [];
  const { rows: rollouts } = await database.query<RolloutRow>(
    `select ${rolloutColumns.map((column) => `r.${column}`).join(', ')}
     from unnest($1::text[]) as wanted (deployment)
     cross join lateral (
       select * from deployments.rollouts r
       where r.deployment = wanted.deployment and ${asOf('$2', 'r')}
       order by r.requested_seq desc limit $3
     ) r
     order by r.requested_seq`,
    [rows.map(({ deployment }) => deployment), seq, historyLimit],
  );
  const byDeployment = groupBy(rollouts, ({ deployment }) => deployment);
  return rows.map((row) => deploymentView(row, byDeployment.get(row.deployment) ?? []));
}

function deploymentView(row: DeploymentRow, rollouts: readonly RolloutRow[]): api.DeploymentView {
  const latest = rollouts.at(-1);
  const { live, former } = row;
  return {
    deployment: row.deployment,
    environment: row.environment,
    state: row.state,
    recording: row.recording,
    follows: followsOf(row, rollouts),
    versions: [
      ...(live === null ? [] : [{ ...versionOf(live), ...liveArm }]),
      ...(former === null ? [] : [{ ...versionOf(former), ...formerArm }]),
    ],
    rollout: latest ? rolloutView(latest) : null,
    history: rollouts.map(rolloutView),
  };
}

const versionOf = ({ model, version, ready_instances }: RolloutRow) => ({ model, version, ready_instances });

function followsOf(
  { live, pending, stayed }: DeploymentRow,
  rollouts: readonly RolloutRow[],
): api.DeploymentView['follows'] {
  const newest = pending ?? live;
  if (newest?.follows !== true) return null;
  if (pending !== null) return { model: newest.model, alias: 'champion', state: 'switching', stayed: null };
  const behind = ({ state, champion_seq }: RolloutRow): boolean =>
    state === 'failed' && (champion_seq ?? 0) > (live?.champion_seq ?? 0);
  const state = stayed !== null ? 'stayed' : rollouts.some(behind) ? 'failed' : 'following';
  return { model: newest.model, alias: 'champion', state, stayed };
}

const rolloutView = ({
  deployment: _deployment,
  environment: _environment,
  follows: _follows,
  live_at: _liveAt,
  live_seq: _liveSeq,
  ready_instances: _ready,
  ...view
}: RolloutRow): api.RolloutView => view;

const noDeployment = (name: string, seq: number): Rejection =>
  rejection('deployment_not_found', `no deployment is named '${name}' as of ${seq}`);
