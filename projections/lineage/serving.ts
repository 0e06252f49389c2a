/** What the events of deployments do to the edges from versions to a deployment. */
import type { DeploymentEvent } from '#libs/contracts/index.js';
import { accept, assertNever, reject, type Result } from '#libs/kernel/index.js';
import { versionNode } from './node.js';

/** Those of a deployment's events that say which version it serves. */
export type ServingEvent = Exclude<
  DeploymentEvent,
  { readonly type: 'DeploymentPrepared' | 'FormerVersionReleased' | 'VersionCrashed' }
>;

/** Attributes of a `served_by` edge; sequences are positions of events. */
export interface ServedAttributes {
  /** `live` while it takes the traffic, `former` once it did; else what became of the newest request. */
  readonly state: 'requested' | 'live' | 'former' | 'failed' | 'superseded';
  /** The newest request. */
  readonly requested_seq: number;
  /** When it took the traffic the last time, and when that ended; null: never, not yet. */
  readonly since_seq: number | null;
  readonly until_seq: number | null;
  /** When it could not be loaded the last time, or was given up with the deployment. */
  readonly failed_seq: number | null;
}

export interface ServedEdge {
  /** Node of the version. */
  readonly version: string;
  /** The first request. */
  readonly seq: number;
  readonly attributes: ServedAttributes;
}

export interface Serving {
  readonly live: ServedEdge | null;
  readonly pending: ServedEdge | null;
  readonly pending_rollout: string | null;
}

export interface ServingChanged {
  readonly serving: Serving;
  /** Edges that are new or changed. */
  readonly edges: readonly ServedEdge[];
}

/**
 * @param known of the deployment; undefined before its first event.
 * @param edge of a request or a rollback: from its version to the deployment, where there is one.
 * Refuses, with a reason, an event that the deployment's own rules would never have given.
 */
export function foldServing(
  known: Serving | undefined,
  edge: Omit<ServedEdge, 'version'> | undefined,
  event: ServingEvent,
  seq: number,
): Result<ServingChanged, string> {
  switch (event.type) {
    case 'DeploymentRequested': {
      // Only a rollout of a newer champion replaces one that is not settled.
      if (known?.pending_rollout && event.data.champion_seq === undefined)
        return reject(`rollout ${known.pending_rollout} is not settled yet`);
      const { live, edges } = withoutPending(known);
      const version = versionNode(event.data.model, event.data.version);
      const before = edge?.attributes ?? never;
      const state = before.state === 'live' ? 'live' : 'requested';
      const pending = { version, seq: edge?.seq ?? seq, attributes: { ...before, state, requested_seq: seq } } as const;
      return accept({
        serving: { live, pending, pending_rollout: event.data.rollout_id },
        edges: [...edges.filter((each) => each.version !== version), pending],
      });
    }
    case 'DeploymentStayed': {
      if (!known?.live) return reject('a deployment that serves nothing cannot stay with it');
      const { live, edges } = withoutPending(known);
      return accept({ serving: { live, pending: null, pending_rollout: null }, edges });
    }
    case 'DeploymentWentLive': {
      const pending = pendingOf(known, event);
      if (pending === undefined || known === undefined) return notInProgress(event.data.rollout_id);
      const same = known.live?.version === pending.version;
      const since_seq = same ? pending.attributes.since_seq : seq;
      const live = changed(pending, { state: 'live', since_seq, until_seq: null });
      const former = known.live === null || same ? [] : [ended(known.live, seq)];
      return accept({ serving: { live, pending: null, pending_rollout: null }, edges: [...former, live] });
    }
    case 'DeploymentRolledBack': {
      const { from, to, aborted } = event.data;
      const version = versionNode(to.model, to.version);
      // What took the traffic before has an edge that says so.
      if (known?.live?.version !== versionNode(from.model, from.version) || !edge || edge.attributes.since_seq === null)
        return reject(`traffic cannot return from ${from.version} to ${to.version}`);
      if (known.pending_rollout !== aborted) return reject('it ended another rollout than is under way');
      const { live, edges } = withoutPending(known);
      if (live === null || live.version === version)
        return accept({ serving: { live, pending: null, pending_rollout: null }, edges });
      const before = edges.find((each) => each.version === version) ?? { ...edge, version };
      const returned = changed(before, { state: 'live', since_seq: seq, until_seq: null });
      return accept({
        serving: { live: returned, pending: null, pending_rollout: null },
        edges: [...edges.filter((each) => each.version !== version), ended(live, seq), returned],
      });
    }
    case 'DeploymentFailed': {
      const pending = pendingOf(known, event);
      if (pending === undefined || known === undefined) return notInProgress(event.data.rollout_id);
      const failed = givenUp(pending, seq);
      return accept({
        serving: { live: newest(known.live, failed), pending: null, pending_rollout: null },
        edges: [failed],
      });
    }
    case 'DeploymentRetired': {
      if (known === undefined) return reject('a deployment that never was cannot be retired');
      const pending = known.pending === null ? null : givenUp(known.pending, seq);
      const live = pending === null ? known.live : newest(known.live, pending);
      const edges = [
        ...(live === null ? [] : [ended(live, seq)]),
        ...(pending === null || pending.version === live?.version ? [] : [pending]),
      ];
      return accept({ serving: { live: null, pending: null, pending_rollout: null }, edges });
    }
    default:
      return assertNever(event, 'serving event');
  }
}

const never: ServedAttributes = {
  state: 'requested',
  requested_seq: 0,
  since_seq: null,
  until_seq: null,
  failed_seq: null,
};

const notInProgress = (rollout: string): Result<ServingChanged, string> =>
  reject(`rollout ${rollout} is not in progress`);

/** The pending edge, if it is of the event's rollout and version. */
function pendingOf(
  known: Serving | undefined,
  { data }: Extract<DeploymentEvent, { type: 'DeploymentWentLive' | 'DeploymentFailed' }>,
): ServedEdge | undefined {
  if (known?.pending_rollout !== data.rollout_id) return undefined;
  return known.pending?.version === versionNode(data.model, data.version) ? known.pending : undefined;
}

/** What is live once the champion has moved on before the pending version was loaded, and the edge that this changes. */
function withoutPending(known: Serving | undefined): { live: ServedEdge | null; edges: readonly ServedEdge[] } {
  if (known === undefined) return { live: null, edges: [] };
  if (known.pending === null) return { live: known.live, edges: [] };
  const { state, since_seq } = known.pending.attributes;
  if (state === 'live') return { live: newest(known.live, known.pending), edges: [] };
  return { live: known.live, edges: [changed(known.pending, { state: since_seq === null ? 'superseded' : 'former' })] };
}

/** The live edge, as it is after its version was asked for again and that is settled. */
const newest = (live: ServedEdge | null, edge: ServedEdge): ServedEdge | null =>
  live?.version === edge.version ? edge : live;

const changed = (edge: ServedEdge, attributes: Partial<ServedAttributes>): ServedEdge => ({
  ...edge,
  attributes: { ...edge.attributes, ...attributes },
});

const ended = (edge: ServedEdge, seq: number): ServedEdge => changed(edge, { state: 'former', until_seq: seq });

function givenUp(edge: ServedEdge, seq: number): ServedEdge {
  const { state, since_seq } = edge.attributes;
  if (state === 'live') return changed(edge, { failed_seq: seq });
  return changed(edge, { state: since_seq === null ? 'failed' : 'former', failed_seq: seq });
}
