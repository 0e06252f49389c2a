import { totalVariation } from '../../distances/index.js';
import { distanceTest } from '../define.js';

/** Total variation distance over the reference’s bins: the share of rows that would have to answer otherwise. */
export const totalVariationTest = distanceTest({
  name: 'total_variation',
  version: 1,
  defaultThreshold: 0.1,
  reads: 'counts',
  distance: totalVariation,
});
