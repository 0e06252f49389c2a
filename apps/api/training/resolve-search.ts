/** What is searched, if anything is. */
import {
  algorithm as algorithms,
  type Algorithm,
  type LearningTask,
  type ModelTraining,
  type ParameterSpace,
  type SearchPlan,
  type SearchSpaces,
  type TrainingSpec,
} from '#libs/contracts/index.js';
import { checkedSpaces, onlyChoices, spacesOf } from './parameters.js';
import { refused } from './refused.js';
import type { Asked } from './request.js';
import { chosenParameters, onlyTaskOf } from './resolve-trainer.js';

type Builtin = Extract<TrainingSpec['trainer'], { type: 'builtin' }>;

/** @throws ProblemException */
export function searchOf(asked: Asked, trainer: TrainingSpec['trainer'], task: LearningTask | null): SearchPlan | null {
  const { body, configured, defaults } = asked;
  if (trainer.type === 'command') {
    if (body.search !== undefined) throw refused('search', 'expected none with trainer "command"');
    return null;
  }
  const { algorithm } = trainer;
  const auto = algorithm === 'auto' ? { trials: defaults.search.auto_trials } : undefined;
  const trials = (body.search ?? configured.search ?? auto)?.trials;
  if (trials === undefined) return null;
  const { strategy, spaces, time_limit_s }: Partial<Given> = { ...configured.search, ...body.search };
  const given = body.search?.spaces ?? (spaces && fitting(spaces, algorithm, task));
  return {
    strategy: strategy ?? defaults.search.strategy,
    trials,
    lookback: defaults.search.lookback,
    spaces: searchedSpaces(asked, given, trainer, task),
    time_limit_s: time_limit_s ?? null,
  };
}

type Given = NonNullable<ModelTraining['search']>;

/** Of the configured spaces, those of what is asked for now. */
const fitting = (spaces: SearchSpaces, algorithm: Algorithm | 'auto', task: LearningTask | null): SearchSpaces =>
  Object.fromEntries(
    (Object.entries(spaces) as [Algorithm, ParameterSpace][]).filter(
      ([each]) => (algorithm === 'auto' || each === algorithm) && canDo(each, task),
    ),
  );

/**
 * Spaces that are given say which algorithms are tried; with a named one there is its own alone. What somebody chose is
 * not searched: it is the only choice, unless its own space is given.
 */
function searchedSpaces(
  asked: Asked,
  given: SearchSpaces | undefined,
  { algorithm }: Builtin,
  task: LearningTask | null,
): SearchSpaces {
  const chosen = chosenParameters(asked, algorithm);
  if (given === undefined || Object.keys(given).length === 0) {
    const tried = algorithm === 'auto' ? algorithms.options.filter((each) => surelyDoes(each, task)) : [algorithm];
    return mapped(spacesOf(tried, task), (space, each) => ({ ...space, ...onlyChoices(each, chosen) }));
  }
  for (const each of Object.keys(given) as Algorithm[]) {
    const path = `search.spaces.${each}`;
    if (algorithm !== 'auto' && each !== algorithm) throw refused(path, `expected a space of ${algorithm} alone`);
    if (!canDo(each, task))
      throw refused(path, `${each} does ${onlyTaskOf[each]!}, and ${task!} is asked for`, 'algorithm_mismatch');
  }
  return mapped(checkedSpaces(given), (space, each) => ({ ...onlyChoices(each, chosen), ...space }));
}

type Change = (space: ParameterSpace, algorithm: Algorithm) => ParameterSpace;

function mapped(spaces: SearchSpaces, change: Change): SearchSpaces {
  const entries = Object.entries(spaces) as [Algorithm, ParameterSpace][];
  return Object.fromEntries(entries.map(([algorithm, space]) => [algorithm, change(space, algorithm)]));
}

const canDo = (algorithm: Algorithm, task: LearningTask | null): boolean =>
  task === null || (onlyTaskOf[algorithm] ?? task) === task;

/** Where only the data will tell the task, that is what does both. */
const surelyDoes = (algorithm: Algorithm, task: LearningTask | null): boolean =>
  task === null ? onlyTaskOf[algorithm] === undefined : canDo(algorithm, task);
