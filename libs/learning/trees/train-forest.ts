import type { RandomForest } from '#libs/contracts/index.js';
import { accept, type Result } from '#libs/kernel/index.js';
import type { TrainingContext, TrainingData } from '../model.js';
import type { LearningRefusal } from '../refusal.js';
import { binnedMatrix } from './binned-matrix.js';
import { ForestGrower, type ForestTask } from './forest-tree.js';
import { TreeModel } from './tree-model.js';
import { gainsOf, type BinnedTree } from './tree.js';
import { sharedFloats, sharedIntegers } from './shared.js';
import { inThreads } from './threads.js';
import { usedRows, yielding } from './training.js';

/**
 * A random forest over histograms. The class of most mean share, or the mean of the trees' means.
 * @throws the signal's reason.
 */
export async function trainForest(
  data: TrainingData,
  parameters: RandomForest,
  context: TrainingContext,
): Promise<Result<TreeModel, LearningRefusal>> {
  const { features, target, classes } = data;
  const used = usedRows(data);
  if (!used.ok) return used;
  const { rows, weights } = used.value;
  const { seed } = context;
  const matrix = binnedMatrix(features, rows, parameters.max_bins, seed);
  const task: ForestTask = { matrix, target, weights, classes, rows, parameters, seed };
  const trees = await (context.threads === 1
    ? yielding(growAll(task), context, parameters.n_estimators)
    : growInThreads(task, context));
  return accept(modelOf(data, trees));
}

function* growAll(task: ForestTask): Generator<undefined, BinnedTree[]> {
  const grower = new ForestGrower(task);
  const trees: BinnedTree[] = [];
  while (trees.length < task.parameters.n_estimators) {
    trees.push(grower.grow(trees.length));
    yield undefined;
  }
  return trees;
}

/** The arrays go to each thread as shared memory; which tree is grown by whom does not matter. */
async function growInThreads(task: ForestTask, context: TrainingContext): Promise<BinnedTree[]> {
  const { target, weights, rows, parameters } = task;
  const shared = {
    ...task,
    ...{ target: sharedFloats(target), rows: sharedIntegers(rows), weights: weights && sharedFloats(weights) },
  };
  const next = new Int32Array(new SharedArrayBuffer(4));
  const part = { role: 'forest', task: shared, next } as const;
  const trees: BinnedTree[] = [];
  let done = 0;
  await inThreads(Array(context.threads).fill(part), context, (message) => {
    if (message.type !== 'tree') return false;
    trees[message.number] = message.tree;
    done++;
    context.onProgress?.(done, parameters.n_estimators);
    return done === parameters.n_estimators;
  });
  return trees;
}

function modelOf({ features, classes }: TrainingData, grown: readonly BinnedTree[]): TreeModel {
  const gains = gainsOf(grown, features.columns.length);
  // Of two classes the second one's share says all.
  const trees =
    classes === 2 ? grown.map((tree) => ({ ...tree, values: tree.values.filter((_, at) => at % 2 === 1) })) : grown;
  const width = classes > 2 ? classes : 1;
  const ensemble = { classes, link: 'identity', sums: width, width, base: new Float32Array(width), trees } as const;
  return new TreeModel(features.names, ensemble, { gains });
}
