/**
 * A blue-green rollout after its request: goes live once every serving process has it warm, and lets the former version
 * go when the time for which it was to be kept is over. One process for each rollout.
 */
import { z } from 'zod';
import type { DeploymentEvent } from '#libs/contracts/index.js';
import { assertNever, laterBy, type Process, type Reaction } from '#libs/kernel/index.js';

export const blueGreenProcessState = z.object({
  /** Null: the rollout is not one of these, or its request is not known. */
  requested: z.object({ deployment: z.string(), keep_old_s: z.number() }).nullable(),
  prepared: z.boolean(),
});
export type BlueGreenProcessState = z.infer<typeof blueGreenProcessState>;

const ofRollout = { deployment: z.string(), rollout_id: z.uuid() };
export const blueGreenProcessCommand = z.discriminatedUnion('type', [
  z.object({ type: z.literal('GoLive'), ...ofRollout }),
  z.object({ type: z.literal('ReleaseFormer'), ...ofRollout }),
]);
export type BlueGreenProcessCommand = z.infer<typeof blueGreenProcessCommand>;

/** The names of timers. */
const lookTimer = 'look';
const keepTimer = 'keep_old';
/** Until a rollout that was neither prepared nor given up in time is looked at again. */
const lookAgainMs = 60_000;

type Reacts = Reaction<BlueGreenProcessCommand> | null;

export const blueGreenProcess: Process<DeploymentEvent, BlueGreenProcessState, BlueGreenProcessCommand> = {
  name: 'blue-green',
  initialState: { requested: null, prepared: false },
  /**
   * The rollout that an event is about. What ends a rollout without naming it (the next one, a rollback while it was
   * prepared, the deployment's retirement) is met by its next command, which is refused.
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
        return data.from.rollout_id;
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
      case 'DeploymentRequested':
        return data.strategy.type === 'blue_green'
          ? { ...state, requested: { deployment: data.deployment, keep_old_s: data.strategy.keep_old_s } }
          : state;
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
      return { timers: { [lookTimer]: null }, commands: [goLive(data)] };
    case 'DeploymentWentLive':
      return { timers: { [lookTimer]: null, [keepTimer]: laterBy(at, requested.keep_old_s * 1000) } };
    case 'DeploymentFailed':
      return { ended: `failed: ${data.code}` };
    case 'DeploymentRolledBack':
      return { ended: 'rolled back' };
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
  const { deployment } = requested;
  return {
    commands: [
      name === keepTimer ? { type: 'ReleaseFormer', deployment, rollout_id } : goLive({ deployment, rollout_id }),
    ],
  };
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
