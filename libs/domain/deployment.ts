/**
 * A deployment: an address with traffic. A deploy command asks for a version; the serving supervisor reports that the
 * version is loaded (traffic moves with DeploymentWentLive) or cannot be loaded (traffic stays).
 */
import { z } from 'zod';
import {
  catalogueOf,
  deploymentEvents,
  environment,
  modelName,
  modelVersion,
  recording,
  rejection,
  subjects,
  type DeploymentEvent,
  type Environment,
  type EventOf,
  type DeploymentRequested,
  type DeploymentWentLive,
  type Recording,
  type Rejection,
  type Stage,
  type Strategy,
} from '#libs/contracts/index.js';
import { accept, assertNever, entityIdOf, reject, type Decider, type Result } from '#libs/kernel/index.js';
import type { VersionState } from './registered-model.js';

const rollout = z.object({ rollout_id: z.uuid(), model: modelName, version: modelVersion, recording });
type Rollout = z.infer<typeof rollout>;

const deploymentState = z.object({
  environment: environment.nullable(),
  /** The version that takes the traffic. */
  live: rollout.nullable(),
  /** The version that is being loaded. */
  pending: rollout.nullable(),
  retired: z.boolean(),
});
export type DeploymentState = z.infer<typeof deploymentState>;

/** What the deploy command saw of the model, and where in the log: a rule across aggregates records it. */
export interface SeenModel {
  readonly name: string;
  /** EVENTS sequence of the model's last event; 0 where it has none. */
  readonly seq: number;
  readonly version: string;
  /** Absent where the model or the version does not exist. */
  readonly state?: VersionState;
}

export interface DeployCommand {
  readonly type: 'Deploy';
  /** The command's own id: the rollout's id derives from it, so that a repeat meets the same rollout. */
  readonly commandId: string;
  readonly deployment: string;
  readonly model: SeenModel;
  /** Left out: what the deployment has, or the default. */
  readonly environment?: Environment;
  readonly recording?: Recording;
  readonly strategy?: Strategy;
  /** From the configuration that was in force. */
  readonly defaults: {
    readonly environment: Environment;
    readonly recording: Recording;
    readonly loadTimeoutS: number;
  };
}

export type DeploymentCommand =
  | DeployCommand
  | {
      readonly type: 'MarkLive';
      readonly deployment: string;
      readonly rollout_id: string;
      readonly instances: EventOf<typeof DeploymentWentLive>['data']['instances'];
    }
  | {
      readonly type: 'MarkFailed';
      readonly deployment: string;
      readonly rollout_id: string;
      readonly code: string;
      readonly reason: string;
    }
  | { readonly type: 'Retire'; readonly deployment: string; readonly reason: string };

export const deployment: Decider<DeploymentCommand, DeploymentState, DeploymentEvent, Rejection> = {
  initialState: { environment: null, live: null, pending: null, retired: false },
  decide(command, state) {
    switch (command.type) {
      case 'Deploy':
        return deploy(command, state);
      case 'MarkLive':
      case 'MarkFailed':
        return settle(command, state);
      case 'Retire':
        return retire(command, state);
      default:
        return assertNever(command, 'deployment command');
    }
  },
  evolve(state, event) {
    switch (event.type) {
      case 'DeploymentRequested':
        return { ...state, environment: event.data.environment, pending: rolloutOf(event.data), retired: false };
      case 'DeploymentWentLive':
        return { ...state, live: state.pending, pending: null };
      case 'DeploymentFailed':
        return { ...state, pending: null };
      case 'DeploymentRetired':
        return { environment: null, live: null, pending: null, retired: true };
      default:
        return assertNever(event, 'deployment event');
    }
  },
};

