import type { ColumnSample, ReferenceColumn } from '../summary/column.js';
import { effectSize } from './effect-size.js';
import { tooFew } from './enough.js';
import { permutationTest } from './permutation/permutation-test.js';
import { PermutedCounts } from './permutation/permute-counts.js';
import { PermutedValues } from './permutation/permute-values.js';
import type { DriftTest, Tested, TestContext } from './test.js';

type Described = Omit<DriftTest, 'run' | 'measure'>;

/** Test of a statistic with a distribution of its own. */
export function pValueTest(
  described: Described & {
    readonly test: (
      reference: ReferenceColumn,
      window: ColumnSample,
      context: TestContext,
    ) => Pick<Tested, 'statistic' | 'pValue'> & Partial<Pick<Tested, 'pValueBy' | 'effect'>>;
  },
): DriftTest {
  const { test, ...rest } = described;
  return {
    ...rest,
    measure: 'p_value',
    run(reference, window, context) {
      const few = tooFew(rest.reads, reference, window);
      if (few !== null) return few;
      const { statistic, pValue, pValueBy = 'distribution', ...found } = test(reference, window, context);
      const effect = found.effect ?? effectSize(rest.reads, reference, window);
      return { enough: true, statistic, pValue, pValueBy, effect };
    },
  };
}

/** Test of a distance, which has a p-value only where permutations are asked for. */
export function distanceTest(
  described: Omit<Described, 'kinds'> & {
    readonly kinds?: DriftTest['kinds'];
    /** Of two ascending samples, or of two arrays of counts, the reference's first. */
    readonly distance: (reference: Float64Array, window: Float64Array) => number;
  },
): DriftTest {
  const { distance, reads, ...rest } = described;
  // Of values that are as far apart as float64 reaches it may be infinite, which is no number of JSON.
  const finiteDistance = (reference: Float64Array, window: Float64Array): number =>
    Math.min(distance(reference, window), Number.MAX_VALUE);
  return {
    kinds: reads === 'counts' ? ['numeric', 'categorical'] : ['numeric'],
    ...rest,
    reads,
    measure: 'distance',
    run(reference, window, { seed, permutations }) {
      const few = tooFew(reads, reference, window);
      if (few !== null) return few;
      const statistic = finiteDistance(reference[reads], window[reads]);
      const effect = effectSize(reads, reference, window);
      if (permutations === 0) return { enough: true, statistic, pValue: null, pValueBy: null, effect };
      const permuted = permutedOf(reads, reference, window, seed);
      const { pValue, by } = permutationTest(statistic, permutations, () => {
        permuted.next();
        return finiteDistance(permuted.reference, permuted.window);
      });
      return { enough: true, statistic, pValue, pValueBy: by, effect };
    },
  };
}

export function permutedOf(
  reads: 'values' | 'counts',
  reference: ReferenceColumn,
  window: ColumnSample,
  seed: number,
): PermutedCounts | PermutedValues {
  return reads === 'counts'
    ? new PermutedCounts(reference.counts, window.counts, seed)
    : new PermutedValues(reference.values, window.values, seed);
}
