import {
  configurationFiles,
  type DeploymentEvent,
  type DeploymentRequested,
  type EventOf,
  type GovernanceEvent,
  type Recording,
  type Signature,
  type Strategy,
  type VersionCrashed,
} from '#libs/contracts/index.js';
import { isUnknown, type LogRecord } from '#libs/event-log/index.js';

/** One version on its way into a deployment's traffic, or in it, as its DeploymentRequested event says. */
export interface Rollout {
  readonly rolloutId: string;
  readonly deployment: string;
  readonly model: string;
  readonly version: string;
  readonly artifact: string;
  readonly signature: Signature;
  readonly recording: Recording;
  /** Id and EVENTS sequence of the request, and when the server stored it (milliseconds since the epoch). */
  readonly requestId: string;
  readonly requestedSeq: number;
  readonly requestedAt: number;
  readonly correlationId: string;
  readonly loadTimeoutS: number;
  /** The newest move of the model's champion that is answered with this rollout; null: it follows none. */
  readonly championSeq: number | null;
  readonly strategy: Strategy;
  /** Blue-green: every serving process has it warm, and nothing is to be loaded any more before it goes live. */
  readonly prepared: boolean;
  /** It takes no requests because serving processes kept dying of it; null: it may take them. */
  readonly cutOff: CutOff | null;
}

export interface CutOff {
  /** The signal that ended the last of them. */
  readonly cause: string;
  readonly crashes: number;
  readonly withinS: number;
}

export interface DeploymentRoutes {
  readonly deployment: string;
  /** Takes the traffic. */
  readonly live: Rollout | null;
  /** Took it before, or a rollback took it from there; kept warm. */
  readonly former: Rollout | null;
  /** Is being loaded; takes none yet. */
  readonly pending: Rollout | null;
  readonly retired: boolean;
}

/** The version in production of a model, and the event that put it there. */
export interface Champion {
  readonly version: string;
  readonly seq: number;
  readonly correlationId: string;
  readonly eventId: string;
}

/** Where traffic goes, as of one position of the log. Immutable: a later position is another table. */
export interface RoutingTable {
  /** EVENTS sequence of the last record that went into it. */
  readonly sequence: number;
  readonly deployments: ReadonlyMap<string, DeploymentRoutes>;
  /** By model: what a following deployment should serve is a function of both kinds of events. */
  readonly champions: ReadonlyMap<string, Champion>;
  /** The configuration in force; null before the first one. */
  readonly configuration: { readonly seq: number; readonly loadTimeoutS: number } | null;
  /** Records that this release does not know, counted and skipped. */
  readonly skipped: number;
}

export const emptyRoutingTable: RoutingTable = {
  sequence: 0,
  deployments: new Map(),
  champions: new Map(),
  configuration: null,
  skipped: 0,
};

/** The table after further records of EVENTS, in the order of the log. `deployments` is the same object if none changed. */
export function foldRouting(table: RoutingTable, records: readonly LogRecord<GovernanceEvent>[]): RoutingTable {
  let { sequence, skipped, configuration } = table;
  let changed: Map<string, DeploymentRoutes> | null = null;
  let champions: Map<string, Champion> | null = null;
  for (const record of records) {
    sequence = record.seq;
    if (isUnknown(record)) {
      skipped += 1;
      continue;
    }
    const { event } = record;
    const champion = championIn(event, record);
    if (champion !== undefined) (champions ??= new Map(table.champions)).set(champion.model, champion);
    configuration = configurationIn(event, record) ?? configuration;
    if (!isDeploymentEvent(event)) continue;
    changed ??= new Map(table.deployments);
    const { deployment } = event.data;
    changed.set(deployment, evolve(changed.get(deployment) ?? unrouted(deployment), event, record));
  }
  return {
    ...{ sequence, skipped, configuration },
    deployments: changed ?? table.deployments,
    champions: champions ?? table.champions,
  };
}

/**
 * What a serving process should hold: what takes traffic first, then what may take it next, then what took it last. What
 * is cut off is not held: loading it may be what processes die of.
 */
export function* rolloutsOf(
  table: RoutingTable,
): Generator<{ rollout: Rollout; place: 'live' | 'pending' | 'former'; kept: boolean }> {
  for (const place of ['live', 'pending', 'former'] as const)
    for (const routes of table.deployments.values()) {
      const rollout = routes[place];
      if (rollout !== null && rollout.cutOff === null) yield { rollout, place, kept: isKept(routes, place) };
    }
}

/**
 * The other side of a blue-green rollout, whichever of the two takes the traffic: until it is released, a rollback goes
 * there at once. The later of the two is the rollout that brought them side by side, and has it released in time.
 */
function isKept({ live, former }: DeploymentRoutes, place: 'live' | 'pending' | 'former'): boolean {
  if (place !== 'former' || live === null || former === null) return false;
  const later = live.requestedSeq > former.requestedSeq ? live : former;
  return later.strategy.type === 'blue_green';
}

