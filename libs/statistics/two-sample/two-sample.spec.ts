import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  andersonDarling,
  chiSquare,
  chiSquareGoodness,
  cramerVonMises,
  energyDistance,
  kolmogorovDistance,
  kolmogorovSmirnov,
  mannWhitney,
  twoProportions,
  wasserstein,
  welch,
  welchOfMoments,
  type TestResult,
} from './index.js';
import { randomCounts, randomProportions, randomSamples, untiedSamples, Words } from './testing/random-cases.js';

const cases = 500;
const tolerance = 1e-12;

/** What SciPy gave for each case: null where it refuses the case or takes another method. */
type Expected = readonly (readonly number[] | number | null)[];

const fixture = JSON.parse(
  readFileSync(new URL('../../../tests/fixtures/statistics/two_sample.json', import.meta.url), 'utf8'),
) as Record<string, Expected>;
const drawn = Array.from({ length: cases }, (_, index) => randomSamples(index));

/** A test of each case, taken once. */
function ofEachCase<T>(test: (x: Float64Array, y: Float64Array) => T): (index: number) => T {
  const results: T[] = [];
  return (index) => (results[index] ??= test(drawn[index]!.x, drawn[index]!.y));
}

const exactly = ofEachCase((x, y) => kolmogorovSmirnov(x, y, { method: 'exact' }));
const asymptotically = ofEachCase((x, y) => kolmogorovSmirnov(x, y, { method: 'asymptotic' }));
const rankSums = ofEachCase((x, y) => mannWhitney(x, y));

const values = (...list: number[]): Float64Array => Float64Array.from(list);
const isClose = (value: number, expected: number): boolean =>
  Math.abs(value - expected) <= tolerance * Math.max(1, Math.abs(expected));

/** Cases that differ from SciPy by more than the tolerance. */
function misses(name: string, least: number, of: (index: number) => readonly number[]): unknown[] {
  const expected = fixture[name]!;
  expect(expected).toHaveLength(cases);
  expect(expected.filter((value) => value !== null).length).toBeGreaterThanOrEqual(least);
  return expected.flatMap((row, index) => {
    if (row === null) return [];
    const wanted = typeof row === 'number' ? [row] : row;
    const got = of(index);
    return got.length === wanted.length && got.every((value, place) => isClose(value, wanted[place]!))
      ? []
      : [{ index, wanted, got }];
  });
}

const both = ({ statistic, pValue }: TestResult): number[] => [statistic, pValue];

