import { descendingOrder } from './order.js';

/**
 * Area under the ROC curve where each row is of the class with a probability: 0 or 1 where labels are known, between where
 * they are expected (Bamber 1975). Equal scores count half, as Mann and Whitney's U has it. Rows × log(rows).
 *
 *     areaUnderRoc([0.1, 0.4, 0.4, 0.8], [0, 0, 1, 1])   0.875
 *
 * @param scores no NaN.
 * @returns null: all the weight is on one side.
 */
export function areaUnderRoc(scores: Float64Array, positive: ArrayLike<number>): number | null {
  const order = descendingOrder(scores);
  let [hits, misses, area] = [0, 0, 0];
  for (let at = 0; at < order.length;) {
    const [hitsBefore, missesBefore] = [hits, misses];
    const score = scores[order[at]!]!;
    for (; at < order.length && scores[order[at]!]! === score; at++) {
      hits += positive[order[at]!]!;
      misses += 1 - positive[order[at]!]!;
    }
    area += ((misses - missesBefore) * (hits + hitsBefore)) / 2;
  }
  return hits > 0 && misses > 0 ? Math.min(area / (hits * misses), 1) : null;
}
