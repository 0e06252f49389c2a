import { describe, expect, it } from '@jest/globals';
import { countOf, mergeHistograms, percentile, type Histogram } from './histogram.js';

const exact = (values: readonly number[]): Histogram => ({
  maxNs: Math.max(...values),
  sumNs: values.reduce((a, b) => a + b, 0),
  buckets: [...values].sort((a, b) => a - b).map((value) => [value, 1] as const),
});

describe('percentile', () => {
  const hundred = exact(Array.from({ length: 100 }, (_, i) => i + 1));

  it('is the nearest rank', () => {
    expect(percentile(hundred, 0.5)).toBe(50);
    expect(percentile(hundred, 0.95)).toBe(95);
    expect(percentile(hundred, 0.991)).toBe(100);
    expect(percentile(hundred, 1)).toBe(100);
    expect(percentile(hundred, 0.0001)).toBe(1);
  });

  it('counts a bucket as many times as it was hit', () => {
    const histogram: Histogram = {
      maxNs: 900,
      sumNs: 0,
      buckets: [
        [10, 98],
        [500, 1],
        [1000, 1],
      ],
    };
    expect(percentile(histogram, 0.98)).toBe(10);
    expect(percentile(histogram, 0.99)).toBe(500);
  });

  it('never exceeds the largest observation, though its bucket reaches further', () => {
    expect(percentile({ maxNs: 900, sumNs: 900, buckets: [[1000, 1]] }, 0.99)).toBe(900);
  });

  it('is NaN of nothing, and refuses a share outside (0, 1]', () => {
    expect(percentile({ maxNs: 0, sumNs: 0, buckets: [] }, 0.5)).toBeNaN();
    expect(() => percentile(hundred, 0)).toThrow('q: expected a share above 0');
    expect(() => percentile(hundred, 50)).toThrow('got 50');
  });
});

describe('mergeHistograms', () => {
  it('equals the histogram of all observations together', () => {
    const merged = mergeHistograms([exact([5, 1, 9]), exact([2, 5]), exact([7])]);
    expect(countOf(merged)).toBe(6);
    expect(merged.maxNs).toBe(9);
    expect(merged.sumNs).toBe(29);
    expect(merged.buckets).toEqual([
      [1, 1],
      [2, 1],
      [5, 2],
      [7, 1],
      [9, 1],
    ]);
  });
});
