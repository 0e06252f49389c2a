import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { chiSquareSf } from '../../special/index.js';
import { Random } from '../../random.js';
import { hypergeometric, logProbability } from './hypergeometric.js';
import { permutationTest } from './permutation-test.js';
import { PermutedCounts } from './permute-counts.js';
import { PermutedValues } from './permute-values.js';
import { pearsonTail, permutationTail } from './tail.js';

const fixture = JSON.parse(
  readFileSync(new URL('../../../../tests/fixtures/statistics/drift.json', import.meta.url), 'utf8'),
) as {
  readonly hypergeometric: readonly (readonly [x: number, total: number, marked: number, drawn: number, log: number])[];
  readonly pearson_tails: readonly (readonly [z: number, skewness: number, p: number])[];
};

describe('hypergeometric draws', () => {
  it.each(fixture.hypergeometric)('chance of %d of (%d, %d, %d) is SciPy’s', (x, total, marked, drawn, log) => {
    expect(Math.abs(logProbability(x, total, marked, drawn) - log)).toBeLessThan(1e-9 * Math.max(1, Math.abs(log)));
  });

  it.each([
    [10, 4, 5],
    [60, 30, 7],
    [6000, 30, 1000],
    [6000, 3100, 1000],
  ])('(%d, %d, %d) come out as often as they should', (total, marked, drawn) => {
    const draws = 20_000;
    const random = new Random(5, total, marked);
    const seen = new Map<number, number>();
    for (let draw = 0; draw < draws; draw++) {
      const x = hypergeometric(random, total, marked, drawn);
      seen.set(x, (seen.get(x) ?? 0) + 1);
    }
    let [statistic, bins, rest] = [0, 0, draws];
    for (const [x, count] of seen) {
      const expected = draws * Math.exp(logProbability(x, total, marked, drawn));
      if (expected < 5) continue;
      statistic += (count - expected) ** 2 / expected;
      rest -= count;
      bins++;
    }
    expect(chiSquareSf(statistic, bins - 1)).toBeGreaterThan(1e-3);
    expect(rest).toBeLessThan(draws * 0.01);
  });

  it('what leaves no choice', () => {
    const random = new Random(1);
    expect(hypergeometric(random, 10, 10, 4)).toBe(4);
    expect(hypergeometric(random, 10, 0, 4)).toBe(0);
    expect(hypergeometric(random, 10, 3, 10)).toBe(3);
  });
});

describe('permuted samples', () => {
  it('keep every bin’s rows and the window’s', () => {
    const permuted = new PermutedCounts(Float64Array.of(50, 0, 7, 43), Float64Array.of(1, 0, 9, 20), 3);
    for (let draw = 0; draw < 100; draw++) {
      permuted.next();
      expect(permuted.reference.map((count, bin) => count + permuted.window[bin]!)).toEqual(
        Float64Array.of(51, 0, 16, 63),
      );
      expect(permuted.window.reduce((sum, count) => sum + count)).toBe(30);
      expect(permuted.window.every((count) => count >= 0)).toBe(true);
    }
  });

  it('are ascending, keep all values, and give each to the window as often', () => {
    const permuted = new PermutedValues(Float64Array.of(1, 4, 5, 6, 8), Float64Array.of(2, 3, 7), 3);
    const ofWindow = new Map<number, number>();
    for (let draw = 0; draw < 8000; draw++) {
      permuted.next();
      if (draw % 100 === 0) {
        expect([...permuted.reference, ...permuted.window].sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
        expect(permuted.window.slice().sort()).toEqual(permuted.window);
        expect(permuted.reference.slice().sort()).toEqual(permuted.reference);
      }
      for (const value of permuted.window) ofWindow.set(value, (ofWindow.get(value) ?? 0) + 1);
    }
    // Binomial of 3 in 8: five standard deviations.
    for (const count of ofWindow.values())
      expect(Math.abs(count - 3000)).toBeLessThan(5 * Math.sqrt(8000 * (3 / 8) * (5 / 8)));
  });
});

describe('permutation p-values', () => {
  it('are (b + 1) / (B + 1) where enough are beyond', () => {
    const draws = [...Array(40).keys()];
    let at = 0;
    expect(permutationTest(25, 40, () => draws[at++]!)).toEqual({ pValue: 16 / 41, by: 'permutations' });
    at = 0;
    expect(permutationTest(1e6, 40, () => draws[at++]!)).toEqual({ pValue: 1 / 41, by: 'permutations' });
  });

  it.each(fixture.pearson_tails)('the tail at %d of skewness %d is SciPy’s', (z, skewness, p) => {
    expect(Math.abs(pearsonTail(z, skewness) / p - 1)).toBeLessThan(1e-9);
  });

  it('the tail fitted to χ² values is not below the truth, nor without end above it', () => {
    let below = 0;
    for (let trial = 0; trial < 30; trial++) {
      const random = new Random(17, trial);
      const degrees = [1, 4, 20][trial % 3]!;
      const drawn = Float64Array.from({ length: 999 }, () => {
        let sum = 0;
        for (let degree = 0; degree < degrees; degree++) sum += random.normal() ** 2;
        return sum;
      });
      for (const p of [1e-4, 1e-6, 1e-8, 1e-10]) {
        const tail = permutationTail(drawn, inverseSf(p, degrees));
        if (tail < p) below++;
        expect(tail).toBeLessThan(p ** 0.5);
      }
    }
    expect(below).toBeLessThanOrEqual(6);
  });

  it('nothing varies: no evidence', () => {
    expect(permutationTail(new Float64Array(99).fill(2), 2)).toBe(1);
  });
});

/** By bisection. */
function inverseSf(p: number, degrees: number): number {
  let [low, high] = [0, 1000];
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (chiSquareSf(middle, degrees) > p) low = middle;
    else high = middle;
  }
  return low;
}
