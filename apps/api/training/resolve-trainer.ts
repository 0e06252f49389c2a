/** Who trains, and with what: the request over the model's configuration over the defaults. */
import type { Algorithm, GivenParameters, LearningTask, TrainingSpec } from '#libs/contracts/index.js';
import { overlaid, parametersOf } from './parameters.js';
import { refused } from './refused.js';
import type { Asked } from './request.js';

type Trainer = TrainingSpec['trainer'];

/** @throws ProblemException */
export function trainerOf(asked: Asked): Trainer {
  const { body, configured } = asked;
  const byCommand = body.command !== undefined || (body.algorithm === undefined && configured.trainer === 'command');
  const type = body.trainer ?? (byCommand ? 'command' : 'builtin');
  if (type === 'command') {
    if (body.algorithm !== undefined) throw refused('algorithm', 'expected none with trainer "command"');
    return commandOf(asked);
  }
  if (body.command !== undefined) throw refused('command', 'expected trainer "command" with it');
  return builtinOf(asked);
}

/** The task that was asked for, or the only one that the algorithm can do; null: the data will tell. */
export function taskOf({ body, configured }: Asked, trainer: Trainer): LearningTask | null {
  const task = body.task ?? configured.task ?? null;
  const only = trainer.type === 'builtin' && trainer.algorithm !== 'auto' ? onlyTaskOf[trainer.algorithm] : undefined;
  if (task === null || only === undefined || task === only) return task ?? only ?? null;
  throw refused(
    body.algorithm === undefined ? 'task' : 'algorithm',
    `${(trainer as { algorithm: Algorithm }).algorithm} does ${only}, and ${task} is asked for`,
    'algorithm_mismatch',
  );
}

/** Of the algorithms that do one task alone. */
export const onlyTaskOf: Readonly<Partial<Record<Algorithm, LearningTask>>> = {
  logistic_regression: 'classification',
  linear_regression: 'regression',
};

/**
 * The hyper-parameters that somebody chose. Those that are configured are the configured algorithm's: with another one
 * they do not count.
 */
export function chosenParameters(
  { body, configured, defaults }: Asked,
  algorithm: Algorithm | 'auto',
): GivenParameters {
  const usual = configured.algorithm ?? defaults.algorithm;
  const below = algorithm === usual && configured.trainer !== 'command' ? configured.hyperparameters : undefined;
  if (algorithm === 'auto') return { ...below, ...body.hyperparameters };
  return overlaid(algorithm, below ?? {}, body.hyperparameters ?? {});
}

function builtinOf(asked: Asked): Trainer {
  const { body, configured, defaults } = asked;
  const algorithm = body.algorithm ?? configured.algorithm ?? defaults.algorithm;
  const chosen = chosenParameters(asked, algorithm);
  if (algorithm !== 'auto')
    return { type: 'builtin', algorithm, hyperparameters: parametersOf(algorithm, chosen, body.hyperparameters ?? {}) };
  if (Object.keys(chosen).length > 0)
    throw refused('hyperparameters', 'expected none with algorithm "auto", which searches them: see search.spaces');
  return { type: 'builtin', algorithm, hyperparameters: {} };
}

function commandOf({ body, configured, defaults }: Asked): Trainer {
  const names = Object.keys(defaults.commands);
  const name = body.command ?? configured.command ?? (names.length === 1 ? names[0] : undefined);
  const known =
    names.length === 0
      ? 'pipeline_config.yaml configures none under training.commands'
      : `expected one of ${names.join(', ')}`;
  if (name === undefined) throw refused('command', known);
  const trainer = Object.hasOwn(defaults.commands, name) ? defaults.commands[name] : undefined;
  if (trainer === undefined) throw refused('command', `no trainer is named '${name}': ${known}`);
  const below = configured.trainer === 'command' ? configured.hyperparameters : undefined;
  return { type: 'command', name, hyperparameters: { ...below, ...body.hyperparameters }, ...trainer };
}
