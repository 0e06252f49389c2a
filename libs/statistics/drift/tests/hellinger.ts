import { hellinger } from '../../distances/index.js';
import { distanceTest } from '../define.js';

/** Hellinger distance over the reference’s bins. */
export const hellingerTest = distanceTest({
  name: 'hellinger',
  version: 1,
  defaultThreshold: 0.1,
  reads: 'counts',
  distance: hellinger,
});
