/**
 * A deployment: an address with traffic. A deploy command asks for a version; the serving supervisor reports that the
 * version is loaded (traffic moves with DeploymentWentLive) or cannot be loaded (traffic stays). A deployment that
 * follows its model's champion is asked by the supervisor whenever the champion has moved.
 */
import { z } from 'zod';
import {
  catalogueOf,
  deploymentEvents,
  environment,
  isVersion,
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
import type { VersionState } from './registered-model/state.js';

const rollout = z.object({
  rollout_id: z.uuid(),
  model: modelName,
  version: modelVersion,
  recording,
  /**
   * The newest move of the model's champion that the deployment, with this rollout, has answered: by going along, by
   * staying or by failing to load it. Null: the version was named outright.
   */
  champion_seq: z.int().nullable(),
});
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
  /** `1.2.0` or an alias. */
  readonly selector: string;
  /** The event that made the version champion, where the deployment shall follow it. */
  readonly championSeq?: number;
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

/** The champion of a model has moved: what the supervisor tells each deployment that follows it. */
export interface FollowCommand {
  readonly type: 'Follow';
  readonly commandId: string;
  readonly deployment: string;
  readonly champion: {
    readonly model: string;
    /** EVENTS sequence of the model's last event, and of the one that made the version champion. */
    readonly modelSeq: number;
    readonly seq: number;
    readonly state: VersionState;
  };
  /** The rollout that was live when the signatures were compared, and whether its callers can stay callers. */
  readonly compared: { readonly rolloutId: string; readonly compatible: boolean } | null;
  readonly loadTimeoutS: number;
}

export type DeploymentCommand =
  | DeployCommand
  | FollowCommand
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
      case 'Follow':
        return follow(command, state);
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
        return { ...state, live: answered(state), pending: null };
      case 'DeploymentStayed':
        return {
          ...state,
          live: state.live && { ...state.live, champion_seq: event.data.champion_seq },
          pending: null,
        };
      case 'DeploymentRetired':
        return { environment: null, live: null, pending: null, retired: true };
      default:
        return assertNever(event, 'deployment event');
    }
  },
};

function deploy(command: DeployCommand, state: DeploymentState): Result<DeploymentEvent, Rejection> {
  const { model, defaults } = command;
  if (model.seq === 0) return reject(rejection('model_not_found', `no model is named '${model.name}'`, [onModel]));
  if (model.state === undefined)
    return reject(
      isVersion(model.selector)
        ? rejection('version_not_found', `${model.name} has no version ${model.selector}`, [onModel])
        : rejection('alias_not_found', `${model.name} has no alias ${model.selector}`, [onModel]),
    );
  const reference = `${model.name}@${model.state.version}`;
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
  const followed = followedBy(state);
  if (followed?.model === model.name && model.championSeq !== undefined && model.championSeq < followed.champion_seq)
    return reject(
      rejection(
        'champion_moved',
        `${reference} is no longer the champion: ${command.deployment} has answered its move at ${followed.champion_seq}`,
        [onModel],
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
    state.live.version === model.state.version &&
    state.live.recording === wanted.recording &&
    (state.live.champion_seq !== null) === (model.championSeq !== undefined)
  )
    return reject(rejection('no_change', `${command.deployment} serves ${reference} already`));

  return accept({
    type: 'DeploymentRequested',
    data: {
      deployment: command.deployment,
      rollout_id: entityIdOf('rollout', command.commandId),
      model: model.name,
      version: model.state.version,
      ...wanted,
      strategy: command.strategy ?? { type: 'direct' },
      artifact: model.state.artifact,
      signature: model.state.signature,
      ...(model.championSeq === undefined ? {} : { follows: 'champion', champion_seq: model.championSeq }),
      model_seq: model.seq,
      load_timeout_s: defaults.loadTimeoutS,
    },
  });
}

/** The model whose champion a deployment keeps to; null where its version was named outright. */
export const followedModel = (state: DeploymentState): string | null => followedBy(state)?.model ?? null;

/** The model whose champion the newest rollout keeps to, and the move of it that is answered. */
function followedBy({ live, pending }: DeploymentState): { model: string; champion_seq: number } | null {
  const newest = pending ?? live;
  return newest === null || newest.champion_seq === null
    ? null
    : { model: newest.model, champion_seq: newest.champion_seq };
}

/** What stays live when a rollout fails: whoever follows the same champion has answered its move all the same. */
function answered({ live, pending }: DeploymentState): Rollout | null {
  if (live === null || live.champion_seq === null || live.model !== pending?.model || pending.champion_seq === null)
    return live;
  return { ...live, champion_seq: pending.champion_seq };
}

/** A rollout of an earlier champion gives way: what the champion is now decides. */
function follow(command: FollowCommand, state: DeploymentState): Result<DeploymentEvent, Rejection> {
  const { deployment, champion, compared } = command;
  const { version, artifact, signature } = champion.state;
  const followed = followedBy(state);
  if (state.environment === null || followed?.model !== champion.model)
    return reject(rejection('no_change', `${deployment} does not follow the champion of ${champion.model}`));
  if (champion.seq <= followed.champion_seq)
    return reject(rejection('no_change', `${deployment} has answered the move of the champion at ${champion.seq}`));
  const { live } = state;
  if ((live?.rollout_id ?? null) !== (compared?.rolloutId ?? null))
    return reject(rejection('rollout_in_progress', `${deployment} has another live version than was compared`));
  // Who deployed `model@champion` over another version asked for the change of signature.
  if (live !== null && live.champion_seq !== null && live.model === champion.model && compared?.compatible === false)
    return accept({
      type: 'DeploymentStayed',
      data: {
        deployment,
        model: champion.model,
        champion: version,
        champion_seq: champion.seq,
        version: live.version,
        code: 'incompatible_signature',
        reason: `callers of ${live.model}@${live.version} cannot be callers of ${champion.model}@${version}: deploy it outright`,
      },
    });
  return accept({
    type: 'DeploymentRequested',
    data: {
      deployment,
      rollout_id: entityIdOf('rollout', command.commandId),
      model: champion.model,
      version,
      environment: state.environment,
      recording: (state.pending ?? live)!.recording,
      strategy: { type: 'direct' },
      artifact,
      signature,
      follows: 'champion',
      champion_seq: champion.seq,
      model_seq: champion.modelSeq,
      load_timeout_s: command.loadTimeoutS,
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

const onModel = {
  path: 'model',
  message: 'expected name@MAJOR.MINOR.PATCH or name@alias of a registered, unarchived version',
};

const order: readonly Stage[] = ['development', 'staging', 'production'];

/** A version's stage says what it may be used for: development serves development only, production everything. */
const hasReached = (reached: Stage, wanted: Environment): boolean => order.indexOf(reached) >= order.indexOf(wanted);

const rolloutOf = ({
  rollout_id,
  model,
  version,
  recording,
  champion_seq,
}: EventOf<typeof DeploymentRequested>['data']): Rollout => ({
  rollout_id,
  model,
  version,
  recording,
  champion_seq: champion_seq ?? null,
});

export const deploymentDefinition = {
  category: 'deployment',
  subjectOf: subjects.deployment,
  decider: deployment,
  catalogue: catalogueOf(deploymentEvents),
  snapshot: {
    version: 2,
    encode: (state: DeploymentState): unknown => state,
    decode: (stored: unknown): DeploymentState => deploymentState.parse(stored),
  },
} as const;
