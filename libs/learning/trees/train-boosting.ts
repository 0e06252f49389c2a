import type { GradientBoosting } from '#libs/contracts/index.js';
import { accept, type Result } from '#libs/kernel/index.js';
import type { TrainingContext, TrainingData } from '../model.js';
import type { LearningRefusal } from '../refusal.js';
import { Random } from '../random.js';
import { binnedMatrix } from './binning.js';
import { boost, type Boosted, type BoostingTask } from './boosting.js';
import { alone, crewControl } from './crew.js';
import type { LossName } from './losses.js';
import { SharedArrays } from './shared.js';
import { performer, Steps } from './steps.js';
import { TreeModel, type Link } from './tree-model.js';
import { gainsOf } from './tree.js';
import { inThreads } from './threads.js';
import { usedRows, yielding } from './training.js';
import { workspaceFor, type Workspace } from './workspace.js';

/**
 * Gradient boosting over histograms, as LightGBM and scikit-learn's HistGradientBoosting do it: log-loss of two classes,
 * softmax of several, squared error. Early stopping holds back `validation_share` of the rows, of each class alike, and
 * keeps the rounds up to the least loss on them.
 * @throws the signal's reason.
 */
export async function trainBoosting(
  data: TrainingData,
  parameters: GradientBoosting,
  context: TrainingContext,
): Promise<Result<TreeModel, LearningRefusal>> {
  const { features, target, classes } = data;
  const used = usedRows(data);
  if (!used.ok) return used;
  const { rows, weights } = used.value;
  const { train, held } =
    parameters.early_stopping_rounds === null
      ? { train: rows, held: null }
      : heldBack(data, rows, parameters.validation_share, context.seed);
  const arrays = new SharedArrays();
  const matrix = binnedMatrix(features, train, parameters.max_bins, context.seed, arrays);
  const loss: LossName = classes === 0 ? 'squared' : classes === 2 ? 'logistic' : 'softmax';
  const trees = loss === 'softmax' ? classes : 1;
  const workspace = workspaceFor(arrays, matrix, target, weights, trees, train.length, parameters.max_leaves);
  const task: BoostingTask = { parameters, loss, trees, train, held, watched: watchedRows(train, context.seed) };
  const boosted = await (context.threads === 1 ? boostHere : boostInThreads)(workspace, task, context);
  return accept(modelOf(data, task, boosted));
}

function boostHere(workspace: Workspace, task: BoostingTask, context: TrainingContext): Promise<Boosted> {
  const steps = new Steps(workspace, alone(performer(workspace, task.loss)));
  return yielding(boost(steps, task), context, task.parameters.n_estimators);
}

/** The calling thread only listens: one thread leads, the others do their part of its steps. */
async function boostInThreads(workspace: Workspace, task: BoostingTask, context: TrainingContext): Promise<Boosted> {
  const control = crewControl();
  const parts = Array.from({ length: context.threads }, (_, thread) => {
    return { role: thread === 0 ? 'lead' : 'follow', workspace, task, control } as const;
  });
  let boosted: Boosted | null = null;
  let rounds = 0;
  await inThreads(parts, context, (message) => {
    if (message.type === 'round') {
      rounds++;
      context.onProgress?.(rounds, task.parameters.n_estimators, message.scores);
    }
    if (message.type === 'boosted') ({ boosted } = message);
    return boosted !== null;
  });
  return boosted!;
}

const streams = { held: 0x68656c64, watched: 0x77617463 } as const;

/** Enough to see the loss fall; of more, telling it takes a good part of a round. */
const mostWatched = 4096;

function watchedRows(train: Uint32Array, seed: number): Uint32Array {
  if (train.length <= mostWatched) return train;
  return new Random(seed, streams.watched).shuffle(train.slice()).slice(0, mostWatched).sort();
}

/** At least one row stays on each side, and of a class that has two. */
function heldBack({ target, classes }: TrainingData, rows: Uint32Array, share: number, seed: number) {
  const shuffled = new Random(seed, streams.held).shuffle(rows.slice());
  const groups = Math.max(classes, 1);
  const groupOf = (row: number) => (classes === 0 ? 0 : target[row]!);
  const sizes = new Uint32Array(groups);
  for (const row of rows) sizes[groupOf(row)]!++;
  const wanted = Array.from(sizes, (size) => Math.min(Math.max(Math.round(size * share), 1), size - 1));
  const isHeld = (row: number) => wanted[groupOf(row)]!-- > 0;
  const held: number[] = [];
  const train: number[] = [];
  for (const row of shuffled) (isHeld(row) ? held : train).push(row);
  return { train: Uint32Array.from(train).sort(), held: held.length === 0 ? null : Uint32Array.from(held).sort() };
}

function modelOf({ features, classes }: TrainingData, { loss, trees }: BoostingTask, boosted: Boosted): TreeModel {
  const links = { squared: 'identity', logistic: 'logistic', softmax: 'softmax' } as const satisfies Record<
    LossName,
    Link
  >;
  const ensemble = {
    ...{ classes, link: links[loss], sums: trees, width: 1 },
    ...{ base: Float32Array.from(boosted.base), trees: boosted.trees },
  };
  const gains = gainsOf(boosted.trees, features.columns.length);
  return new TreeModel(features.names, ensemble, { gains, rounds: boosted.rounds, curve: boosted.curve });
}
