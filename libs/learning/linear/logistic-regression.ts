import type { LogisticRegression } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import type { TrainingContext, TrainingData } from '../model.js';
import type { LearningRefusal } from '../refusal.js';
import { LinearModel } from './linear-model.js';
import { penalisedFit, type Fit } from './penalised-fit.js';
import { sumOverRows } from '../row-blocks.js';
import { binaryLoss, softmaxLoss } from './row-loss.js';
import { scaledColumns } from './scaled-columns.js';
import { trainingFault } from './training-faults.js';

/** The intercept of a class that no row is of: its probability is 0 whatever the features are. */
const never = -1e300;

/**
 * Logistic regression: one margin for two classes, softmax for more; the sum of log-losses + l1·|w|₁ + ½·l2·|w|², the
 * intercepts without penalty (scikit-learn's C is 1 / l2). Quasi-Newton over centred and scaled columns, with the penalty
 * on the coefficients of the columns as they are. It ends where coefficients in units of their standard error have a
 * gradient of at most `tolerance`. Nothing is random.
 *
 * Refused: columns with missing or infinite values, targets that are no classes, rows of a single class.
 */
export async function trainLogistic(
  data: TrainingData,
  parameters: LogisticRegression,
  context: TrainingContext,
): Promise<Result<LinearModel, LearningRefusal>> {
  const fault = data.classes === 0 ? noClasses : trainingFault(data);
  if (fault !== undefined) return reject(fault);
  const shares = classShares(data);
  const present = [...shares.keys()].filter((index) => shares[index]! > 0);
  if (present.length < 2) return reject(onlyOne(present[0]!));
  const fit = await fitOfPresent(data, parameters, context, shares, present);
  return accept(modelOf(data, fit, present));
}

const noClasses: LearningRefusal = {
  reason: 'invalid_data',
  where: 'target',
  detail: 'target has no classes, expected a classification',
};

const onlyOne = (index: number): LearningRefusal => ({
  reason: 'single_class',
  where: 'target',
  detail: `target: all rows with a weight are of class ${index}, expected at least 2 classes`,
});

/** Share of each class in the weight of all rows. */
function classShares({ target, classes, weights, features: { rows } }: TrainingData): Float64Array {
  const of = (index: number) => sumOverRows(rows, (row) => (target[row] === index ? (weights?.[row] ?? 1) : 0));
  const counts = Float64Array.from({ length: classes }, (_, index) => of(index));
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => count / total);
}

async function fitOfPresent(
  { features, target, weights, classes }: TrainingData,
  parameters: LogisticRegression,
  context: TrainingContext,
  shares: Float64Array,
  present: readonly number[],
): Promise<Fit> {
  const numbers = new Float64Array(classes);
  for (const [number, index] of present.entries()) numbers[index] = number;
  const renumbered = target.map((index) => numbers[index]!);
  const binary = present.length === 2;
  const loss = binary ? binaryLoss(renumbered, weights) : softmaxLoss(renumbered, present.length, weights);
  // Of the model without features; the mean where every class has its own.
  const curvature = present.reduce((sum, index) => sum + shares[index]! * (1 - shares[index]!), 0) / present.length;
  const columns = scaledColumns({ rows: features.rows, columns: features.columns, weights }, curvature, parameters.l2);
  const logs = Float64Array.from(present, (index) => Math.log(shares[index]!));
  const total = weights === undefined ? features.rows : sumOverRows(features.rows, (row) => weights[row]!);
  const start = {
    intercepts: binary ? Float64Array.of(logs[1]! - logs[0]!) : centred(logs),
    curvature: curvature * total,
    tolerance: parameters.tolerance,
  };
  return penalisedFit(columns, loss, parameters, start, context);
}

/** Intercepts of a softmax count only against each other. */
function centred(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}

function modelOf({ features, classes }: TrainingData, fit: Fit, present: readonly number[]): LinearModel {
  const width = features.columns.length;
  const coefficients = Array.from({ length: classes }, () => new Array<number>(width).fill(0));
  const intercepts = new Array<number>(classes).fill(never);
  const binary = present.length === 2;
  const fitted = binary ? fit.intercepts : centred(fit.intercepts);
  for (const [number, index] of present.entries()) {
    const output = binary ? number - 1 : number;
    intercepts[index] = output < 0 ? 0 : fitted[output]!;
    if (output >= 0) coefficients[index] = [...fit.coefficients.subarray(output * width, (output + 1) * width)];
  }
  const { iterations, converged } = fit;
  const featureNames = [...features.names];
  return new LinearModel({ kind: 'linear', classes, featureNames, coefficients, intercepts, iterations, converged });
}
