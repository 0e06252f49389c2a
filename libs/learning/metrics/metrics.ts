import type { LearningRefusal } from '../refusal.js';

/** Flat: name → value, always finite. A metric that is not defined for the rows is left out. */
export type Metrics = Readonly<Record<string, number>>;

/** Predictions on rows whose truth is known, to be measured as a whole, in part, or weighted as a bootstrap draws them. */
export interface MeasuredRows {
  readonly rows: number;
  /** `weights`: one for each row, not negative; left out: every row counts 1. */
  metrics(weights?: Float64Array): Metrics;
  /** What the row adds to the loss that a paired test compares: 1 where the class is wrong, or the squared error. */
  lossOf(row: number): number;
  /** The rows at these positions, in their order. */
  take(positions: Int32Array): MeasuredRows;
}

export const weightOf = (weights: Float64Array | undefined, row: number): number =>
  weights === undefined ? 1 : weights[row]!;

export const invalid = (where: string, what: string): LearningRefusal => ({
  reason: 'invalid_data',
  where,
  detail: `${where} ${what}`,
});

export const lengthFault = (where: string, length: number, expected: number): LearningRefusal | undefined =>
  length === expected ? undefined : invalid(where, `has ${length} values, expected ${expected}`);

/** Without the metrics that are not defined. */
export function defined(metrics: Readonly<Record<string, number | null>>): Metrics {
  const kept = Object.entries(metrics).filter((entry): entry is [string, number] => entry[1] !== null);
  return Object.fromEntries(kept);
}

/** null: of nothing. */
export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
