import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { hellinger, jensenShannon, kullbackLeibler, psi, totalVariation } from './index.js';

interface Cases {
  readonly p: readonly number[][];
  readonly q: readonly number[][];
}
type Figures = Readonly<Record<string, readonly number[]>>;

/** SciPy's and NumPy's figures of 500 random pairs: tests/fixtures/statistics/distances.py. */
const fixture = JSON.parse(
  readFileSync(new URL('../../../tests/fixtures/statistics/distances.json', import.meta.url), 'utf8'),
) as Cases & Figures;
const pairs = fixture.p.map((p, index) => [Float64Array.from(p), Float64Array.from(fixture.q[index]!)] as const);

const of = (...values: number[]) => Float64Array.from(values);

describe('distances over bins', () => {
  it.each<[string, (p: Float64Array, q: Float64Array) => number]>([
    ['jensen_shannon', jensenShannon],
    ['jensen_shannon_e', (p, q) => jensenShannon(p, q, Math.E)],
    ['kullback_leibler', kullbackLeibler],
    ['psi', psi],
    ['hellinger', hellinger],
    ['total_variation', totalVariation],
  ])('%s is what SciPy and NumPy say, of 500 pairs', (name, distance) => {
    expect(pairs).toHaveLength(500);
    const expected = fixture[name]!;
    const off = pairs.map(([p, q], index) => {
      const found = distance(p, q);
      return Math.abs(found - expected[index]!) / Math.max(1, Math.abs(expected[index]!));
    });
    expect(Math.max(...off)).toBeLessThan(1e-12);
  });

  it.each<[string, number, number]>([
    [
      'Jensen–Shannon',
      jensenShannon(of(1, 0), of(1, 1)),
      Math.sqrt(0.5 * Math.log2(4 / 3) + 0.25 * Math.log2(2 / 3) + 0.25),
    ],
    ['Kullback–Leibler', kullbackLeibler(of(1, 3), of(2, 2)), 0.25 * Math.log(0.5) + 0.75 * Math.log(1.5)],
    ['PSI', psi(of(1, 3), of(2, 2)), 0.25 * Math.log(3)],
    ['Hellinger', hellinger(of(1, 0), of(1, 1)), Math.sqrt(1 - Math.sqrt(0.5))],
    ['total variation', totalVariation(of(1, 3), of(2, 2)), 0.25],
  ])('%s of two bins is its closed form', (_, found, expected) => {
    expect(found).toBeCloseTo(expected, 14);
  });

  it('are 0 of equal shares, and as large as can be of what has no bin in common', () => {
    for (const distance of [jensenShannon, hellinger, totalVariation, psi, kullbackLeibler])
      expect(distance(of(1, 2, 3), of(10, 20, 30))).toBe(0);
    for (const distance of [jensenShannon, hellinger, totalVariation])
      expect(distance(of(4, 0, 3), of(0, 9, 0))).toBeCloseTo(1, 15);
    expect(jensenShannon(of(1, 0), of(0, 1), Math.E)).toBeCloseTo(Math.sqrt(Math.LN2), 15);
  });

  it('keep the digits of what is nearly the same', () => {
    // Of shares ½ ± ε: √(ε²) to first order in all of them; the divergence alone would have lost half the digits.
    const epsilon = 2 ** -26;
    const [p, q] = [of(0.5 + epsilon, 0.5 - epsilon), of(0.5 - epsilon, 0.5 + epsilon)];
    expect(jensenShannon(p, q, Math.E) / (Math.SQRT2 * epsilon)).toBeCloseTo(1, 7);
    expect(hellinger(p, q) / (Math.SQRT2 * epsilon)).toBeCloseTo(1, 7);
    expect(totalVariation(p, q) / (2 * epsilon)).toBeCloseTo(1, 12);
  });

  it('fill empty bins as they are told', () => {
    const [p, q] = [of(50, 50, 0), of(40, 40, 20)];
    const filled = (share: number) => 2 * 0.1 * Math.log(1.25) + (share - 0.2) * Math.log(share / 0.2);
    expect(psi(p, q)).toBeCloseTo(filled(1e-4), 14);
    expect(psi(p, q, { emptyShare: 0.01 })).toBeCloseTo(filled(0.01), 14);
    expect(psi(p, q, { emptyShare: 0 })).toBe(Infinity);
    // A share of 1e-5 is met, so an empty bin has a millionth of that.
    expect(psi(of(99_999, 1, 0), of(99_999, 0, 1))).toBeCloseTo(2 * (1e-5 - 1e-11) * Math.log(1e6), 14);
    expect(kullbackLeibler(q, p, { emptyShare: 0 })).toBe(Infinity);
    expect(kullbackLeibler(p, q, { emptyShare: 0 })).toBeCloseTo(Math.log(1.25), 14);
  });

  it.each<[string, () => number, string]>([
    ['other bins', () => psi(of(1, 2), of(1, 2, 3)), 'q: expected 2 bins, as many as p, got 3'],
    ['no rows', () => hellinger(of(1, 2), of(0, 0)), 'q: expected a sum above 0 and finite, got 0'],
    [
      'a negative count',
      () => jensenShannon(of(-1, 2), of(1, 1)),
      'p[0]: expected a number that is at least 0, got -1',
    ],
    ['NaN', () => totalVariation(of(1, 2), of(1, NaN)), 'q[1]: expected a number that is at least 0, got NaN'],
    [
      'an infinite count',
      () => totalVariation(of(1, Infinity), of(1, 1)),
      'p: expected a sum above 0 and finite, got Infinity',
    ],
    ['a base of 1', () => jensenShannon(of(1), of(1), 1), 'base: expected a finite number above 1, got 1'],
    [
      'a share of 1',
      () => psi(of(1), of(1), { emptyShare: 1 }),
      "emptyShare: expected 'evidently' or a number from 0 to below 1, got 1",
    ],
  ])('refuse %s', (_, distance, message) => {
    expect(distance).toThrow(new RangeError(message));
  });
});
