/** What each event does to a deployment's state. */
import type { DeploymentEvent } from '#libs/contracts/index.js';
import { assertNever, laterBy, type Origin } from '#libs/kernel/index.js';
import { noDeployment, rolloutOf, type DeploymentState, type RolloutState } from './state.js';

export function evolve(state: DeploymentState, event: DeploymentEvent, origin: Origin): DeploymentState {
  switch (event.type) {
    case 'DeploymentRequested':
      return { ...state, environment: event.data.environment, pending: rolloutOf(event.data), retired: false };
    case 'DeploymentPrepared':
      return { ...state, pending: state.pending && { ...state.pending, prepared: true } };
    case 'DeploymentWentLive':
      return { ...state, live: state.pending, former: leftBehind(state.live), pending: null, rolled_back: false };
    case 'DeploymentFailed':
      return { ...state, live: answered(state), pending: null };
    case 'DeploymentStayed':
      return {
        ...state,
        live: state.live && { ...state.live, champion_seq: event.data.champion_seq },
        pending: null,
      };
    case 'DeploymentRolledBack':
      return {
        ...state,
        live: returned(state),
        former: leftBehind(state.live),
        pending: null,
        rolled_back: !state.rolled_back,
      };
    case 'FormerVersionReleased':
      return { ...state, former: null, rolled_back: false };
    case 'VersionCrashed':
      return crashed(state, event.data, origin);
    case 'DeploymentRetired':
      return { ...noDeployment, retired: true };
    default:
      return assertNever(event, 'deployment event');
  }
}

/** What traffic leaves begins anew when it returns. */
const leftBehind = (rollout: RolloutState | null): RolloutState | null =>
  rollout && { ...rollout, crashes: [], cut_off: false };

/** What stays live when a rollout fails: whoever follows the same champion has answered its move all the same. */
function answered({ live, pending }: DeploymentState): RolloutState | null {
  if (live === null || live.champion_seq === null || live.model !== pending?.model || pending.champion_seq === null)
    return live;
  return { ...live, champion_seq: pending.champion_seq };
}

/**
 * The version that a rollback returns to. Where it and what is left follow the same champion, the moves that are answered
 * stay so: the next one is followed. Where only it did, it is fixed from now on, for the champion may have moved
 * meanwhile, and following would take traffic to a version that nobody named.
 */
function returned({ live, former, pending }: DeploymentState): RolloutState | null {
  if (former === null || former.champion_seq === null) return former;
  if (live === null || live.champion_seq === null || live.model !== former.model)
    return { ...former, champion_seq: null };
  const aborted = pending?.model === former.model ? (pending.champion_seq ?? 0) : 0;
  return { ...former, champion_seq: Math.max(former.champion_seq, live.champion_seq, aborted) };
}

function crashed(
  state: DeploymentState,
  data: Extract<DeploymentEvent, { type: 'VersionCrashed' }>['data'],
  { at }: Origin,
): DeploymentState {
  const { rollout_id, instance, epoch, within_s, cut_off } = data;
  const told = (rollout: RolloutState | null): RolloutState | null =>
    rollout?.rollout_id === rollout_id
      ? { ...rollout, crashes: [...crashesWithin(rollout, at, within_s), { instance, epoch, at }], cut_off }
      : rollout;
  return { ...state, live: told(state.live), former: told(state.former), pending: told(state.pending) };
}

/** The crashes of the last so many seconds. */
export const crashesWithin = ({ crashes }: RolloutState, at: string, withinS: number): RolloutState['crashes'] => {
  const from = laterBy(at, -1000 * withinS);
  return crashes.filter((crash) => crash.at > from);
};