describe('two-sample tests on 500 random cases, against SciPy', () => {
  it('draws the samples that the fixture was made of', () => {
    expect(drawn.map(({ x, y }) => [x.length, y.length])).toEqual(fixture['sizes']);
  });

  it('Kolmogorov–Smirnov', () => {
    expect(misses('kolmogorovSmirnovExact', cases, (index) => both(exactly(index)))).toEqual([]);
    expect(misses('kolmogorovSmirnovAsymptotic', cases, (index) => both(asymptotically(index)))).toEqual([]);
  });

  it('Mann–Whitney', () => {
    expect(misses('mannWhitney', cases, (index) => both(rankSums(index)))).toEqual([]);
    expect(
      misses('mannWhitneyExact', 100, (index) => {
        const { x, y } = drawn[index]!;
        return [mannWhitney(x, y, { method: 'exact' }).pValue];
      }),
    ).toEqual([]);
  });

  it('Cramér–von Mises', () => {
    expect(
      misses('cramerVonMisesExact', 150, (index) => {
        const { x, y } = untiedSamples(index);
        return both(cramerVonMises(x, y));
      }),
    ).toEqual([]);
    expect(
      misses('cramerVonMisesAsymptotic', 490, (index) => {
        const { x, y } = untiedSamples(index);
        return both(cramerVonMises(x, y, { method: 'asymptotic' }));
      }),
    ).toEqual([]);
  });

  it('Anderson–Darling, which says where its p-value is a bound', () => {
    const bounds = { none: 0, 'at least': 0, 'at most': 0 };
    expect(
      misses('andersonDarling', 490, (index) => {
        const result = andersonDarling(drawn[index]!.x, drawn[index]!.y);
        bounds[result.bound]++;
        expect(result.bound === 'at least' ? result.pValue : 0.25).toBe(0.25);
        expect(result.bound === 'at most' ? result.pValue : 0.001).toBe(0.001);
        return both(result);
      }),
    ).toEqual([]);
    expect(Math.min(...Object.values(bounds))).toBeGreaterThan(50);
  });

  it('Welch', () => {
    expect(
      misses('welch', 490, (index) => {
        const { statistic, pValue, degrees, interval } = welch(drawn[index]!.x, drawn[index]!.y, { confidence: 0.9 });
        return [statistic, pValue, degrees, ...interval];
      }),
    ).toEqual([]);
  });

  it('Wasserstein and energy distance', () => {
    expect(misses('wasserstein', cases, (index) => [wasserstein(drawn[index]!.x, drawn[index]!.y)])).toEqual([]);
    expect(misses('energyDistance', cases, (index) => [energyDistance(drawn[index]!.x, drawn[index]!.y)])).toEqual([]);
  });

  it('χ² of two rows of counts, and against expected ones', () => {
    expect(
      misses('chiSquare', cases, (index) => {
        const { counts, other } = randomCounts(index);
        const result = chiSquare(counts, other);
        return [...both(result), result.degrees];
      }),
    ).toEqual([]);
    expect(
      misses('chiSquareGoodness', cases, (index) => {
        const { counts, other } = randomCounts(index);
        const weight = counts.reduce((sum, count) => sum + count) / other.reduce((sum, count) => sum + count + 1, 0);
        return both(
          chiSquareGoodness(
            counts,
            other.map((count) => (count + 1) * weight),
          ),
        );
      }),
    ).toEqual([]);
  });

  it('two proportions', () => {
    expect(misses('twoProportions', cases, (index) => both(twoProportions(...randomProportions(index))))).toEqual([]);
  });
});

describe('p-values of the 500 cases', () => {
  it.each<[string, number, (index: number) => TestResult]>([
    ['kolmogorovSmirnovExact', 1e-12, exactly],
    ['kolmogorovSmirnovAsymptotic', 1e-12, asymptotically],
    ['mannWhitney', 1e-12, rankSums],
    // SciPy's t has 3e-12 from the rounding of the means, which far tails multiply.
    ['welch', 1e-10, ofEachCase((x, y) => welch(x, y))],
    ['andersonDarling', 1e-12, ofEachCase(andersonDarling)],
  ])('are close relatively, however small: %s', (name, relative, test) => {
    const far = fixture[name]!.flatMap((row, index) => {
      if (row === null || typeof row === 'number' || row[1]! < 1e-290) return [];
      const expected = row[1]!;
      const got = test(index).pValue;
      // Larger ones are 1 less a probability.
      const absolute = expected > 1e-3 ? 2e-14 : 0;
      return Math.abs(got - expected) <= relative * expected + absolute ? [] : [{ index, expected, got }];
    });
    expect(far).toEqual([]);
  });
});

