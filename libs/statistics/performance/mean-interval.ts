import { studentQuantile } from '../special/index.js';
import { Moments } from '../summary/index.js';
import { checkLevel, type IntervalOptions, type MetricInterval } from './interval.js';

/** What is read of a sample; `Moments` of the summaries has it, and merges over windows. */
export interface SampleMoments {
  readonly count: number;
  /** null: no values. */
  readonly mean: number | null;
  /** Of the sample (n − 1); null for fewer than two values. */
  readonly sd: number | null;
}

/** @throws RangeError for a value that is not finite. */
export function sampleMoments(values: ArrayLike<number>): SampleMoments {
  const all = Float64Array.from(values);
  const wrong = all.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw new RangeError(`values[${wrong}]: expected a finite number, got ${all[wrong]!}`);
  const moments = new Moments();
  moments.add(
    all,
    all.length,
    all.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0),
  );
  return moments;
}

/**
 * Interval of a mean by Student's t distribution (Student 1908): of absolute errors it is that of the MAE, and of the log-loss and
 * the Brier score likewise.
 *
 *     meanInterval(sampleMoments([1, 2, 3, 4]), { fewest: 2 })   { value: 2.5, low: 0.445740, high: 4.554260, rows: 4 }
 */
export function meanInterval({ count, mean, sd }: SampleMoments, options: IntervalOptions = {}): MetricInterval {
  const { level = 0.95, fewest = 30 } = options;
  checkLevel(level);
  const needed = Math.max(fewest, 2);
  if (mean === null || sd === null || count < needed) return { enough: false, value: mean, rows: count, needed };
  const half = studentQuantile((1 + level) / 2, count - 1) * (sd / Math.sqrt(count));
  return { enough: true, value: mean, low: mean - half, high: mean + half, rows: count };
}

/** The root of the interval of the mean squared error, from 0 up. */
export function rootMeanInterval(squaredErrors: SampleMoments, options: IntervalOptions = {}): MetricInterval {
  const interval = meanInterval(squaredErrors, options);
  const root = (value: number) => Math.sqrt(Math.max(value, 0));
  if (!interval.enough) return { ...interval, value: interval.value === null ? null : root(interval.value) };
  return { ...interval, value: root(interval.value), low: root(interval.low), high: root(interval.high) };
}
