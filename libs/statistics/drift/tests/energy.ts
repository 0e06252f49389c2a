import { energyDistance } from '../../two-sample/index.js';
import { distanceTest } from '../define.js';

/** Energy distance (Székely and Rizzo 2013) in the column's own unit, to the power of ½. */
export const energyTest = distanceTest({
  name: 'energy',
  version: 1,
  defaultThreshold: 0.1,
  reads: 'values',
  distance: energyDistance,
});