describe('two-sample tests, by themselves', () => {
  it('find nothing between a sample and itself', () => {
    const x = values(-3, 0, 0, 1, 5, 5, 5, 8);
    expect(kolmogorovSmirnov(x, x)).toMatchObject({ statistic: 0, pValue: 1, location: -3 });
    expect(mannWhitney(x, x)).toMatchObject({ statistic: 32, pValue: 1 });
    expect(cramerVonMises(x, x).pValue).toBe(1);
    expect(andersonDarling(x, x)).toMatchObject({ pValue: 0.25, bound: 'at least' });
    expect(welch(x, x)).toMatchObject({ statistic: 0, pValue: 1, difference: 0 });
    expect([kolmogorovDistance(x, x), wasserstein(x, x), energyDistance(x, x)]).toEqual([0, 0, 0]);
    expect(chiSquare(values(3, 0, 7), values(6, 0, 14))).toEqual({ statistic: 0, pValue: 1, degrees: 1 });
  });

  it('turn round with their samples', () => {
    for (const [index, { x, y }] of drawn.slice(0, 25).entries()) {
      const [there, back] = [exactly(index), kolmogorovSmirnov(y, x)];
      expect(back.statistic).toBe(there.statistic);
      expect(back.pValue).toBeCloseTo(there.pValue, 13);
      expect(mannWhitney(x, y).statistic + mannWhitney(y, x).statistic).toBe(x.length * y.length);
      expect(mannWhitney(y, x).pValue).toBe(mannWhitney(x, y).pValue);
      expect(cramerVonMises(y, x).pValue).toBeCloseTo(cramerVonMises(x, y).pValue, 13);
      expect(wasserstein(y, x)).toBe(wasserstein(x, y));
    }
  });

  it('say where the distribution functions are furthest apart, and which is the larger one there', () => {
    for (const [index, { x, y }] of drawn.entries()) {
      const { statistic, location, sign } = exactly(index);
      const share = (sample: Float64Array): number =>
        sample.filter((value) => value <= location).length / sample.length;
      expect(sign * (share(x) - share(y))).toBeCloseTo(statistic, 14);
      expect(kolmogorovDistance(x, y)).toBe(statistic);
    }
  });

  it('hold for samples of one value', () => {
    const [one, other] = [values(1), values(2)];
    expect(kolmogorovSmirnov(one, other)).toEqual({
      statistic: 1,
      pValue: 1,
      location: 1,
      sign: 1,
      method: 'exact',
    });
    expect(kolmogorovSmirnov(one, other, { method: 'asymptotic' }).pValue).toBe(0);
    expect(mannWhitney(one, other)).toEqual({ statistic: 0, pValue: 1, method: 'exact' });
    expect(cramerVonMises(one, other).pValue).toBe(1);
    expect(cramerVonMises(one, other, { method: 'asymptotic' }).pValue).toBe(1);
    expect([wasserstein(one, other), energyDistance(one, other)]).toEqual([1, Math.SQRT2]);
    // One of ten ranks, at either end: two of the ten places of the single value are as extreme.
    const nine = values(1, 2, 3, 4, 5, 6, 7, 8, 9);
    expect(mannWhitney(values(0), nine).pValue).toBeCloseTo(0.2, 15);
    expect(kolmogorovSmirnov(values(0), nine).pValue).toBeCloseTo(0.2, 15);
    expect(cramerVonMises(values(0), nine).pValue).toBeCloseTo(0.2, 15);
  });

  it('hold where all values are equal', () => {
    const [same, longer] = [values(4, 4, 4), values(4, 4, 4, 4, 4)];
    expect(kolmogorovSmirnov(same, longer)).toMatchObject({ statistic: 0, pValue: 1 });
    expect(mannWhitney(same, longer)).toEqual({ statistic: 7.5, pValue: 1, method: 'asymptotic' });
    expect(cramerVonMises(same, longer).pValue).toBe(1);
    expect(welch(same, longer)).toMatchObject({ statistic: 0, pValue: 1, degrees: 1 });
    expect(welch(same, values(3, 3))).toMatchObject({ statistic: Infinity, pValue: 0, interval: [1, 1] });
    expect(twoProportions(5, 5, 7, 7)).toEqual({ statistic: 0, pValue: 1 });
    expect(twoProportions(0, 5, 0, 7)).toEqual({ statistic: 0, pValue: 1 });
    expect(chiSquare(values(0, 9), values(0, 2))).toEqual({ statistic: 0, pValue: 1, degrees: 0 });
    expect(() => andersonDarling(same, longer)).toThrow('x and y: expected at least two different values, got only 4');
  });

  it('keep p-values of samples that have nothing in common, down to where float64 ends', () => {
    const [x, y] = [
      Float64Array.from({ length: 300 }, (_, i) => i),
      Float64Array.from({ length: 300 }, (_, i) => 500 + i),
    ];
    // Two of the C(600, 300) orders.
    let logOrders = 0;
    for (let i = 1; i <= 300; i++) logOrders += Math.log((300 + i) / i);
    expect(Math.log(kolmogorovSmirnov(x, y).pValue / 2) + logOrders).toBeCloseTo(0, 10);
    expect(mannWhitney(x, y).pValue).toBeLessThan(1e-90);
    expect(cramerVonMises(x, y).pValue).toBeLessThan(1e-100);
    expect(welch(x, y).pValue).toBeLessThan(1e-200);
  });

  it('count every order of small samples', () => {
    const [m, n] = [4, 5];
    const x = values(1, 2, 5, 6);
    const y = values(3, 4, 7, 8, 9);
    const orders = choices(m + n, m).map((places) => ({
      x: Float64Array.from(places),
      y: Float64Array.from([...Array(m + n).keys()].filter((place) => !places.includes(place))),
    }));
    expect(orders).toHaveLength(126);
    const shareAsExtreme = (statistic: (x: Float64Array, y: Float64Array) => number): number =>
      orders.filter((order) => statistic(order.x, order.y) >= statistic(x, y) - 1e-9).length / orders.length;
    expect(kolmogorovSmirnov(x, y).pValue).toBeCloseTo(shareAsExtreme(kolmogorovDistance), 14);
    expect(cramerVonMises(x, y).pValue).toBeCloseTo(
      shareAsExtreme((a, b) => cramerVonMises(a, b).statistic),
      14,
    );
    expect(mannWhitney(x, y).pValue).toBeCloseTo(
      shareAsExtreme((a, b) => Math.abs(mannWhitney(a, b).statistic - (m * n) / 2)),
      14,
    );
  });

  it('do not alarm on discrete values more often than they say', () => {
    const tests: ((x: Float64Array, y: Float64Array) => TestResult)[] = [
      (x, y) => kolmogorovSmirnov(x, y, { method: 'asymptotic' }),
      mannWhitney,
      cramerVonMises,
    ];
    const repetitions = 120;
    for (const different of [2, 6, 40]) {
      const words = new Words(different);
      const sample = (size: number): Float64Array =>
        Float64Array.from({ length: size }, () => words.below(different)).sort();
      const alarms = tests.map(() => 0);
      for (let repetition = 0; repetition < repetitions; repetition++) {
        const [x, y] = [sample(600), sample(100)];
        tests.forEach((test, place) => (alarms[place]! += test(x, y).pValue < 0.05 ? 1 : 0));
      }
      // Three standard deviations above 5 %.
      for (const count of alarms)
        expect(count).toBeLessThanOrEqual(0.05 * repetitions + 3 * Math.sqrt(0.0475 * repetitions));
    }
  });

  it('take Welch’s test from moments too', () => {
    const [x, y] = [values(1, 2, 3, 4), values(3, 5, 7, 9)];
    expect(welchOfMoments({ n: 4, mean: 2.5, variance: 5 / 3 }, { n: 4, mean: 6, variance: 20 / 3 })).toEqual(
      welch(x, y),
    );
    // The mean is kept where the values are large against their spread.
    const [far, farther] = [values(1e9, 1e9 + 1, 1e9 + 2), values(1e9 + 1, 1e9 + 2, 1e9 + 4)];
    expect(welch(far, farther).statistic).toBeCloseTo(welch(values(0, 1, 2), values(1, 2, 4)).statistic, 12);
  });
});

