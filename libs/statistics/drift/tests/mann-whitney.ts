import { mannWhitney } from '../../two-sample/index.js';
import { pValueTest } from '../define.js';

/**
 * Mann–Whitney U test: whether the window’s values are the larger or the smaller ones; blind to a change of spread
 * alone.
 */
export const mannWhitneyTest = pValueTest({
  name: 'mann_whitney',
  version: 1,
  kinds: ['numeric'],
  defaultThreshold: 0.05,
  reads: 'values',
  test: ({ values }, window) => mannWhitney(values, window.values),
});
