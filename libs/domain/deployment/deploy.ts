import {
  isVersion,
  rejection,
  type DeploymentEvent,
  type Environment,
  type Rejection,
  type Stage,
  type Strategy,
} from '#libs/contracts/index.js';
import { accept, assertNever, entityIdOf, reject, type Result } from '#libs/kernel/index.js';
import type { DeployCommand } from './commands.js';
import { followedBy, type DeploymentState } from './state.js';

/** A version is requested; traffic does not move yet. A version that was cut off may be tried again. */
export function deploy(command: DeployCommand, state: DeploymentState): Result<DeploymentEvent, Rejection> {
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
    !state.live.cut_off &&
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
      strategy: strategyOf(command),
      artifact: model.state.artifact,
      signature: model.state.signature,
      ...(model.championSeq === undefined ? {} : { follows: 'champion', champion_seq: model.championSeq }),
      model_seq: model.seq,
      load_timeout_s: defaults.loadTimeoutS,
    },
  });
}

/** What is recorded is complete: the defaults of another day do not change it. */
function strategyOf({ strategy, defaults: { blueGreen } }: DeployCommand): Strategy {
  switch (strategy?.type) {
    case undefined:
    case 'direct':
      return { type: 'direct' };
    case 'blue_green':
      return {
        type: 'blue_green',
        warmup_requests: strategy.warmup_requests ?? blueGreen.warmupRequests,
        keep_old_s: strategy.keep_old_s ?? blueGreen.keepOldS,
      };
    default:
      return assertNever(strategy, 'strategy');
  }
}

const onModel = {
  path: 'model',
  message: 'expected name@MAJOR.MINOR.PATCH or name@alias of a registered, unarchived version',
};

const order: readonly Stage[] = ['development', 'staging', 'production'];

/** A version's stage says what it may be used for: development serves development only, production everything. */
const hasReached = (reached: Stage, wanted: Environment): boolean => order.indexOf(reached) >= order.indexOf(wanted);
