import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { adjustedPValues, corrections, type Correction } from './multiple-testing.js';
import { alphaOf, alphaSpent } from './sequential.js';

const { corrections: cases } = JSON.parse(
  readFileSync(new URL('../../../tests/fixtures/statistics/drift.json', import.meta.url), 'utf8'),
) as { readonly corrections: readonly (Readonly<Record<Correction, number[]>> & { readonly p: number[] })[] };

describe('over columns', () => {
  it.each(cases)('adjusted p-values are SciPy’s, %#', (own) => {
    for (const correction of corrections) {
      const found = adjustedPValues(Float64Array.from(own.p), correction);
      found.forEach((p, place) => {
        expect(Math.abs(p - own[correction][place]!)).toBeLessThanOrEqual(1e-15);
      });
    }
  });

  it('nothing to test', () => {
    for (const correction of corrections) expect(adjustedPValues(new Float64Array(), correction)).toHaveLength(0);
  });

  it.each([NaN, -0.1, 1.1])('%d is no p-value', (p) => {
    expect(() => adjustedPValues(Float64Array.of(0.1, p), 'holm')).toThrow(
      `pValues[1]: expected from 0 to 1, got ${p}`,
    );
  });
});

describe('over time', () => {
  it('levels add up to what is said to be spent, and never beyond the error rate', () => {
    let sum = 0;
    for (let window = 1; window <= 10_000; window++) {
      sum += alphaOf(window, 0.05);
      if (Math.log10(window) % 1 === 0) expect(Math.abs(sum - alphaSpent(window, 0.05))).toBeLessThan(1e-14);
    }
    expect(alphaSpent(0, 0.05)).toBe(0);
    expect(alphaSpent(2 ** 52, 0.05)).toBeLessThan(0.05);
  });

  it('levels fall, slowly', () => {
    expect(alphaOf(1, 0.05)).toBeCloseTo(0.0204692, 7);
    expect(alphaOf(52, 0.05)).toBeCloseTo(3.87e-5, 7);
    expect(alphaOf(365, 0.05)).toBeCloseTo(2.87e-6, 8);
    const levels = Array.from({ length: 1000 }, (_, window) => alphaOf(window + 1, 0.05));
    expect(levels).toEqual(levels.toSorted((a, b) => b - a));
    expect(new Set(levels).size).toBe(1000);
  });

  it('refuses what is no window and no error rate', () => {
    expect(() => alphaOf(0, 0.05)).toThrow('window: expected 1 or more, got 0');
    expect(() => alphaSpent(-1, 0.05)).toThrow('windows: expected 0 or more, got -1');
    expect(() => alphaSpent(0, 2)).toThrow('errorRate: expected between 0 and 1, got 2');
    expect(() => alphaOf(1, 0)).toThrow('errorRate: expected between 0 and 1, got 0');
  });
});
