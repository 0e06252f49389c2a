import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { durbinCdf } from './durbin.js';
import * as special from './index.js';
import {
  betaCdf,
  betaQuantile,
  betaTails,
  chiSquareCdf,
  chiSquareQuantile,
  chiSquareSf,
  cramerVonMisesLimitSf,
  fCdf,
  fQuantile,
  gammaTails,
  kolmogorovLimitSf,
  kolmogorovSf,
  logGamma,
  normalCdf,
  normalDensity,
  normalQuantile,
  normalSf,
  poissonTerm,
  smirnovSf,
  studentCdf,
  studentQuantile,
  studentSf,
} from './index.js';

/** By function: rows of arguments and, last, the value. */
type Table = Record<string, number[][]>;

const fixture = JSON.parse(
  readFileSync(new URL('../../../tests/fixtures/statistics/special.json', import.meta.url), 'utf8'),
) as Table & { source: string; exact: Table };
const functions = special as unknown as Record<string, (...values: number[]) => number>;

/** Rows whose value is off by more than the tolerance times the larger of the value and `floor`. */
function misses(name: string, rows: readonly number[][], tolerance: number, floor: number): unknown[] {
  expect(rows.length).toBeGreaterThan(0);
  return rows
    .map((row) => ({ row, value: functions[name]!(...row.slice(0, -1)) }))
    .filter(({ row, value }) => !(Math.abs(value - row.at(-1)!) <= tolerance * Math.max(Math.abs(row.at(-1)!), floor)));
}

describe('special functions, against SciPy', () => {
  it.each(['erf', 'erfc', 'logGamma', 'normalCdf', 'normalQuantile', 'kolmogorovLimitSf', 'smirnovSf'])(
    '%s, relative, in the tails too',
    (name) => {
      expect(misses(name, fixture[name]!, 1e-12, 0)).toEqual([]);
    },
  );

  it.each(['chiSquareCdf', 'chiSquareSf', 'studentCdf', 'fCdf', 'fSf', 'betaCdf'])(
    '%s, relative, in the tails too',
    (name) => {
      expect(misses(name, fixture[name]!, 1e-12, 1e-300)).toEqual([]);
    },
  );

  it.each(['chiSquareQuantile', 'studentQuantile', 'fQuantile', 'betaQuantile'])('%s, relative', (name) => {
    expect(misses(name, fixture[name]!, 1e-12, 1e-300)).toEqual([]);
  });

  it('kolmogorovSf, absolute: SciPy too has 1 less a probability there', () => {
    expect(misses('kolmogorovSf', fixture['kolmogorovSf']!, 1e-12, 1)).toEqual([]);
    const small = fixture['kolmogorovSf']!.filter((row) => row[2]! < 1e-3);
    expect(misses('kolmogorovSf', small, 1e-11, 0)).toEqual([]);
  });

  it.each(Object.keys(fixture.exact))('%s, where SciPy has fewer digits than 50 decimals say', (name) => {
    expect(misses(name, fixture.exact[name]!, 1e-12, 0)).toEqual([]);
  });
});

