import { accept, reject, type Result } from '#libs/kernel/index.js';
import type { LearningRefusal } from '../refusal.js';
import { sumOverRows } from '../row-blocks.js';
import { defined, invalid, lengthFault, weightOf, type MeasuredRows, type Metrics } from './metrics.js';

export interface RegressionInput {
  readonly target: Float64Array;
  readonly predicted: Float64Array;
  /** A quantile between 0 and 1 whose loss is wanted beside the median's: `pinball_0.9`. */
  readonly alpha?: number;
}

/**
 * Metrics of a regression, each as scikit-learn defines it: `rmse`, `mae`, `r2`, `mape` (a share, not per cent), `pinball`
 * (of the median) and `pinball_<alpha>`. Of a constant target r2 is 1 where it is met and 0 where it is not; of a single row it
 * is not defined.
 * @throws RangeError where `regressionRows` refuses.
 */
export function regressionMetrics(input: RegressionInput): Metrics {
  const measured = regressionRows(input);
  if (!measured.ok) throw new RangeError(measured.rejection.detail);
  return measured.value.metrics();
}

/** The same, prepared to be measured several times. Refused: arrays that do not fit together, numbers that are not finite. */
export function regressionRows(input: RegressionInput): Result<RegressionRows, LearningRefusal> {
  const fault = faultOf(input);
  return fault === undefined
    ? accept(new RegressionRows(input.target, input.predicted, input.alpha ?? null))
    : reject(fault);
}

export class RegressionRows implements MeasuredRows {
  constructor(
    readonly target: Float64Array,
    readonly predicted: Float64Array,
    private readonly alpha: number | null,
  ) {}

  get rows(): number {
    return this.target.length;
  }

  metrics(weights?: Float64Array): Metrics {
    const { target, rows, alpha } = this;
    const sum = (term: (row: number) => number) => sumOverRows(rows, (row) => weightOf(weights, row) * term(row));
    const total = sum(() => 1);
    if (total === 0) return {};
    const average = (term: (row: number) => number) => sum(term) / total;
    const error = (row: number) => target[row]! - this.predicted[row]!;
    const pinball = (share: number) => average((row) => Math.max(share * error(row), (share - 1) * error(row)));
    return defined({
      rmse: Math.sqrt(average((row) => error(row) ** 2)),
      mae: average((row) => Math.abs(error(row))),
      r2: this.r2(sum, total),
      mape: average((row) => Math.abs(error(row)) / Math.max(Math.abs(target[row]!), Number.EPSILON)),
      pinball: pinball(0.5),
      ...(alpha === null ? {} : { [`pinball_${alpha}`]: pinball(alpha) }),
    });
  }

  lossOf(row: number): number {
    return (this.target[row]! - this.predicted[row]!) ** 2;
  }

  take(positions: Int32Array): RegressionRows {
    const of = (values: Float64Array) => Float64Array.from(positions, (row) => values[row]!);
    return new RegressionRows(of(this.target), of(this.predicted), this.alpha);
  }

  private r2(sum: (term: (row: number) => number) => number, total: number): number | null {
    if (this.rows < 2) return null;
    const mean = sum((row) => this.target[row]!) / total;
    const unexplained = sum((row) => this.lossOf(row));
    const spread = sum((row) => (this.target[row]! - mean) ** 2);
    if (spread > 0) return 1 - unexplained / spread;
    return unexplained === 0 ? 1 : 0;
  }
}

function faultOf({ target, predicted, alpha }: RegressionInput): LearningRefusal | undefined {
  if (target.length < 1) return invalid('target', 'has no rows, expected at least 1');
  if (alpha !== undefined && !(alpha > 0 && alpha < 1)) {
    return invalid('alpha', `is ${alpha}, expected a number between 0 and 1`);
  }
  return (
    lengthFault('predicted', predicted.length, target.length) ??
    notFinite('target', target) ??
    notFinite('predicted', predicted)
  );
}

function notFinite(where: string, values: Float64Array): LearningRefusal | undefined {
  const row = values.findIndex((value) => !Number.isFinite(value));
  return row < 0 ? undefined : invalid(where, `is ${values[row]!} in row ${row + 1}, expected a finite number`);
}
