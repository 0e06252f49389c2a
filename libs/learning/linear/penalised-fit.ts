import { setImmediate } from 'node:timers/promises';
import type { LinearRegression } from '#libs/contracts/index.js';
import type { TrainingContext } from '../model.js';
import { minimise } from './quasi-newton.js';
import { blockRows } from '../row-blocks.js';
import type { RowLoss } from './row-loss.js';
import { addProductsOfBlock, marginsOfBlock, type ScaledColumns } from './scaled-columns.js';

/** Logistic and linear regression have the same hyper-parameters. */
export type Penalty = LinearRegression;

/** Of the columns as they are, not of the scaled ones. */
export interface Fit {
  /** [outputs × columns] */
  readonly coefficients: Float64Array;
  readonly intercepts: Float64Array;
  readonly iterations: number;
  readonly converged: boolean;
}

export interface Start {
  /** One for each output, of centred columns. */
  readonly intercepts: Float64Array;
  /** Curvature of the loss along one intercept. */
  readonly curvature: number;
  /** The largest element of the gradient that ends the search, of coordinates with curvature 1. */
  readonly tolerance: number;
}

/**
 * Minimises the sum of losses + l1·|w|₁ + ½·l2·|w|² by quasi-Newton steps over scaled columns. The coordinates searched are
 * [outputs × columns], then the intercepts, which have no penalty.
 */
export async function penalisedFit(
  columns: ScaledColumns,
  loss: RowLoss,
  penalty: Penalty,
  start: Start,
  context: TrainingContext,
): Promise<Fit> {
  const width = columns.columns.length;
  const { outputs } = loss;
  const slopes = outputs * width;
  const interceptScale = 1 / Math.sqrt(start.curvature);
  const x = new Float64Array(slopes + outputs);
  for (let o = 0; o < outputs; o++) x[slopes + o] = start.intercepts[o]! / interceptScale;
  const minimum = await minimise(
    {
      l1: Float64Array.from(x, (_, i) => (i < slopes ? penalty.l1 * columns.scales[i % width]! : 0)),
      value: objective(columns, loss, penalty.l2, interceptScale),
    },
    x,
    {
      tolerance: start.tolerance,
      maxIterations: penalty.max_iter,
      beforeIteration: async (done, value) => {
        await paused(context);
        // Penalties are part of it.
        context.onProgress?.(done, penalty.max_iter, { train: value / columns.rows, validation: null });
      },
    },
  );
  const scaled = minimum.x.subarray(0, slopes);
  const intercepts = minimum.x.slice(slopes).map((value) => value * interceptScale);
  return { ...unscaled(columns, scaled, intercepts), iterations: minimum.iterations, converged: minimum.converged };
}

function objective(columns: ScaledColumns, loss: RowLoss, l2: number, interceptScale: number) {
  const width = columns.columns.length;
  const { outputs } = loss;
  const slopes = outputs * width;
  const margins = new Float64Array(outputs * blockRows);
  return (x: Float64Array, gradient: Float64Array): number => {
    const coefficients = x.subarray(0, slopes);
    const intercepts = x.subarray(slopes).map((value) => value * interceptScale);
    gradient.fill(0);
    let value = 0;
    for (let from = 0; from < columns.rows; from += blockRows) {
      const to = Math.min(from + blockRows, columns.rows);
      marginsOfBlock(columns, from, to, coefficients, intercepts, margins);
      value += loss.ofBlock(margins, from, to);
      addProductsOfBlock(columns, from, to, margins, outputs, gradient);
      for (let o = 0; o < outputs; o++) {
        let sum = 0;
        for (let i = 0; i < to - from; i++) sum += margins[o * blockRows + i]!;
        gradient[slopes + o]! += sum * interceptScale;
      }
    }
    for (let i = 0; i < slopes; i++) {
      const scale = columns.scales[i % width]!;
      value += 0.5 * l2 * (x[i]! * scale) ** 2;
      gradient[i]! += l2 * x[i]! * scale * scale;
    }
    return value;
  };
}

/** Coefficients of the columns as they are. `intercepts`: those of the centred columns. */
export function unscaled(
  { columns, means, scales }: ScaledColumns,
  scaled: Float64Array,
  intercepts: Float64Array,
): Pick<Fit, 'coefficients' | 'intercepts'> {
  const width = columns.length;
  const coefficients = scaled.map((value, i) => value * scales[i % width]!);
  return {
    coefficients,
    intercepts: intercepts.map((centred, o) => {
      let shift = 0;
      for (let j = 0; j < width; j++) shift += coefficients[o * width + j]! * means[j]!;
      return centred - shift;
    }),
  };
}

/** Lets others have the thread, and ends where that was asked for. */
export async function paused({ signal }: TrainingContext): Promise<void> {
  await setImmediate();
  signal?.throwIfAborted();
}
