import { assertNever } from '#libs/kernel/index.js';

export type Correction = 'benjamini_hochberg' | 'holm' | 'bonferroni';

export const corrections: readonly Correction[] = ['benjamini_hochberg', 'holm', 'bonferroni'];

/**
 * P-values of several columns, adjusted so that rejecting those at or below α keeps the error rate α: of any false
 * rejection for `bonferroni` (Dunn 1961) and `holm` (Holm 1979), whatever the columns' dependence; for
 * `benjamini_hochberg` (Benjamini and Hochberg 1995) the expected share of false ones among the rejections, where
 * columns are independent or positively dependent (Benjamini and Yekutieli 2001). Where nothing drifts at all every
 * rejection is false, and that share is the chance of any: a data set's error rate holds with each of the three.
 *
 *     adjustedPValues(Float64Array.of(0.01, 0.04, 0.03), 'benjamini_hochberg')    0.03, 0.04, 0.04
 *     adjustedPValues(Float64Array.of(0.01, 0.04, 0.03), 'holm')                  0.03, 0.06, 0.06
 *     adjustedPValues(Float64Array.of(0.01, 0.04, 0.03), 'bonferroni')            0.03, 0.12, 0.09
 *
 * O(n log n).
 * @returns in the order of `pValues`, at most 1.
 * @throws RangeError for what is no probability.
 */
export function adjustedPValues(pValues: Float64Array, correction: Correction): Float64Array {
  const bad = pValues.findIndex((p) => !(p >= 0 && p <= 1));
  if (bad >= 0) throw new RangeError(`pValues[${bad}]: expected from 0 to 1, got ${pValues[bad]}`);
  const tests = pValues.length;
  switch (correction) {
    case 'bonferroni':
      return pValues.map((p) => Math.min(p * tests, 1));
    case 'holm': {
      const order = ascending(pValues);
      let highest = 0;
      return inOrder(
        order,
        (rank) => (highest = Math.max(highest, Math.min(pValues[order[rank]!]! * (tests - rank), 1))),
      );
    }
    case 'benjamini_hochberg': {
      const order = ascending(pValues).reverse();
      let lowest = 1;
      return inOrder(order, (rank) => (lowest = Math.min(lowest, (pValues[order[rank]!]! * tests) / (tests - rank))));
    }
    default:
      return assertNever(correction, 'correction');
  }
}

/** Places of the values, the smallest first, of equal ones the first. */
function ascending(values: Float64Array): number[] {
  return Array.from(values, (_, place) => place).sort((a, b) => values[a]! - values[b]! || a - b);
}

function inOrder(order: readonly number[], valueOf: (rank: number) => number): Float64Array {
  const values = new Float64Array(order.length);
  for (let rank = 0; rank < order.length; rank++) values[order[rank]!] = valueOf(rank);
  return values;
}
