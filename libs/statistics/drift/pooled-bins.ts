import { totalOf } from './enough.js';

/** The rule of thumb of χ² tests (Cochran 1954). */
const leastExpected = 5;

/**
 * Counts of both sides by bin, with the bins of which either side expects fewer than 5 rows put into one, and that one
 * into the smallest other if it expects fewer still. Bins that are empty on both sides are left out. What is pooled
 * depends on the bins' rows of both sides together alone, which says nothing about how they part: the tests stay what
 * they are.
 */
export function pooledBins(
  reference: Float64Array,
  window: Float64Array,
): { reference: Float64Array; window: Float64Array } {
  const [ofReference, ofWindow] = [totalOf(reference), totalOf(window)];
  const least = (leastExpected * (ofReference + ofWindow)) / Math.min(ofReference, ofWindow);
  const kept: [number, number][] = [];
  const rest: [number, number] = [0, 0];
  for (let bin = 0; bin < reference.length; bin++) {
    const pair: [number, number] = [reference[bin]!, window[bin]!];
    if (pair[0] + pair[1] >= least) kept.push(pair);
    else add(rest, pair);
  }
  const together = rest[0] + rest[1];
  if (together >= least || kept.length === 0) {
    if (together > 0) kept.push(rest);
  } else {
    add(
      kept.reduce((smallest, pair) => (pair[0] + pair[1] < smallest[0] + smallest[1] ? pair : smallest)),
      rest,
    );
  }
  return { reference: Float64Array.from(kept, (pair) => pair[0]), window: Float64Array.from(kept, (pair) => pair[1]) };
}

function add(to: [number, number], pair: readonly [number, number]): void {
  to[0] += pair[0];
  to[1] += pair[1];
}
