import { normalQuantile } from '../special/index.js';
import { checkLevel, type IntervalOptions, type MetricInterval } from './interval.js';

/**
 * Interval of a share, by inverting the score test (Wilson 1927; Brown, Cai and DasGupta 2001 compare it with others): it stays
 * within 0 to 1 and holds near either end, where the mean ± 1.96 standard errors does not.
 *
 *     wilsonInterval(90, 100)   { value: 0.9, low: 0.825634, high: 0.944771, rows: 100 }
 *
 * @throws RangeError for counts that are none, or more successes than trials.
 */
export function wilsonInterval(successes: number, trials: number, options: IntervalOptions = {}): MetricInterval {
  const { level = 0.95, fewest = 30 } = options;
  checkLevel(level);
  if (!(Number.isInteger(trials) && trials >= 0)) {
    throw new RangeError(`trials: expected a whole number of 0 or more, got ${trials}`);
  }
  if (!(Number.isInteger(successes) && successes >= 0 && successes <= trials)) {
    throw new RangeError(`successes: expected 0 to ${trials}, got ${successes}`);
  }
  const value = trials === 0 ? null : successes / trials;
  if (value === null || trials < fewest) {
    return { enough: false, value, rows: trials, needed: Math.max(fewest, 1) };
  }
  return { enough: true, value, ...wilsonBounds(value, trials, level), rows: trials };
}

/** The same for a share that need not be a whole number of trials. */
export function wilsonBounds(share: number, trials: number, level: number): { low: number; high: number } {
  const z = normalQuantile((1 + level) / 2);
  const square = z * z;
  const centre = (share + square / (2 * trials)) / (1 + square / trials);
  const half = (z / (1 + square / trials)) * Math.sqrt((share * (1 - share)) / trials + square / (4 * trials * trials));
  // At either end the bound is exact; the difference would leave a trace.
  return { low: share === 0 ? 0 : centre - half, high: share === 1 ? 1 : centre + half };
}
