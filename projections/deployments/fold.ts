/** What each deployment event does to a deployment and its rollouts. */
import type {
  api,
  DeploymentEvent,
  DeploymentRolledBack,
  Environment,
  EventOf,
  RecordedEvent,
  Recording,
} from '#libs/contracts/index.js';
import { accept, assertNever, reject, type Result } from '#libs/kernel/index.js';

export interface RolloutRow extends api.RolloutView {
  readonly deployment: string;
  readonly environment: Environment;
  /** When it took the traffic, the last time; null if it never did. */
  readonly live_at: string | null;
  readonly live_seq: number | null;
  /** The deployment, with this rollout, keeps to the model's champion. */
  readonly follows: boolean;
  /** Serving processes that had loaded it when it was prepared or went live. */
  readonly ready_instances: number;
}

export interface DeploymentRow {
  readonly deployment: string;
  readonly environment: Environment;
  readonly state: api.DeploymentState;
  readonly recording: Recording;
  /** The rollout that takes the traffic, whole: a read needs no join. */
  readonly live: RolloutRow | null;
  /** Kept warm, and what a rollback returns to; in state `rolled_back` where a rollback left it. */
  readonly former: RolloutRow | null;
  readonly pending: RolloutRow | null;
  /** Why it did not go along with the champion it follows; null where it did. */
  readonly stayed: Stayed | null;
}

export type Stayed = NonNullable<NonNullable<api.DeploymentView['follows']>['stayed']>;

export interface Folded {
  readonly deployment: DeploymentRow;
  /** Rollouts that are new or changed. */
  readonly rollouts: readonly RolloutRow[];
}

/** Refuses, with a reason, an event that the deployment's own rules would never have given. */
export function foldDeployment(
  known: DeploymentRow | undefined,
  { seq, event, meta }: RecordedEvent<DeploymentEvent>,
): Result<Folded, string> {
  const settled = { settled_at: meta.at, settled_seq: seq };
  switch (event.type) {
    case 'DeploymentRequested': {
      // Only a rollout of a newer champion replaces one that is not settled.
      if (known?.pending && event.data.champion_seq === undefined)
        return reject(`rollout ${known.pending.rollout_id} is not settled yet`);
      const pending = requested(event.data, seq, meta);
      const live = known?.live ?? null;
      return accept({
        deployment: stated({
          deployment: event.data.deployment,
          environment: event.data.environment,
          recording: live?.recording ?? event.data.recording,
          live,
          former: known?.former ?? null,
          pending,
          // Should it fail, the champion is still the one that the deployment did not go along with.
          stayed: isNewer(event.data.champion_seq, known?.stayed) ? null : (known?.stayed ?? null),
        }),
        rollouts: [...superseded(known, settled), pending],
      });
    }
    case 'DeploymentPrepared': {
      if (known?.pending?.rollout_id !== event.data.rollout_id) return notInProgress(event.data.rollout_id);
      const pending: RolloutRow = {
        ...known.pending,
        state: 'prepared',
        ready_instances: event.data.instances.length,
      };
      return accept({ deployment: stated({ ...known, pending }), rollouts: [pending] });
    }
    case 'DeploymentWentLive': {
      if (known?.pending?.rollout_id !== event.data.rollout_id) return notInProgress(event.data.rollout_id);
      const live: RolloutRow = {
        ...known.pending,
        ...settled,
        state: 'live',
        live_at: meta.at,
        live_seq: seq,
        ready_instances: event.data.instances.length,
      };
      const former: RolloutRow | null = known.live && { ...known.live, state: 'former', cut_off: null };
      const { recording } = live;
      return accept({
        deployment: stated({ ...known, recording, live, former, pending: null, stayed: null }),
        rollouts: [...released(known.former), ...(former === null ? [] : [former]), live],
      });
    }
    case 'DeploymentFailed': {
      if (known?.pending?.rollout_id !== event.data.rollout_id) return notInProgress(event.data.rollout_id);
      const { code, reason } = event.data;
      const failed: RolloutRow = { ...known.pending, ...settled, state: 'failed', failure: { code, reason } };
      return accept({
        deployment: stated({ ...known, pending: null }),
        rollouts: [failed],
      });
    }
    case 'DeploymentStayed': {
      if (!known?.live) return reject('a deployment that serves nothing cannot stay with it');
      const { champion, champion_seq, code, reason } = event.data;
      return accept({
        deployment: stated({ ...known, pending: null, stayed: { champion, champion_seq, code, reason } }),
        rollouts: superseded(known, settled),
      });
    }
    case 'DeploymentRolledBack':
      return rolledBack(known, event.data, { at: meta.at, seq });
    case 'FormerVersionReleased': {
      const { rollout_id, released: given } = event.data;
      if (known?.live?.rollout_id !== rollout_id || known.former?.rollout_id !== given.rollout_id)
        return reject(`rollout ${given.rollout_id} is not kept`);
      return accept({ deployment: stated({ ...known, former: null }), rollouts: released(known.former) });
    }
    case 'VersionCrashed': {
      const { rollout_id, cause, crashes, cut_off } = event.data;
      const place = known && places.find((each) => known[each]?.rollout_id === rollout_id);
      const rollout = place && known[place];
      if (!rollout) return reject(`rollout ${rollout_id} is neither served nor kept`);
      const crashed: RolloutRow = {
        ...rollout,
        crashes: rollout.crashes + 1,
        cut_off: cut_off ? { at: meta.at, seq, cause, crashes } : null,
      };
      return accept({ deployment: stated({ ...known, [place]: crashed }), rollouts: [crashed] });
    }
    case 'DeploymentRetired': {
      if (known === undefined) return reject('a deployment that never was cannot be retired');
      const live: RolloutRow[] = known.live === null ? [] : [{ ...known.live, state: 'retired' }];
      const pending: RolloutRow[] = known.pending === null ? [] : [{ ...known.pending, ...settled, state: 'retired' }];
      return accept({
        deployment: { ...known, state: 'retired', live: null, former: null, pending: null, stayed: null },
        rollouts: [...released(known.former), ...live, ...pending],
      });
    }
    default:
      return assertNever(event, 'deployment event');
  }
}

