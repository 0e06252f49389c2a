import type { LinearRegression } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import type { TrainingContext, TrainingData } from '../model.js';
import type { LearningRefusal } from '../refusal.js';
import { coordinateDescent } from './coordinate-descent.js';
import { normalEquations, ridgeSolution, type LeastSquares } from './least-squares.js';
import { LinearModel } from './linear-model.js';
import { paused, penalisedFit, unscaled, type Fit } from './penalised-fit.js';
import { sumOverRows } from '../row-blocks.js';
import { squaredLoss } from './row-loss.js';
import { scaledColumns, totalWeight } from './scaled-columns.js';
import { trainingFault } from './training-faults.js';

/** Above so many columns their products with each other cost more than steps along the gradient do. */
const mostForProducts = 512;

/**
 * Linear regression: half the sum of squared errors + l1·|w|₁ + ½·l2·|w|², the intercept without penalty. As scikit-learn
 * writes it: Ridge's alpha is l2; Lasso's is l1 / rows; of an ElasticNet, l1 = rows · alpha · l1_ratio and l2 = rows · alpha ·
 * (1 − l1_ratio). Solved by normal equations (Cholesky), by QR where those are near to singular, with l1 by coordinate
 * descent; above 512 columns by quasi-Newton. Columns that are combinations of others get 0 where nothing is penalised.
 * Nothing is random.
 *
 * Refused: columns with missing or infinite values, targets that are no finite numbers.
 */
export async function trainLinear(
  data: TrainingData,
  parameters: LinearRegression,
  context: TrainingContext,
): Promise<Result<LinearModel, LearningRefusal>> {
  const fault = data.classes === 0 ? trainingFault(data) : hasClasses;
  if (fault !== undefined) return reject(fault);
  const fit = await fitOf(data, parameters, context);
  return accept(
    new LinearModel({
      kind: 'linear',
      classes: 0,
      featureNames: [...data.features.names],
      coefficients: [[...fit.coefficients]],
      intercepts: [...fit.intercepts],
      iterations: fit.iterations,
      converged: fit.converged,
    }),
  );
}

const hasClasses: LearningRefusal = {
  reason: 'invalid_data',
  where: 'target',
  detail: 'target has classes, expected a regression',
};

async function fitOf(data: TrainingData, parameters: LinearRegression, context: TrainingContext): Promise<Fit> {
  const { features, target, weights } = data;
  const rows = { rows: features.rows, columns: features.columns, weights };
  const total = totalWeight(rows);
  const mean = sumOverRows(rows.rows, (row) => (weights?.[row] ?? 1) * target[row]!) / total;
  const centred = target.map((value) => value - mean);
  const squares = sumOverRows(rows.rows, (row) => (weights?.[row] ?? 1) * centred[row]! ** 2);
  const columns = scaledColumns(rows, 1, parameters.l2);
  /** Scaled coefficients are told apart down to this part of the target's standard deviation. */
  const tolerance = parameters.tolerance * Math.sqrt(squares / total);
  if (features.columns.length > mostForProducts) {
    const start = { intercepts: Float64Array.of(0), curvature: total, tolerance };
    const fit = await penalisedFit(columns, squaredLoss(centred, weights), parameters, start, context);
    return { ...fit, intercepts: fit.intercepts.map((value) => value + mean) };
  }
  const problem = { columns, target: centred, weights, l2: parameters.l2 };
  const { x, iterations, converged } = await scaledSolution(problem, parameters, tolerance, context);
  return { ...unscaled(columns, x, Float64Array.of(mean)), iterations, converged };
}

async function scaledSolution(
  problem: LeastSquares,
  parameters: LinearRegression,
  tolerance: number,
  context: TrainingContext,
): Promise<{ x: Float64Array; iterations: number; converged: boolean }> {
  const pause = () => paused(context);
  if (parameters.l1 === 0) {
    const x = await ridgeSolution(problem, pause);
    context.onProgress?.(1, 1);
    return { x, iterations: 1, converged: true };
  }
  const equations = await normalEquations(problem, pause);
  const l1 = problem.columns.scales.map((scale) => parameters.l1 * scale);
  const maxIterations = parameters.max_iter;
  const beforePass = async (done: number) => {
    await paused(context);
    context.onProgress?.(done, maxIterations);
  };
  return coordinateDescent(equations, l1, { tolerance, maxIterations, beforePass });
}
