import { jensenShannon } from '../../distances/index.js';
import { distanceTest } from '../define.js';

/** Jensen–Shannon distance over the reference’s bins, base e as Evidently’s: its threshold of 0.1 is meant for that. */
export const jensenShannonTest = distanceTest({
  name: 'jensen_shannon',
  version: 1,
  defaultThreshold: 0.1,
  reads: 'counts',
  distance: (reference, window) => jensenShannon(reference, window, Math.E),
});
