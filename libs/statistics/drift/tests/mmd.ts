import { pValueTest } from '../define.js';
import { maximumMeanDiscrepancy } from '../multivariate/maximum-mean-discrepancy.js';

/** There is no p-value without: as many where none are asked for. */
const fewestPermutations = 199;

/**
 * Maximum mean discrepancy of one column (`multivariate/maximum-mean-discrepancy.ts`), of at most 300 rows of each
 * side.
 */
export const mmdTest = pValueTest({
  name: 'mmd',
  version: 1,
  kinds: ['numeric'],
  defaultThreshold: 0.1,
  reads: 'values',
  test: (reference, window, { seed, permutations }) =>
    maximumMeanDiscrepancy(asMatrix(reference.values), asMatrix(window.values), {
      seed,
      permutations: Math.max(permutations, fewestPermutations),
    }),
});

const asMatrix = (values: Float64Array) => ({ rows: values.length, width: 1, values });
