import { chiSquare } from '../../two-sample/index.js';
import { pValueTest } from '../define.js';
import { pooledBins } from '../pooled-bins.js';

/** Pearson's χ² test of homogeneity, of bins with 5 expected rows or more (`pooled-bins.ts`). */
export const chiSquareTest = pValueTest({
  name: 'chi_square',
  version: 1,
  kinds: ['numeric', 'categorical'],
  defaultThreshold: 0.05,
  reads: 'counts',
  test: (reference, window) => {
    const pooled = pooledBins(reference.counts, window.counts);
    return pooled.window.length < 2 ? { statistic: 0, pValue: 1 } : chiSquare(pooled.reference, pooled.window);
  },
});
