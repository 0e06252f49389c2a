import type { GradientBoosting } from '#libs/contracts/index.js';
import type { TrainingScores } from '../model.js';
import { growLeafWise } from './leaf-wise.js';
import { largestGradient, meanLoss, type LossName } from './losses.js';
import type { Steps } from './steps.js';
import { gridFor } from './sums.js';
import { leafOfBins, type BinnedTree } from './tree.js';
import type { Workspace } from './workspace.js';

/** What boosting is given, and what it leaves, without the arrays that threads share. */
export interface BoostingTask {
  readonly parameters: GradientBoosting;
  readonly loss: LossName;
  /** Of a round: one, or one for each class. */
  readonly trees: number;
  /** Rows of training, ascending; and those held back for early stopping. */
  readonly train: Uint32Array;
  readonly held: Uint32Array | null;
  /** Rows of training whose loss is told: some of them. */
  readonly watched: Uint32Array;
}

export interface Boosted {
  /** Before the first tree: a score for each tree of a round. */
  readonly base: readonly number[];
  /** Round after round. */
  readonly trees: readonly BinnedTree[];
  readonly rounds: number;
  readonly curve: readonly TrainingScores[];
}

/** Boosts round by round; a round gives its scores, the last one the trees. */
export function* boost(steps: Steps, task: BoostingTask): Generator<TrainingScores, Boosted> {
  const { workspace } = steps;
  const { parameters, train, held, trees } = task;
  const base = baseScores(workspace, task);
  for (const [tree, score] of base.entries()) {
    workspace.scores.fill(score, tree * workspace.matrix.rows, (tree + 1) * workspace.matrix.rows);
  }
  workspace.order[0].set(train);
  const grown: BinnedTree[] = [];
  const curve: TrainingScores[] = [];
  const patience = held === null ? Infinity : (parameters.early_stopping_rounds ?? Infinity);
  let best = { round: 0, loss: Infinity };
  for (let round = 1; round <= parameters.n_estimators; round++) {
    const ofRound = growRound(steps, task);
    grown.push(...ofRound);
    const scores = lossesOf(workspace, task);
    curve.push(scores);
    yield scores;
    if (scores.validation !== null && scores.validation < best.loss) best = { round, loss: scores.validation };
    const isOver = round - best.round >= patience || ofRound.every(({ feature }) => feature.length === 1);
    if (isOver) break;
  }
  const rounds = held === null ? curve.length : best.round;
  return { base, trees: grown.slice(0, rounds * trees), rounds, curve };
}

function growRound(steps: Steps, { parameters, loss, trees, train, held }: BoostingTask): BinnedTree[] {
  const { workspace } = steps;
  const limits = {
    ...{ maxLeaves: parameters.max_leaves, maxDepth: parameters.max_depth ?? Infinity, l2: parameters.l2 },
    ...{ minRows: parameters.min_samples_leaf, learningRate: parameters.learning_rate },
  };
  const largestWeight = workspace.weights === null ? 1 : largestOf(workspace.weights, train);
  const largestHessian = (loss === 'squared' ? 1 : 0.25) * largestWeight;
  const grid = gridFor(train.length, largestGradient(workspace, loss, train, largestWeight), largestHessian);
  if (workspace.probabilities !== null) steps.probabilities();
  return Array.from({ length: trees }, (_, tree) => {
    steps.gradients(tree, grid);
    workspace.order[0].set(train);
    const { tree: grown, leaves } = growLeafWise(steps, train.length, grid, limits);
    steps.addValues(tree, leaves);
    if (held !== null) addHeld(workspace, tree, grown, held);
    return grown;
  });
}

function addHeld({ matrix, scores }: Workspace, tree: number, grown: BinnedTree, held: Uint32Array): void {
  for (const row of held) scores[tree * matrix.rows + row]! += grown.values[leafOfBins(grown, matrix, row)]!;
}

const lossesOf = (workspace: Workspace, { loss, watched, held }: BoostingTask): TrainingScores => ({
  train: meanLoss(workspace, loss, watched),
  validation: held === null ? null : meanLoss(workspace, loss, held),
});

/** The constant scores of least loss: the mean, the log-odds, or the logarithms of the classes' shares. */
function baseScores({ target, weights }: Workspace, { loss, trees, train }: BoostingTask): number[] {
  const sums = new Float64Array(Math.max(trees, 2));
  let total = 0;
  for (const row of train) {
    const weight = weights === null ? 1 : weights[row]!;
    total += weight;
    if (loss === 'squared') sums[0]! += weight * target[row]!;
    else sums[target[row]!]! += weight;
  }
  if (loss === 'squared') return [sums[0]! / total];
  // A class that has no row is as rare as one of a row in 2⁵³ would be.
  const shares = Array.from(sums, (sum) => Math.max(sum / total, Number.EPSILON));
  if (loss === 'logistic') return [Math.log(shares[1]! / shares[0]!)];
  return shares.map(Math.log);
}

const largestOf = (values: Float64Array, rows: Uint32Array): number => {
  let largest = 0;
  for (const row of rows) largest = Math.max(largest, values[row]!);
  return largest;
};
