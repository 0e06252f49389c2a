import { regressionMetrics } from '#libs/learning/index.js';
import { meanInterval, regressionIntervals, sampleMoments, type MetricInterval } from '#libs/statistics/index.js';
import type { MetricIntervals } from './class-metrics.js';

/** `mae`, `rmse`, `bias` (mean of prediction − label) and `r2`, of labelled numbers in the order of their predictions. */
export function numberMetrics(targets: Float64Array, predictions: Float64Array): MetricIntervals {
  if (targets.length === 0) return {};
  const errors = targets.map((target, row) => predictions[row]! - target);
  const { r2 } = regressionMetrics({ target: targets, predicted: predictions });
  return {
    ...regressionIntervals(targets, predictions),
    bias: meanInterval(sampleMoments(errors)),
    ...(r2 === undefined ? {} : { r2: ofVariance(targets, errors, r2) }),
  };
}

/**
 * r2 row by row: a ratio of two means moves with each row, to first order, by its influence −(e² − (1 − r2)·d²) / mean d²
 * (Hampel 1974), e the row's error and d its distance from the mean. With r2 added, their mean is r2 and their interval its own.
 */
function ofVariance(targets: Float64Array, errors: Float64Array, r2: number): MetricInterval {
  const rows = targets.length;
  const mean = targets.reduce((sum, target) => sum + target, 0) / rows;
  const spread = targets.reduce((sum, target) => sum + (target - mean) ** 2, 0) / rows;
  // Of equal labels r2 says whether they are met, and no row bears on how well.
  if (spread === 0) return { enough: false, value: r2, rows, needed: rows + 1 };
  return meanInterval(
    sampleMoments(targets.map((target, row) => r2 - (errors[row]! ** 2 - (1 - r2) * (target - mean) ** 2) / spread)),
  );
}
