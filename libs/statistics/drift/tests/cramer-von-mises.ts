import { cramerVonMises } from '../../two-sample/index.js';
import { pValueTest } from '../define.js';

/** Two-sample Cramér–von Mises test: as general as Kolmogorov–Smirnov’s, and of more power against shifts. */
export const cramerVonMisesTest = pValueTest({
  name: 'cramer_von_mises',
  version: 1,
  kinds: ['numeric'],
  defaultThreshold: 0.1,
  reads: 'values',
  test: ({ values }, window) => cramerVonMises(values, window.values),
});
