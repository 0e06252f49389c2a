import { chiSquareGoodness } from '../two-sample/index.js';

export interface SampleRatio {
  readonly statistic: number;
  readonly pValue: number;
  /** Requests are not parted as they should be: whatever parts them otherwise also bears on the comparison. */
  readonly mismatch: boolean;
}

/**
 * Whether requests were parted over the arms as planned: Pearson's χ² test of the counts at p < 0.001 (Fabijan et al. 2019,
 * "Diagnosing sample ratio mismatch"). A mismatch stops an experiment, since nothing that is compared can be trusted.
 *
 *     sampleRatio([5000, 5300], [0.5, 0.5])   { statistic: 8.737864, pValue: 0.003117, mismatch: false }
 *
 * @param shares as planned, of any sum.
 * @throws RangeError for counts and shares that are no counts or not above 0.
 */
export function sampleRatio(counts: readonly number[], shares: readonly number[], alpha = 0.001): SampleRatio {
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`alpha: expected between 0 and 1, got ${alpha}`);
  if (counts.length !== shares.length || counts.length < 2) {
    throw new RangeError(
      `shares: expected one for each of two or more counts, got ${shares.length} of ${counts.length}`,
    );
  }
  const wrong = shares.findIndex((share) => !(share > 0 && share < Infinity));
  if (wrong >= 0) throw new RangeError(`shares[${wrong}]: expected a number above 0, got ${shares[wrong]!}`);
  const bad = counts.findIndex((count) => !(Number.isSafeInteger(count) && count >= 0));
  if (bad >= 0) throw new RangeError(`counts[${bad}]: expected a whole number of 0 or more, got ${counts[bad]!}`);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) throw new RangeError('counts: expected a sum above 0, got 0');
  const planned = shares.reduce((sum, share) => sum + share, 0);
  const expected = Float64Array.from(shares, (share) => (share / planned) * total);
  const { statistic, pValue } = chiSquareGoodness(Float64Array.from(counts), expected);
  return { statistic, pValue, mismatch: pValue < alpha };
}
