import { populationMoments } from '../../scaled-moments.js';
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
  distance: (reference, window) =>
    wasserstein(reference, window) / Math.max(populationMoments(reference).deviation, leastDeviation),
});
