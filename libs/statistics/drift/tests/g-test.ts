import { chiSquareSf } from '../../special/index.js';
import { pValueTest } from '../define.js';
import { totalOf } from '../enough.js';
import { pooledBins, type BinCounts } from '../pooled-bins.js';

/**
 * χ² test of homogeneity by the likelihood ratio G = 2 Σ O·ln(O / E), of bins with 5 expected rows or more
 * (`pooled-bins.ts`), divided by a correction beyond Williams' (1976).
 *
 * Not Pearson's form where error rates are small: an error rate over 200 columns and a year of windows is 1e-8 for one
 * column, and there Pearson's p-value of a bin with 5 expected rows is too small by 70 to 480 times (exact, 5,000 and
 * 500,000 rows against 1,000), G's is within 0.1 and 1 of its size.
 *
 * Williams' correction is the first term of G's mean, Σ 1/E. Of many bins with 5 to 10 expected rows each, G so
 * corrected rejects 1.2 to 3.6 times as often as it says from 1e-4 to 1e-9, since the terms that are left out add up
 * and its tail is heavier than its mean tells. Each 1/E is taken (1 + 4/E) times here, which leaves 0.1 to 1.1 times
 * (`tests/simulation/statistics/g-test-level.spec.ts`) at the same power. O(bins).
 */
export const gTest = pValueTest({
  name: 'g_test',
  version: 2,
  kinds: ['numeric', 'categorical'],
  defaultThreshold: 0.05,
  reads: 'counts',
  test: (reference, window) => {
    const pooled = pooledBins(reference.counts, window.counts);
    const bins = pooled.window.length;
    if (bins < 2) return { statistic: 0, pValue: 1 };
    const statistic = correctedRatio(pooled, bins - 1);
    return { statistic, pValue: chiSquareSf(statistic, bins - 1) };
  },
});

function correctedRatio({ reference, window }: BinCounts, degrees: number): number {
  const [m, n] = [totalOf(reference), totalOf(window)];
  const rows = m + n;
  let [ratio, excess] = [0, 1 / rows - 1 / m - 1 / n];
  for (let bin = 0; bin <= degrees; bin++) {
    const [a, b] = [reference[bin]!, window[bin]!];
    const both = a + b;
    const [ofReference, ofWindow] = [(both * m) / rows, (both * n) / rows];
    ratio += term(a, ofReference) + term(b, ofWindow);
    excess += excessOf(ofReference) + excessOf(ofWindow) - excessOf(both);
  }
  return Math.max((2 * ratio) / (1 + excess / (6 * degrees)), 0);
}

const { log } = Math;

const term = (observed: number, expected: number): number => (observed === 0 ? 0 : observed * log(observed / expected));

/** Six times what the mean of 2·O·ln(O / E) − 2·(O − E) is above 1, and some more for its tail. */
const excessOf = (expected: number): number => (1 + 4 / expected) / expected;