const places = ['live', 'pending', 'former'] as const;

/** What a deployment is follows from its rollouts, until it is retired. */
function stated(row: Omit<DeploymentRow, 'state'>): DeploymentRow {
  return { ...row, state: stateOf(row) };
}

function stateOf({ live, former, pending }: Omit<DeploymentRow, 'state'>): api.DeploymentState {
  if (pending !== null) return live === null ? 'deploying' : 'rolling_out';
  if (live === null || live.cut_off !== null) return 'failed';
  return former?.state === 'rolled_back' ? 'rolled_back' : 'live';
}

/** What is no longer kept; a version that was rolled back stays that. */
const released = (former: RolloutRow | null): RolloutRow[] =>
  former === null || former.state === 'rolled_back' ? [] : [{ ...former, state: 'superseded' }];

/**
 * Traffic goes back to the former version, and what it leaves is rolled back; the second time, traffic returns to what
 * was rolled back.
 */
function rolledBack(
  known: DeploymentRow | undefined,
  data: EventOf<typeof DeploymentRolledBack>['data'],
  { at, seq }: { readonly at: string; readonly seq: number },
): Result<Folded, string> {
  const { from, to, aborted, reason } = data;
  if (known?.live?.rollout_id !== from.rollout_id || known.former?.rollout_id !== to.rollout_id)
    return reject(`traffic of ${data.deployment} cannot return to rollout ${to.rollout_id}`);
  if ((known.pending?.rollout_id ?? null) !== aborted) return reject('it ended another rollout than is under way');
  const settled = { settled_at: at, settled_seq: seq };
  const returns = known.former.state === 'rolled_back';
  const follows = known.former.follows && known.live.follows && known.former.model === known.live.model;
  const live: RolloutRow = {
    ...known.former,
    ...(returns ? settled : {}),
    ...(follows ? {} : { follows: false, champion_seq: null }),
    ...{ state: 'live', live_at: at, live_seq: seq },
  };
  const former: RolloutRow = {
    ...known.live,
    ...(returns ? { state: 'former' } : { ...settled, state: 'rolled_back' }),
    cut_off: null,
  };
  const ended: RolloutRow[] = known.pending === null ? [] : [{ ...known.pending, ...settled, state: 'aborted' }];
  const stayed = follows ? stayedBehind(live, [known.live, known.pending], known.stayed, reason) : null;
  return accept({
    deployment: stated({ ...known, recording: live.recording, live, former, pending: null, stayed }),
    rollouts: [...ended, former, live],
  });
}

/** The newest champion that a rollback does not go along with; null where it returned to that. */
function stayedBehind(
  live: RolloutRow,
  left: readonly (RolloutRow | null)[],
  stayed: Stayed | null,
  reason: string,
): Stayed | null {
  const followed = left.flatMap((each): Stayed[] =>
    each?.follows === true && each.model === live.model
      ? [{ champion: each.version, champion_seq: each.champion_seq ?? 0, code: 'rolled_back', reason }]
      : [],
  );
  return [...followed, ...(stayed === null ? [] : [stayed])].reduce<Stayed | null>(
    (newest, each) => (each.champion_seq > (newest?.champion_seq ?? live.champion_seq ?? 0) ? each : newest),
    null,
  );
}

const isNewer = (championSeq: number | undefined, stayed: Stayed | null | undefined): boolean =>
  championSeq !== undefined && championSeq > (stayed?.champion_seq ?? 0);

/** The rollout under way, which another decision ended before it was settled. */
const superseded = (
  known: DeploymentRow | undefined,
  settled: Pick<RolloutRow, 'settled_at' | 'settled_seq'>,
): RolloutRow[] => (known?.pending ? [{ ...known.pending, ...settled, state: 'superseded' }] : []);

const notInProgress = (rollout: string): Result<Folded, string> => reject(`rollout ${rollout} is not in progress`);

const requested = (
  data: Extract<DeploymentEvent, { type: 'DeploymentRequested' }>['data'],
  seq: number,
  meta: RecordedEvent['meta'],
): RolloutRow => ({
  deployment: data.deployment,
  rollout_id: data.rollout_id,
  model: data.model,
  version: data.version,
  artifact: data.artifact,
  environment: data.environment,
  strategy: data.strategy,
  recording: data.recording,
  follows: data.follows === 'champion',
  champion_seq: data.champion_seq ?? null,
  state: 'deploying',
  requested_at: meta.at,
  requested_by: meta.actor,
  requested_seq: seq,
  live_at: null,
  live_seq: null,
  settled_at: null,
  settled_seq: null,
  failure: null,
  crashes: 0,
  cut_off: null,
  ready_instances: 0,
});