function deploy(command: DeployCommand, state: DeploymentState): Result<DeploymentEvent, Rejection> {
  const { model, defaults } = command;
  const reference = `${model.name}@${model.version}`;
  if (model.seq === 0) return reject(rejection('model_not_found', `no model is named '${model.name}'`, [onModel]));
  if (model.state === undefined)
    return reject(rejection('version_not_found', `${model.name} has no version ${model.version}`, [onModel]));
  if (model.state.archived) return reject(rejection('version_archived', `${reference} is archived`, [onModel]));

  const wanted = {
    environment: command.environment ?? state.environment ?? defaults.environment,
    recording: command.recording ?? state.live?.recording ?? defaults.recording,
  };
  if (state.environment !== null && wanted.environment !== state.environment)
    return reject(
      rejection(
        'environment_mismatch',
        `${command.deployment} runs in ${state.environment}; deploy to ${wanted.environment} under another name`,
        [{ path: 'environment', message: `expected ${state.environment}` }],
      ),
    );
  if (!hasReached(model.state.stage, wanted.environment))
    return reject(
      rejection(
        'stage_not_reached',
        `${reference} is in stage ${model.state.stage}; environment ${wanted.environment} takes versions whose stage has reached it`,
        [{ path: 'environment', message: `expected one that stage ${model.state.stage} has reached` }],
      ),
    );
  if (state.pending !== null)
    return reject(
      rejection(
        'rollout_in_progress',
        `rollout ${state.pending.rollout_id} of ${state.pending.model}@${state.pending.version} is not settled yet`,
      ),
    );
  if (
    state.live !== null &&
    state.live.model === model.name &&
    state.live.version === model.version &&
    state.live.recording === wanted.recording
  )
    return reject(rejection('no_change', `${command.deployment} serves ${reference} already`));

  return accept({
    type: 'DeploymentRequested',
    data: {
      deployment: command.deployment,
      rollout_id: entityIdOf('rollout', command.commandId),
      model: model.name,
      version: model.version,
      ...wanted,
      strategy: command.strategy ?? { type: 'direct' },
      artifact: model.state.artifact,
      signature: model.state.signature,
      model_seq: model.seq,
      load_timeout_s: defaults.loadTimeoutS,
    },
  });
}

function settle(
  command: Extract<DeploymentCommand, { type: 'MarkLive' | 'MarkFailed' }>,
  state: DeploymentState,
): Result<DeploymentEvent, Rejection> {
  const { pending } = state;
  if (pending?.rollout_id !== command.rollout_id)
    return reject(
      rejection('rollout_not_in_progress', `rollout ${command.rollout_id} of ${command.deployment} is not in progress`),
    );
  const settled = {
    deployment: command.deployment,
    rollout_id: pending.rollout_id,
    model: pending.model,
    version: pending.version,
  };
  switch (command.type) {
    case 'MarkLive':
      return accept({ type: 'DeploymentWentLive', data: { ...settled, instances: command.instances } });
    case 'MarkFailed':
      return accept({ type: 'DeploymentFailed', data: { ...settled, code: command.code, reason: command.reason } });
    default:
      return assertNever(command, 'settlement');
  }
}

function retire(
  command: Extract<DeploymentCommand, { type: 'Retire' }>,
  state: DeploymentState,
): Result<DeploymentEvent, Rejection> {
  if (state.retired) return reject(rejection('no_change', `${command.deployment} is retired already`));
  if (state.environment === null)
    return reject(rejection('deployment_not_found', `no deployment is named '${command.deployment}'`));
  return accept({ type: 'DeploymentRetired', data: { deployment: command.deployment, reason: command.reason } });
}

const onModel = { path: 'model', message: 'expected name@MAJOR.MINOR.PATCH of a registered, unarchived version' };

const order: readonly Stage[] = ['development', 'staging', 'production'];

/** A version's stage says what it may be used for: development serves development only, production everything. */
const hasReached = (reached: Stage, wanted: Environment): boolean => order.indexOf(reached) >= order.indexOf(wanted);

const rolloutOf = ({
  rollout_id,
  model,
  version,
  recording,
}: EventOf<typeof DeploymentRequested>['data']): Rollout => ({
  rollout_id,
  model,
  version,
  recording,
});

export const deploymentDefinition = {
  category: 'deployment',
  subjectOf: subjects.deployment,
  decider: deployment,
  catalogue: catalogueOf(deploymentEvents),
  snapshot: {
    version: 1,
    encode: (state: DeploymentState): unknown => state,
    decode: (stored: unknown): DeploymentState => deploymentState.parse(stored),
  },
} as const;