it('distances hold up to the end of float64', () => {
  const [x, y] = [values(-1.7e308, 0, 1.7e308), values(-1.7e308, 1e308, 1.7e308)];
  expect(wasserstein(x, y) / (1e308 / 3)).toBeCloseTo(1, 14);
  expect(energyDistance(x, y) / (Math.sqrt(2e307 / 9) * Math.sqrt(10))).toBeCloseTo(1, 14);
  expect([wasserstein(x, x), energyDistance(x, x)]).toEqual([0, 0]);
  expect(wasserstein(values(-1.7e308), values(1.7e308))).toBe(Infinity);
});

describe('two-sample tests refuse', () => {
  const good = values(1, 2, 3);
  const tests: [string, (x: Float64Array, y: Float64Array) => unknown][] = [
    ['kolmogorovSmirnov', kolmogorovSmirnov],
    ['kolmogorovDistance', kolmogorovDistance],
    ['mannWhitney', mannWhitney],
    ['cramerVonMises', cramerVonMises],
    ['andersonDarling', andersonDarling],
    ['wasserstein', wasserstein],
    ['energyDistance', energyDistance],
  ];

  it.each(tests)('bad samples: %s', (_, test) => {
    expect(() => test(values(), good)).toThrow(new RangeError('x: expected at least 1 value, got 0'));
    expect(() => test(good, values())).toThrow(new RangeError('y: expected at least 1 value, got 0'));
    expect(() => test(values(1, NaN, 2), good)).toThrow(new RangeError('x[1]: expected a finite number, got NaN'));
    expect(() => test(values(NaN), good)).toThrow(new RangeError('x[0]: expected a finite number, got NaN'));
    expect(() => test(good, values(1, Infinity))).toThrow(
      new RangeError('y[1]: expected a finite number, got Infinity'),
    );
    expect(() => test(good, values(-Infinity, 1))).toThrow(
      new RangeError('y[0]: expected a finite number, got -Infinity'),
    );
    expect(() => test(values(1, 3, 2), good)).toThrow(new RangeError('x[2]: expected ascending values, got 2 after 3'));
  });

  it.each([
    [() => welch(values(1), good), 'x: expected at least 2 values, got 1'],
    [() => welch(good, values(1, NaN)), 'y[1]: expected a finite number, got NaN'],
    [() => welch(good, good, { confidence: 1 }), 'confidence: expected a number between 0 and 1, got 1'],
    [
      () => welchOfMoments({ n: 2, mean: 0, variance: -1 }, { n: 2, mean: 0, variance: 1 }),
      'x.variance: expected a finite number that is at least 0, got -1',
    ],
    [() => andersonDarling(values(1), values(1, 2)), 'x and y: expected at least 4 values together, got 3'],
    [
      () => mannWhitney(new Float64Array(600), new Float64Array(600), { method: 'exact' }),
      'method: expected samples whose rankings float64 can count for exact, got 600 and 600 values',
    ],
    [
      () => cramerVonMises(new Float64Array(21), good, { method: 'exact' }),
      'method: expected samples of at most 20 values for exact, got 21 and 3',
    ],
    [() => chiSquare(values(1, -1), values(1, 1)), 'counts[1]: expected a number that is at least 0, got -1'],
    [() => chiSquare(values(1, 1), values(1, NaN)), 'other[1]: expected a number that is at least 0, got NaN'],
    [() => chiSquare(values(1, 1), values(1, Infinity)), 'other: expected a sum above 0 and finite, got Infinity'],
    [() => chiSquare(values(), values()), 'counts: expected a sum above 0 and finite, got 0'],
    [() => chiSquare(values(0, 0), values(1, 1)), 'counts: expected a sum above 0 and finite, got 0'],
    [() => chiSquare(values(1, 1), values(1)), 'other: expected 2 bins, got 1'],
    [() => chiSquareGoodness(values(1, 1), values(2, 0)), 'expected[1]: expected a number above 0, got 0'],
    [() => chiSquareGoodness(values(1, 1), values(2, 1)), 'expected: expected a sum of 2, as observed has, got 3'],
    [() => twoProportions(3, 2, 1, 2), 'successes1: expected at most n1, 2, got 3'],
    [() => twoProportions(1, 2, 0.5, 2), 'successes2: expected a whole number that is at least 0, got 0.5'],
    [() => twoProportions(0, 2, 0, 0), 'n2: expected a whole number that is at least 1, got 0'],
  ])('%s', (call, message) => {
    expect(call).toThrow(new RangeError(message));
  });
});

/** Every ascending choice of `size` numbers below `count`. */
function choices(count: number, size: number): number[][] {
  if (size === 0) return [[]];
  return Array.from({ length: count }, (_, last) => last).flatMap((last) =>
    choices(last, size - 1).map((rest) => [...rest, last]),
  );
}
