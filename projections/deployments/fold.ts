/** What each deployment event does to a deployment and its rollouts. */
import type { api, DeploymentEvent, Environment, RecordedEvent, Recording } from '#libs/contracts/index.js';
import { accept, assertNever, reject, type Result } from '#libs/kernel/index.js';

export interface RolloutRow extends api.RolloutView {
  readonly deployment: string;
  readonly environment: Environment;
  /** When it took the traffic; null if it never did. */
  readonly live_at: string | null;
  readonly live_seq: number | null;
  /** The deployment, with this rollout, keeps to the model's champion. */
  readonly follows: boolean;
  /** Serving processes that had loaded it when it went live. */
  readonly ready_instances: number;
}

export interface DeploymentRow {
  readonly deployment: string;
  readonly environment: Environment;
  readonly state: api.DeploymentState;
  readonly recording: Recording;
  /** The rollout that takes the traffic, whole: a read needs no join. */
  readonly live: RolloutRow | null;
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
        deployment: {
          deployment: event.data.deployment,
          environment: event.data.environment,
          state: live === null ? 'deploying' : 'rolling_out',
          recording: live?.recording ?? event.data.recording,
          live,
          pending,
          // Should it fail, the champion is still the one that the deployment did not go along with.
          stayed: isNewer(event.data.champion_seq, known?.stayed) ? null : (known?.stayed ?? null),
        },
        rollouts: [...superseded(known, settled), pending],
      });
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
      const former: RolloutRow[] = known.live === null ? [] : [{ ...known.live, state: 'superseded' }];
      return accept({
        deployment: { ...known, state: 'live', recording: live.recording, live, pending: null, stayed: null },
        rollouts: [...former, live],
      });
    }
    case 'DeploymentFailed': {
      if (known?.pending?.rollout_id !== event.data.rollout_id) return notInProgress(event.data.rollout_id);
      const { code, reason } = event.data;
      const failed: RolloutRow = { ...known.pending, ...settled, state: 'failed', failure: { code, reason } };
      return accept({
        deployment: { ...known, state: known.live === null ? 'failed' : 'live', pending: null },
        rollouts: [failed],
      });
    }
    case 'DeploymentStayed': {
      if (!known?.live) return reject('a deployment that serves nothing cannot stay with it');
      const { champion, champion_seq, code, reason } = event.data;
      return accept({
        deployment: { ...known, state: 'live', pending: null, stayed: { champion, champion_seq, code, reason } },
        rollouts: superseded(known, settled),
      });
    }
    case 'DeploymentRetired': {
      if (known === undefined) return reject('a deployment that never was cannot be retired');
      const live: RolloutRow[] = known.live === null ? [] : [{ ...known.live, state: 'retired' }];
      const pending: RolloutRow[] = known.pending === null ? [] : [{ ...known.pending, ...settled, state: 'retired' }];
      return accept({
        deployment: { ...known, state: 'retired', live: null, pending: null, stayed: null },
        rollouts: [...live, ...pending],
      });
    }
    default:
      return assertNever(event, 'deployment event');
  }
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
  ready_instances: 0,
});
