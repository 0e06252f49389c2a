import { classificationMetrics, regressionMetrics } from '#libs/learning/index.js';
import type { Classes } from '../data/labelled.js';

/** Flat, by name. @param predicted values, or probabilities row after row */
export function metricsOf(
  target: Float64Array,
  predicted: Float64Array,
  classes: Classes,
): Readonly<Record<string, number>> {
  return classes === null
    ? regressionMetrics({ target, predicted })
    : classificationMetrics({ target, probabilities: predicted, classes: classes.length }).metrics;
}
