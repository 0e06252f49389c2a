import { andersonDarling } from '../../two-sample/index.js';
import { permutedOf, pValueTest } from '../define.js';
import { permutationTest } from '../permutation/permutation-test.js';

/**
 * Two-sample Anderson–Darling test, of more power in the tails. Its p-value is interpolated between tabled levels, of
 * which the smallest is 0.001 and then an upper bound; with permutations, theirs.
 */
export const andersonDarlingTest = pValueTest({
  name: 'anderson_darling',
  version: 1,
  kinds: ['numeric'],
  defaultThreshold: 0.1,
  reads: 'values',
  test: (reference, window, { seed, permutations }) => {
    const { values } = reference;
    // Nothing to rank.
    if (values[0] === window.values.at(-1) && values.at(-1) === window.values[0]) return { statistic: 0, pValue: 1 };
    const { statistic, pValue } = andersonDarling(values, window.values);
    if (permutations === 0) return { statistic, pValue };
    const permuted = permutedOf('values', reference, window, seed);
    const found = permutationTest(statistic, permutations, () => {
      permuted.next();
      return andersonDarling(permuted.reference, permuted.window).statistic;
    });
    return { statistic, pValue: found.pValue, pValueBy: found.by };
  },
});
