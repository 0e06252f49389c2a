import { psi } from '../../distances/index.js';
import { distanceTest } from '../define.js';

/** Population stability index over the reference’s bins, empty ones filled as Evidently does. */
export const psiTest = distanceTest({
  name: 'psi',
  version: 1,
  defaultThreshold: 0.1,
  reads: 'counts',
  distance: (reference, window) => psi(reference, window),
});
