/** For specs: the lineage by the book, from all events up to a sequence, in memory. Short ASCII names only. */
import { isVersion, type api, type GovernanceEvent, type RecordedEvent } from '#libs/contracts/index.js';

type Event = RecordedEvent<GovernanceEvent>;
type Attributes = Record<string, unknown>;

export interface NaiveLineage {
  readonly nodes: ReadonlyMap<string, api.LineageNode>;
  readonly edges: readonly api.LineageEdge[];
}

export function naiveLineage(events: readonly Event[]): NaiveLineage {
  const nodes = new Map<string, api.LineageNode>();
  const edges = new Map<string, api.LineageEdge>();
  const name = (id: string, attributes: Attributes | null = null): string => {
    const [type] = id.split(':');
    const known = nodes.get(id);
    nodes.set(id, {
      ...{ id, type: type as api.NodeType, name: id.slice(id.indexOf(':') + 1) },
      recorded: attributes !== null || known?.recorded === true,
      attributes: { ...known?.attributes, ...attributes },
    });
    return id;
  };
  const connect = (from: string, type: api.EdgeType, to: string, seq: number): api.LineageEdge => {
    const key = `${from} ${type} ${to}`;
    const edge = edges.get(key) ?? { from, to, type, seq, attributes: {} };
    edges.set(key, edge);
    return edge;
  };
  for (const { seq, event, meta } of events) {
    if (event.type === 'VersionRegistered') {
      const { model, version, artifact, size, lineage, baseline, derivation } = event.data;
      const made = `version:${model}@${version}`;
      if (nodes.get(made)?.recorded === true) continue;
      name(made, {
        ...{ model, version, artifact, size, created_at: meta.at, created_by: meta.actor, registered_seq: seq },
      });
      const fedInto = lineage.training_job === undefined ? made : name(`job:${lineage.training_job}`);
      if (lineage.dataset !== undefined) connect(name(`dataset:${lineage.dataset}`), 'trained_on', fedInto, seq);
      if (fedInto !== made) connect(fedInto, 'produced', made, seq);
      if (lineage.source !== undefined) connect(name(`source:${lineage.source}`), 'produced', made, seq);
      const parent = lineage.parent_version;
      if (parent !== undefined)
        connect(name(`version:${isVersion(parent) ? `${model}@${parent}` : parent}`), 'parent_of', made, seq);
      if (derivation !== undefined) {
        const from = name(`version:${derivation.parent.model}@${derivation.parent.version}`);
        connect(from, 'parent_of', made, seq).attributes['method'] = derivation.method;
      }
      connect(name(`artifact:${artifact}`, { size }), 'bytes_of', made, seq);
      if (baseline !== undefined)
        connect(name(`artifact:${baseline.artifact}`, { format: baseline.format }), 'baseline_of', made, seq);
    }
    if (event.type === 'EvaluationRecorded') {
      const { dataset, curves = [] } = event.data.evaluation;
      const version = name(`version:${event.data.model}@${event.data.version}`);
      const { attributes } = connect(name(`dataset:${dataset}`), 'evaluated_on', version, seq);
      attributes['evaluations'] = ((attributes['evaluations'] as number | undefined) ?? 0) + 1;
      attributes['newest_seq'] = seq;
      for (const { artifact, kind } of curves) {
        const curve = connect(name(`artifact:${artifact}`, {}), 'curve_of', version, seq);
        curve.attributes['kinds'] = [...new Set([...((curve.attributes['kinds'] ?? []) as string[]), kind])].sort();
      }
    }
  }
  const deployments = new Set(
    events.flatMap(({ event }) => ('deployment' in event.data ? [event.data.deployment] : [])),
  );
  for (const deployment of deployments) {
    const { rollouts, environment, retired } = replay(deployment, events);
    if (rollouts.length === 0) continue;
    const to = name(`deployment:${deployment}`, { environment, retired });
    for (const version of new Set(rollouts.map((rollout) => rollout.version)))
      edges.set(`${version} served_by ${to}`, servedEdge(name(version), to, rollouts));
  }
  return { nodes, edges: [...edges.values()] };
}

interface Rollout {
  readonly id: string;
  readonly version: string;
  readonly requested: number;
  live?: number;
  until?: number;
  failed?: number;
  /** The champion moved on before it was loaded. */
  superseded?: boolean;
  /** Went on serving under the next rollout of the same version. */
  continued?: boolean;
}

