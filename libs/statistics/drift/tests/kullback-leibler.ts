import { kullbackLeibler } from '../../distances/index.js';
import { distanceTest } from '../define.js';

/** Kullback–Leibler divergence of the window from the reference over its bins, empty ones filled as Evidently does. */
export const kullbackLeiblerTest = distanceTest({
  name: 'kl',
  version: 1,
  defaultThreshold: 0.1,
  reads: 'counts',
  distance: (reference, window) => kullbackLeibler(reference, window),
});