const unrouted = (deployment: string): DeploymentRoutes => ({
  deployment,
  live: null,
  former: null,
  pending: null,
  retired: false,
});

/** What the deployment is about to serve, or serves. */
export const newestOf = ({ pending, live }: DeploymentRoutes): Rollout | null => pending ?? live;

function championIn(event: GovernanceEvent, { seq, id, meta }: Origin): (Champion & { model: string }) | undefined {
  if (event.type !== 'ChampionRolledBack' && !(event.type === 'VersionPromoted' && event.data.to === 'production'))
    return undefined;
  const { model, version } = event.data;
  return { model, version, seq, eventId: id, correlationId: meta.correlationId };
}

/** A configuration that this release cannot read was in force for another one: what is known stays. */
function configurationIn(event: GovernanceEvent, { seq }: Origin): RoutingTable['configuration'] {
  if (event.type !== 'ConfigurationApplied') return null;
  const files = configurationFiles.safeParse(event.data.content);
  return files.success ? { seq, loadTimeoutS: files.data.pipeline.deployment.load_timeout_s } : null;
}

function isDeploymentEvent(event: GovernanceEvent): event is DeploymentEvent {
  switch (event.type) {
    case 'DeploymentRequested':
    case 'DeploymentPrepared':
    case 'DeploymentWentLive':
    case 'DeploymentRolledBack':
    case 'FormerVersionReleased':
    case 'VersionCrashed':
    case 'DeploymentFailed':
    case 'DeploymentStayed':
    case 'DeploymentRetired':
      return true;
    default:
      return false;
  }
}

type Origin = Exclude<LogRecord<GovernanceEvent>, { readonly unknown: unknown }>;

/** Settlements name the rollout that is pending: the deployment's decider sees to that. */
function evolve(routes: DeploymentRoutes, event: DeploymentEvent, origin: Origin): DeploymentRoutes {
  switch (event.type) {
    case 'DeploymentRequested':
      return {
        ...routes,
        pending: rolloutOf(event.data, origin),
        retired: false,
      };
    case 'DeploymentPrepared':
      return { ...routes, pending: routes.pending && { ...routes.pending, prepared: true } };
    case 'DeploymentRolledBack':
      return { ...routes, live: returned(routes), former: leftBehind(routes.live), pending: null };
    case 'FormerVersionReleased':
      return { ...routes, former: null };
    case 'VersionCrashed':
      return crashed(routes, event.data);
    case 'DeploymentWentLive':
      return { ...routes, live: routes.pending, former: leftBehind(routes.live), pending: null };
    case 'DeploymentFailed':
      return { ...routes, live: answered(routes), pending: null };
    case 'DeploymentStayed':
      return {
        ...routes,
        live: routes.live && { ...routes.live, championSeq: event.data.champion_seq },
        pending: null,
      };
    case 'DeploymentRetired':
      return { ...unrouted(routes.deployment), retired: true };
  }
}

/** What stays live when a rollout fails: whoever follows the same champion has answered its move all the same. */
function answered({ live, pending }: DeploymentRoutes): Rollout | null {
  if (live === null || live.championSeq === null || live.model !== pending?.model || pending.championSeq === null)
    return live;
  return { ...live, championSeq: pending.championSeq };
}

/** What traffic leaves begins anew when it returns. */
const leftBehind = (rollout: Rollout | null): Rollout | null => rollout && { ...rollout, cutOff: null };

/** What a rollback returns to; which moves of a champion it has answered is said in the domain (deployment/evolve). */
function returned({ live, former, pending }: DeploymentRoutes): Rollout | null {
  if (former === null || former.championSeq === null) return former;
  if (live === null || live.championSeq === null || live.model !== former.model)
    return { ...former, championSeq: null };
  const aborted = pending?.model === former.model ? (pending.championSeq ?? 0) : 0;
  return { ...former, championSeq: Math.max(former.championSeq, live.championSeq, aborted) };
}

function crashed(routes: DeploymentRoutes, data: EventOf<typeof VersionCrashed>['data']): DeploymentRoutes {
  const cutOff = data.cut_off ? { cause: data.cause, crashes: data.crashes, withinS: data.within_s } : null;
  const told = (rollout: Rollout | null): Rollout | null =>
    rollout?.rolloutId === data.rollout_id ? { ...rollout, cutOff } : rollout;
  return { ...routes, live: told(routes.live), former: told(routes.former), pending: told(routes.pending) };
}

const rolloutOf = (
  data: EventOf<typeof DeploymentRequested>['data'],
  { id, seq, storedAt, meta }: Origin,
): Rollout => ({
  rolloutId: data.rollout_id,
  deployment: data.deployment,
  model: data.model,
  version: data.version,
  artifact: data.artifact,
  signature: data.signature,
  recording: data.recording,
  requestId: id,
  requestedSeq: seq,
  requestedAt: storedAt,
  correlationId: meta.correlationId,
  loadTimeoutS: data.load_timeout_s,
  championSeq: data.champion_seq ?? null,
  strategy: data.strategy,
  prepared: false,
  cutOff: null,
});
