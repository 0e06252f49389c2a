import { wasserstein } from '../../two-sample/index.js';
import { distanceTest } from '../define.js';

/** As Evidently has it: columns that hardly vary are not blown up without end. */
const leastDeviation = 0.001;

/** Wasserstein-1 distance in standard deviations of the reference. */
export const wassersteinTest = distanceTest({
  name: 'wasserstein',
  version: 1,
  defaultThreshold: 0.1,
  reads: 'values',
  distance: (reference, window) => wasserstein(reference, window) / Math.max(deviationOf(reference), leastDeviation),
});

/** Of a population, as NumPy's `std`. */
function deviationOf(values: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at]!;
  const mean = sum / values.length;
  let squares = 0;
  for (let at = 0; at < values.length; at++) squares += (values[at]! - mean) ** 2;
  return Math.sqrt(squares / values.length);
}
