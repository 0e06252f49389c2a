import { totalOf } from './enough.js';

/** The rule of thumb of χ² tests (Cochran 1954). */
const leastExpected = 5;

export interface BinCounts {
  readonly reference: Float64Array;
  readonly window: Float64Array;
}

/**
 * Counts of both sides by bin, with the bins of which either side expects fewer than 5 rows put into one, and that one
 * into the smallest other if it expects fewer still. Bins that are empty on both sides are left out. What is pooled
 * depends on the bins' rows of both sides together alone, which says nothing about how they part: the tests stay what
 * they are.
 */
export function pooledBins(reference: Float64Array, window: Float64Array): BinCounts {
  const [ofReference, ofWindow] = [totalOf(reference), totalOf(window)];
  const least = (leastExpected * (ofReference + ofWindow)) / Math.min(ofReference, ofWindow);
  // One more than there are bins: for those that are put into one.
  const kept = { reference: new Float64Array(reference.length + 1), window: new Float64Array(reference.length + 1) };
  let [bins, smallest, fewest] = [0, 0, Infinity];
  let [restOfReference, restOfWindow] = [0, 0];
  for (let bin = 0; bin < reference.length; bin++) {
    const [a, b] = [reference[bin]!, window[bin]!];
    if (a + b < least) {
      restOfReference += a;
      restOfWindow += b;
      continue;
    }
    if (a + b < fewest) [smallest, fewest] = [bins, a + b];
    kept.reference[bins] = a;
    kept.window[bins++] = b;
  }
  const rest = restOfReference + restOfWindow;
  const alone = rest >= least || (bins === 0 && rest > 0);
  const into = alone ? bins++ : smallest;
  kept.reference[into]! += restOfReference;
  kept.window[into]! += restOfWindow;
  return { reference: kept.reference.subarray(0, bins), window: kept.window.subarray(0, bins) };
}
