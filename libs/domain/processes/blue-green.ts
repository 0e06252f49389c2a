/**
 * A blue-green rollout after its request: goes live once every serving process has it warm, or is given up where that
 * cannot be made sure of in time, and lets its other side go when the time for which that was to be kept is over. One
 * process for each rollout.
 */
import { z } from 'zod';
import type { DeploymentEvent } from '#libs/contracts/index.js';
import { assertNever, laterBy, type Process, type Reaction } from '#libs/kernel/index.js';

export const blueGreenProcessState = z.object({
  /** Null: the rollout is not one of these, or its request is not known. */
  requested: z.object({ deployment: z.string(), keep_old_s: z.number(), load_timeout_s: z.number() }).nullable(),
  prepared: z.boolean(),
});
export type BlueGreenProcessState = z.infer<typeof blueGreenProcessState>;

const ofRollout = { deployment: z.string(), rollout_id: z.uuid() };
export const blueGreenProcessCommand = z.discriminatedUnion('type', [
  /** Waits for whom it does not hear. */
  z.object({ type: z.literal('GoLive'), ...ofRollout }),
  /** The same without waiting: whoever is not heard now fails the rollout. */
  z.object({ type: z.literal('GoLiveOrGiveUp'), ...ofRollout, load_timeout_s: z.number() }),
  z.object({ type: z.literal('ReleaseFormer'), ...ofRollout }),
]);
export type BlueGreenProcessCommand = z.infer<typeof blueGreenProcessCommand>;

/** The names of timers. */
const lookTimer = 'look';
const giveUpTimer = 'give_up';
const keepTimer = 'keep_old';
/** Until a rollout that was neither prepared nor given up in time is looked at again. */
const lookAgainMs = 60_000;

type Reacts = Reaction<BlueGreenProcessCommand> | null;

export const blueGreenProcess: Process<DeploymentEvent, BlueGreenProcessState, BlueGreenProcessCommand> = {
  name: 'blue-green',
  initialState: { requested: null, prepared: false },
  /**
   * The rollout that an event is about. What ends a rollout without naming it (the next one, a rollback while it was
   * prepared, the deployment's retirement) is met by its next command, which is refused. A rollback once it was live ends
   * nothing: traffic may return, and what is kept has its time either way.
   */
  idOf({ type, data }) {
    switch (type) {
      case 'DeploymentRequested':
        return data.strategy.type === 'blue_green' ? data.rollout_id : null;
      case 'DeploymentPrepared':
      case 'DeploymentWentLive':
      case 'DeploymentFailed':
        return data.rollout_id;
      case 'DeploymentRolledBack':
      case 'DeploymentStayed':
      case 'FormerVersionReleased':
      case 'VersionCrashed':
      case 'DeploymentRetired':
        return null;
      default:
        return assertNever(type, 'deployment event');
    }
  },
  react(message, state, at, id) {
    switch (message.kind) {
      case 'event':
        return onEvent(message.event, state, at);
      case 'timer':
        return onTimer(message.name, state, id);
      case 'settlement':
        return onSettlement(message, state, at);
      default:
        return assertNever(message, 'process message');
    }
  },
  evolve(state, message) {
    if (message.kind !== 'event') return state;
    const { type, data } = message.event;
    switch (type) {
      case 'DeploymentRequested': {
        const { deployment, strategy, load_timeout_s } = data;
        return strategy.type === 'blue_green'
          ? { ...state, requested: { deployment, keep_old_s: strategy.keep_old_s, load_timeout_s } }
          : state;
      }
      case 'DeploymentPrepared':
        return { ...state, prepared: true };
      case 'DeploymentWentLive':
      case 'DeploymentFailed':
      case 'DeploymentRolledBack':
      case 'DeploymentStayed':
      case 'FormerVersionReleased':
      case 'VersionCrashed':
      case 'DeploymentRetired':
        return state;
      default:
        return assertNever(type, 'deployment event');
    }
  },
};

function onEvent({ type, data }: DeploymentEvent, { requested }: BlueGreenProcessState, at: string): Reacts {
  if (type === 'DeploymentRequested') return { timers: { [lookTimer]: laterBy(at, data.load_timeout_s * 1000) } };
  if (requested === null) return null;
  switch (type) {
    case 'DeploymentPrepared':
      return {
        timers: { [lookTimer]: null, [giveUpTimer]: laterBy(at, requested.load_timeout_s * 1000) },
        commands: [goLive(data)],
      };
    case 'DeploymentWentLive':
      return {
        timers: { [lookTimer]: null, [giveUpTimer]: null, [keepTimer]: laterBy(at, requested.keep_old_s * 1000) },
      };
    case 'DeploymentFailed':
      return { ended: `failed: ${data.code}` };
    case 'DeploymentRolledBack':
    case 'DeploymentStayed':
    case 'FormerVersionReleased':
    case 'VersionCrashed':
    case 'DeploymentRetired':
      return null;
    default:
      return assertNever(type, 'deployment event');
  }
}

const goLive = ({ deployment, rollout_id }: { deployment: string; rollout_id: string }): BlueGreenProcessCommand => ({
  type: 'GoLive',
  deployment,
  rollout_id,
});

/** To go live is refused while the rollout is not prepared, and for another reason once it is over: the timer asks which. */
function onTimer(name: string, { requested }: BlueGreenProcessState, rollout_id: string): Reacts {
  if (requested === null) return {};
  const { deployment, load_timeout_s } = requested;
  switch (name) {
    case keepTimer:
      return { commands: [{ type: 'ReleaseFormer', deployment, rollout_id }] };
    case giveUpTimer:
      return { commands: [{ type: 'GoLiveOrGiveUp', deployment, rollout_id, load_timeout_s }] };
    default:
      return { commands: [goLive({ deployment, rollout_id })] };
  }
}

type Settlement = Extract<Parameters<typeof blueGreenProcess.react>[0], { kind: 'settlement' }>;

function onSettlement({ command, outcome }: Settlement, { prepared }: BlueGreenProcessState, at: string): Reacts {
  if (command.type === 'ReleaseFormer')
    return { ended: outcome.status === 'accepted' ? 'released the former version' : 'kept no former version' };
  // The event that it caused tells how it goes on.
  if (outcome.status === 'accepted') return {};
  if (outcome.code !== 'rollout_in_progress') return { ended: `did not go live: ${outcome.code}` };
  return prepared ? {} : { timers: { [lookTimer]: laterBy(at, lookAgainMs) } };
}