describe('special functions, by themselves', () => {
  it('have quantiles that their distributions lead back', () => {
    for (const p of [1e-100, 1e-9, 0.01, 0.3, 0.5, 0.6, 0.99]) {
      for (const degrees of [1, 2.5, 40, 3000]) {
        expect(chiSquareCdf(chiSquareQuantile(p, degrees), degrees) / p).toBeCloseTo(1, 11);
        expect(studentCdf(studentQuantile(p, degrees), degrees) / p).toBeCloseTo(1, 11);
        expect(fCdf(fQuantile(p, degrees, 7), degrees, 7) / p).toBeCloseTo(1, 11);
        expect(betaCdf(betaQuantile(p, degrees, 3), degrees, 3) / p).toBeCloseTo(1, 11);
      }
      expect(normalCdf(normalQuantile(p)) / p).toBeCloseTo(1, 11);
    }
  });

  it('have tails that add up to 1 and mirror where the distribution does', () => {
    for (const x of [0.2, 1, 3, 17]) {
      const gamma = gammaTails(2.5, x);
      expect(gamma.lower + gamma.upper).toBeCloseTo(1, 15);
      const beta = betaTails(2.5, 4, x / 20);
      expect(beta.lower + beta.upper).toBeCloseTo(1, 15);
      expect(studentSf(x, 4)).toBe(studentCdf(-x, 4));
      expect(normalSf(x)).toBe(normalCdf(-x));
    }
  });

  it('meet closed forms', () => {
    // χ² of two degrees is exponential, F(1, n) is t², t of one degree is Cauchy's, a Poisson count of 3 at 3 is 4.5 e^−3.
    expect(chiSquareSf(1400, 2) / Math.exp(-700)).toBeCloseTo(1, 11);
    expect(1 - fCdf(4, 1, 9)).toBeCloseTo(2 * studentSf(2, 9), 14);
    expect(studentCdf(-1e8, 1) * Math.PI * 1e8).toBeCloseTo(1, 12);
    expect(poissonTerm(3, 3)).toBeCloseTo(4.5 * Math.exp(-3), 15);
    expect(normalDensity(1)).toBeCloseTo(Math.exp(-0.5) / Math.sqrt(2 * Math.PI), 15);
    // Of one value D is at least ½, and evenly spread from there.
    expect(kolmogorovSf(0.75, 1)).toBeCloseTo(0.5, 15);
    expect(smirnovSf(0.3, 1)).toBeCloseTo(0.7, 15);
  });

  it('goes over from one method for Kolmogorov’s distribution to the next without a step', () => {
    for (const n of [140, 141, 1000, 10_000]) {
      let before = 1;
      for (let d = 0.3 / Math.sqrt(n); d < 3 / Math.sqrt(n); d *= 1.02) {
        const chance = kolmogorovSf(d, n);
        expect(chance).toBeLessThanOrEqual(before);
        expect(before - chance).toBeLessThan(0.06);
        before = chance;
      }
    }
    expect(kolmogorovSf(1.36 / 1000, 1_000_000)).toBeCloseTo(kolmogorovLimitSf(1.36), 3);
  });

  it('stays as close to the exact distribution as it says, where it no longer is that', () => {
    for (const [n, absolute, relative] of [
      [141, 3e-6, 2e-5],
      [1000, 6e-8, 1.3e-6],
    ] as const) {
      for (let z = 0.3; z < 1.6; z += 0.1) {
        const exact = 1 - durbinCdf(z / Math.sqrt(n), n);
        const off = Math.abs(kolmogorovSf(z / Math.sqrt(n), n) - exact);
        expect(off).toBeLessThan(absolute);
        expect(off).toBeLessThan(relative * exact);
      }
    }
  });

  it('gives the ends of their ranges', () => {
    expect([normalQuantile(0), normalQuantile(1), normalCdf(-Infinity), normalCdf(Infinity)]).toEqual([
      -Infinity,
      Infinity,
      0,
      1,
    ]);
    expect([chiSquareSf(0, 3), chiSquareSf(Infinity, 3), chiSquareQuantile(0, 3), chiSquareQuantile(1, 3)]).toEqual([
      1,
      0,
      0,
      Infinity,
    ]);
    expect([studentCdf(-Infinity, 3), studentCdf(0, 3), studentQuantile(0.5, 3), studentQuantile(1, 3)]).toEqual([
      0,
      0.5,
      0,
      Infinity,
    ]);
    expect([betaQuantile(0, 1, 2), betaQuantile(1, 1, 2), fCdf(Infinity, 2, 2)]).toEqual([0, 1, 1]);
    expect([kolmogorovSf(0, 5), kolmogorovSf(1, 5), smirnovSf(0, 5), smirnovSf(1, 5)]).toEqual([1, 0, 1, 0]);
    expect([kolmogorovLimitSf(0), kolmogorovLimitSf(30), cramerVonMisesLimitSf(0)]).toEqual([1, 0, 1]);
  });

  it.each([
    [() => normalCdf(NaN), 'z: expected a number, got NaN'],
    [() => normalQuantile(1.5), 'p: expected a probability, 0 to 1, got 1.5'],
    [() => chiSquareSf(-1, 2), 'x: expected a number that is at least 0, got -1'],
    [() => chiSquareSf(1, 0), 'degrees: expected a finite number above 0, got 0'],
    [() => studentCdf(1, Infinity), 'degrees: expected a finite number above 0, got Infinity'],
    [() => fCdf(1, 2, -1), 'below: expected a finite number above 0, got -1'],
    [() => betaCdf(2, 1, 1), 'x: expected a probability, 0 to 1, got 2'],
    [() => gammaTails(NaN, 1), 'a: expected a finite number above 0, got NaN'],
    [() => kolmogorovSf(0.1, 2.5), 'n: expected a whole number above 0, got 2.5'],
    [() => kolmogorovSf(NaN, 2), 'd: expected a number, got NaN'],
    [() => smirnovSf(NaN, 2), 'd: expected a number, got NaN'],
    [() => smirnovSf(0.3, 0), 'n: expected a whole number above 0, got 0'],
    [() => logGamma(0), 'x: expected a finite number above 0, got 0'],
    [() => gammaTails(1e20, 1e20 - 1e5), 'a: expected a smaller number, got 100000000000000000000'],
    [() => studentQuantile(1e-200, 0.5), /expected a probability with a quantile that float64 can hold/],
  ])('refuses %s', (call, message) => {
    expect(call).toThrow(message);
  });

  it('refuses with a RangeError', () => {
    expect(() => normalQuantile(-1)).toThrow(RangeError);
  });
});
