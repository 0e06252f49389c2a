import { normalQuantile } from '../special/index.js';
import { checkLevel, type IntervalOptions, type MetricInterval } from './interval.js';
import { placementsOf } from './sampling-error.js';
import { wilsonBounds } from './wilson.js';

/**
 * Interval of the area under the ROC curve: variance from the placements of either class among the other (DeLong, DeLong and
 * Clarke-Pearson 1988), bounds on the logit scale, which keeps them within 0 to 1 (Pepe 2003, section 5.2). An area of 0 or 1 has
 * no variance to tell; it gets Wilson's bounds for as many trials as the rarer class has rows. Rows × log(rows).
 *
 *     rocAreaInterval([.1, .4, .35, .8], [0, 0, 1, 1], { fewest: 2 })   { value: 0.75, low: 0.069, high: 0.992 }
 *
 * @param positive 1 or 0 for each score.
 * @throws RangeError for arrays of different length and a score that is not a number.
 */
export function rocAreaInterval(
  scores: Float64Array,
  positive: ArrayLike<number>,
  options: IntervalOptions = {},
): MetricInterval {
  const { level = 0.95, fewest = 10 } = options;
  checkLevel(level);
  if (positive.length !== scores.length) {
    throw new RangeError(`positive: expected ${scores.length} values, got ${positive.length}`);
  }
  const wrong = scores.findIndex((score) => Number.isNaN(score));
  if (wrong >= 0) throw new RangeError(`scores[${wrong}]: expected a number, got NaN`);
  const above = placementsOf(scores, positive, 1);
  const below = placementsOf(scores, positive, 0);
  const rarer = Math.min(above.length, below.length);
  const value = rarer === 0 ? null : above.reduce((sum, placement) => sum + placement, 0) / above.length;
  if (value === null || rarer < Math.max(fewest, 2)) {
    return { enough: false, value, rows: rarer, needed: Math.max(fewest, 2) };
  }
  const variance = varianceOf(above) / above.length + varianceOf(below) / below.length;
  return { enough: true, value, ...boundsOf(value, variance, rarer, level), rows: scores.length };
}

function boundsOf(value: number, variance: number, rarer: number, level: number): { low: number; high: number } {
  if (variance === 0 || value === 0 || value === 1) return wilsonBounds(value, rarer, level);
  const centre = Math.log(value / (1 - value));
  const half = (normalQuantile((1 + level) / 2) * Math.sqrt(variance)) / (value * (1 - value));
  return { low: 1 / (1 + Math.exp(half - centre)), high: 1 / (1 + Math.exp(-centre - half)) };
}

function varianceOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}
