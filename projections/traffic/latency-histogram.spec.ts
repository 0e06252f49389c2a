import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { added, LatencyHistogram } from './latency-histogram.js';

const histogramOf = (latencies: readonly number[]): LatencyHistogram => {
  const histogram = new LatencyHistogram();
  for (const each of latencies) histogram.add(each);
  return histogram;
};

const longest = 2 ** 32 - 1;
/** Spread over all orders of magnitude. */
const latency = fc.oneof(
  fc.integer({ min: 0, max: 100 }),
  fc.double({ min: 0, max: 32, noNaN: true }).map((power) => Math.min(longest, Math.floor(2 ** power))),
);
const latencies = fc.array(latency, { minLength: 1, maxLength: 300 });
const shares = [0.001, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1];

describe('the histogram of latencies', () => {
  it('gives any quantile within 2 % of the exact one', () => {
    fc.assert(
      fc.property(latencies, (all) => {
        const histogram = histogramOf(all);
        const sorted = Float64Array.from(all).sort();
        for (const share of shares) {
          const exact = sorted[Math.max(1, Math.ceil(share * all.length)) - 1]!;
          expect(Math.abs(histogram.quantile(share) - exact)).toBeLessThanOrEqual(0.02 * exact);
        }
      }),
    );
  });

  it('holds what a chunk can hold, from nothing to the longest', () => {
    const histogram = histogramOf([0, longest]);
    expect(histogram.quantile(0.5)).toBe(0);
    expect(Math.abs(histogram.quantile(1) - longest)).toBeLessThanOrEqual(0.02 * longest);
  });

  it('of parts added up, in any order, is that of the whole', () => {
    fc.assert(
      fc.property(fc.array(latencies, { minLength: 1, maxLength: 6 }), (parts) => {
        const whole = histogramOf(parts.flat()).sparse();
        const sparse = parts.map((part) => histogramOf(part).sparse());
        expect(sparse.reduce(added, [])).toEqual(whole);
        expect([...sparse].reverse().reduce(added, [])).toEqual(whole);
        const refilled = histogramOf([7]);
        refilled.clear();
        for (const part of sparse) refilled.addAll(part);
        expect(refilled.sparse()).toEqual(whole);
        expect(refilled.count).toBe(parts.flat().length);
      }),
    );
  });

  it('has no quantile without rows', () => {
    expect(() => new LatencyHistogram().quantile(0.5)).toThrow(RangeError);
  });
});
