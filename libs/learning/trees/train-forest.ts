import type { FeatureMatrix, RandomForest } from '#libs/contracts/index.js';
import { accept, type Result } from '#libs/kernel/index.js';
import type { TrainingContext, TrainingData } from '../model.js';
import type { LearningRefusal } from '../refusal.js';
import { mostBins } from './binned-matrix.js';
import { binnedMatrix } from './binning.js';
import { forestScratches, type ForestScratch } from './forest-scratch.js';
import { ForestGrower, type ForestTask } from './forest-tree.js';
import { isPaired } from './node-statistic.js';
import { TreeModel } from './tree-model.js';
import { gainsOf, type BinnedTree } from './tree.js';
import { SharedArrays, sharedFloats, sharedIntegers, sharedSingles } from './shared.js';
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
  const arrays = new SharedArrays();
  const matrix = binnedMatrix(features, rows, parameters.max_bins, seed, arrays);
  const columns = areRanked(features, parameters) ? features.columns : null;
  const task: ForestTask = { matrix, columns, target, weights, classes, rows, parameters, seed };
  const scratches = forestScratches(arrays, context.threads, features.rows, rows.length, isPaired(classes));
  const trees = await (context.threads === 1
    ? yielding(growAll(task, scratches[0]!), context, parameters.n_estimators)
    : growInThreads(task, scratches, context));
  return accept(modelOf(data, trees));
}

function* growAll(task: ForestTask, scratch: ForestScratch): Generator<undefined, BinnedTree[]> {
  const grower = new ForestGrower(task, scratch);
  const trees: BinnedTree[] = [];
  while (trees.length < task.parameters.n_estimators) {
    trees.push(grower.grow(trees.length));
    yield undefined;
  }
  return trees;
}

/** Values that threads are given beside their bins, at most: 64 MiB. Small nodes of larger tables are split by bins. */
const mostShared = 2 ** 24;

/** Who asks for fewer bins asks for coarser trees. */
const areRanked = ({ rows, columns }: FeatureMatrix, { max_bins }: RandomForest): boolean =>
  max_bins === mostBins - 1 && rows * columns.length <= mostShared;

/** The arrays go to each thread as shared memory; which tree is grown by whom does not matter. */
async function growInThreads(
  task: ForestTask,
  scratches: readonly ForestScratch[],
  context: TrainingContext,
): Promise<BinnedTree[]> {
  const { columns, target, weights, rows, parameters } = task;
  const shared = {
    ...task,
    columns: columns?.map(sharedSingles) ?? null,
    ...{ target: sharedFloats(target), rows: sharedIntegers(rows), weights: weights && sharedFloats(weights) },
  };
  const next = new Int32Array(new SharedArrayBuffer(4));
  const parts = scratches.map((scratch) => ({ role: 'forest', task: shared, scratch, next }) as const);
  const trees: BinnedTree[] = [];
  let done = 0;
  await inThreads(parts, context, (message) => {
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
  const width = classes > 2 ? classes : 1;
  const ensemble = {
    classes,
    link: 'identity',
    sums: width,
    width,
    base: new Float32Array(width),
    trees: grown,
  } as const;
  return new TreeModel(features.names, ensemble, { gains });
}