/** The rollouts of one deployment as its rules allow them; other events are left out. */
function replay(deployment: string, events: readonly Event[]) {
  const rollouts: Rollout[] = [];
  let environment = '';
  let retired = false;
  const live = () => rollouts.find((each) => each.live !== undefined && each.until === undefined && !each.continued);
  const pending = () => rollouts.find(isLoading);
  for (const { seq, event } of events) {
    if (!('deployment' in event.data) || event.data.deployment !== deployment) continue;
    const loading = pending();
    const follows = event.type === 'DeploymentRequested' && event.data.champion_seq !== undefined;
    const stays = event.type === 'DeploymentStayed' && live() !== undefined;
    if (loading !== undefined && (follows || stays)) loading.superseded = true;
    if (event.type === 'DeploymentRequested' && (loading === undefined || follows)) {
      const { rollout_id, model, version } = event.data;
      rollouts.push({ id: rollout_id, version: `version:${model}@${version}`, requested: seq });
      environment = event.data.environment;
      retired = false;
    }
    if (event.type === 'DeploymentRolledBack') {
      const { from, to, aborted } = event.data;
      const [left, target] = [from, to].map(({ model, version }) => `version:${model}@${version}`);
      const serving = live();
      const before = rollouts.findLast((each) => each.version === target && each.live !== undefined && !each.continued);
      if (serving?.version !== left || before === undefined || (loading?.id ?? null) !== aborted) continue;
      if (loading !== undefined) loading.superseded = true;
      if (left === target) continue;
      serving!.until = seq;
      before.live = seq;
      delete before.until;
    }
    if (event.type === 'DeploymentRetired' && rollouts.length > 0) {
      const serving = live();
      if (serving !== undefined) serving.until = seq;
      if (loading !== undefined) loading.failed = seq;
      retired = true;
    }
    if (event.type !== 'DeploymentWentLive' && event.type !== 'DeploymentFailed') continue;
    if (loading?.id !== event.data.rollout_id) continue;
    if (loading.version !== `version:${event.data.model}@${event.data.version}`) continue;
    if (event.type === 'DeploymentFailed') loading.failed = seq;
    else takeOver(live(), loading, seq);
  }
  return { rollouts, environment, retired };
}

const isLoading = ({ live, failed, superseded }: Rollout): boolean =>
  live === undefined && failed === undefined && superseded !== true;

function takeOver(before: Rollout | undefined, next: Rollout, seq: number): void {
  next.live = seq;
  if (before?.version === next.version) {
    next.live = before.live!;
    before.continued = true;
  } else if (before !== undefined) before.until = seq;
}

function servedEdge(version: string, to: string, rollouts: readonly Rollout[]): api.LineageEdge {
  const own = rollouts.filter((rollout) => rollout.version === version);
  const served = own.filter(({ live, continued }) => live !== undefined && !continued).at(-1);
  const loading = own.some(isLoading);
  const ended = own.at(-1)!.superseded === true ? 'superseded' : 'failed';
  const settled = served === undefined ? ended : 'former';
  const state = served !== undefined && served.until === undefined ? 'live' : loading ? 'requested' : settled;
  return {
    ...{ from: version, to, type: 'served_by', seq: own[0]!.requested },
    attributes: {
      state,
      requested_seq: own.at(-1)!.requested,
      since_seq: served?.live ?? null,
      until_seq: served?.until ?? null,
      failed_seq: own.findLast(({ failed }) => failed !== undefined)?.failed ?? null,
    },
  };
}

export interface NaiveBounds {
  readonly direction: 'upstream' | 'downstream' | 'both';
  readonly depth: number;
  readonly limit: number;
}

/** Level by level around the roots, upstream before downstream, names in order; all edges between what is kept. */
export function naiveGraph(
  { nodes, edges }: NaiveLineage,
  roots: readonly string[],
  { direction, depth, limit }: NaiveBounds,
): Omit<api.LineageGraph, 'as_of_seq'> {
  const kept = roots.slice(0, limit);
  let truncated = roots.length > limit;
  const walks = (['upstream', 'downstream'] as const)
    .filter((each) => direction === 'both' || direction === each)
    .map((each) => ({ each, met: [...kept], front: [...kept] }));
  for (let level = 1; level <= depth + 1 && !truncated; level++) {
    for (const walk of walks) {
      const next = edges
        .filter(({ from, to }) => walk.front.includes(walk.each === 'upstream' ? to : from))
        .map(({ from, to }) => (walk.each === 'upstream' ? from : to))
        .filter((id) => !walk.met.includes(id));
      walk.front = [...new Set(next)].sort();
      walk.met.push(...walk.front);
      if (level > depth) truncated ||= walk.front.length > 0;
      for (const id of level > depth || truncated ? [] : walk.front) {
        if (kept.includes(id)) continue;
        if (kept.length === limit) truncated = true;
        else kept.push(id);
      }
    }
  }
  return {
    roots: roots.slice(0, limit),
    nodes: kept.map((id) => nodes.get(id)!),
    edges: edges
      .filter(({ from, to }) => kept.includes(from) && kept.includes(to))
      .sort((a, b) => a.seq - b.seq || (edgeName(a) < edgeName(b) ? -1 : 1)),
    truncated,
  };
}

const edgeName = ({ from, to, type }: api.LineageEdge): string => [from, to, type].join('\0');
