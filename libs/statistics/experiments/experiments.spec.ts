import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Random } from '../random.js';
import { splitAlpha } from './alpha-split.js';
import { armOf, armOfSums, merged, varianceOf } from './arm.js';
import { differenceSequence, meanSequence, mixtureScale } from './confidence-sequence.js';
import { LatencyCounts, type LatencyCountsJson } from './latency-counts.js';
import { mcnemar } from './mcnemar.js';
import { mixtureSprt } from './mixture-sprt.js';
import { quantileDifference, quantilePlaces, quantileSequence } from './quantile-sequence.js';
import { relativeLift } from './relative-lift.js';
import { sampleRatio } from './sample-ratio.js';

const fixture = JSON.parse(
  readFileSync(new URL('../../../tests/fixtures/statistics/experiments.json', import.meta.url), 'utf8'),
) as {
  mcnemar: [number, number, number, number, number][];
  lifts: { a: number[]; b: number[]; lift: number; low: number; high: number; p: number }[];
  ratios: [number[], number[], number, number][];
  places: [number, number, number, number, number, number][];
};

const close = (found: number, expected: number) => {
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(expected)));
};
/** Also of what is tiny. */
const relativelyClose = (found: number, expected: number) => {
  expect(Math.abs(found / expected - 1)).toBeLessThan(1e-11);
};

describe('tests at a fixed horizon', () => {
  it('find the published lift', () => {
    const { lift, low, high, pValue } = relativeLift(
      armOfSums(1396.87, 52377.9767, 3407),
      armOfSums(2422.7, 134698.29, 3461),
    );
    expect([lift, low, high, pValue].map((value) => value.toFixed(5))).toEqual([
      ...['0.70732', '-0.03526', '1.44989', '0.06191'],
    ]);
  });

  it("agree with SciPy's Welch, χ² and binomial tests", () => {
    for (const { a, b, lift, low, high, p } of fixture.lifts) {
      const found = relativeLift(armOf(a), armOf(b));
      close(found.lift, lift);
      close(found.low, low);
      close(found.high, high);
      relativelyClose(found.pValue, p);
    }
    for (const [counts, shares, statistic, p] of fixture.ratios) {
      const found = sampleRatio(counts, shares);
      relativelyClose(found.statistic, statistic);
      if (p > 1e-300) relativelyClose(found.pValue, p);
      expect(found.mismatch).toBe(p < 0.001);
    }
    for (const [a, b, exact, statistic, p] of fixture.mcnemar) {
      const found = mcnemar(a, b);
      relativelyClose(found.exact, exact);
      close(found.corrected.statistic, statistic);
      relativelyClose(found.corrected.pValue, p);
    }
    expect(mcnemar(0, 0)).toEqual({ exact: 1, corrected: { statistic: 0, pValue: 1 } });
  });

  it('find a sample ratio that is off by two hundredths in nine of ten', () => {
    const runs = 100;
    let [found, wrong] = [0, 0];
    for (let run = 0; run < runs; run++) {
      const random = new Random(run, 21);
      let [off, even] = [0, 0];
      for (let request = 0; request < 15_000; request++) {
        const drawn = random.float();
        if (drawn < 0.48) off++;
        if (drawn < 0.5) even++;
      }
      if (sampleRatio([off, 15_000 - off], [1, 1]).mismatch) found++;
      if (sampleRatio([even, 15_000 - even], [1, 1]).mismatch) wrong++;
    }
    // z is normal around 4.9, and a mismatch from 3.29.
    expect(found / runs).toBeGreaterThan(0.9);
    expect(wrong / runs).toBeLessThan(0.02);
  });
});

it('has no lift where the delta method has no error: of an arm without any success it would be certain', () => {
  const [some, none] = [armOf([0, 1, 0, 0, 1]), armOf([0, 0, 0])];
  expect(() => relativeLift(some, none)).toThrow('b: expected values that vary');
  expect(() => relativeLift(armOf([1, 1]), armOf([2, 2]))).toThrow('a and b: expected values that vary');
  expect(relativeLift(armOf([1, 1]), armOf([1, 2])).lift).toBe(0.5);
  const [usual, far] = [1, 1e99].map((unit) =>
    relativeLift(armOf([unit, 2 * unit, 4 * unit]), armOf([unit, 3 * unit])),
  );
  expect(far!.pValue).toBeCloseTo(usual!.pValue, 12);
  expect(far!.degrees).toBeCloseTo(usual!.degrees, 9);
});

describe('arms', () => {
  it('merge to what one pass finds', () => {
    const values = Array.from({ length: 50 }, (_, at) => 1e6 + Math.sin(at));
    const whole = armOf(values);
    const both = merged(armOf(values.slice(0, 20)), armOf(values.slice(20)));
    expect(both.count).toBe(50);
    expect(both.mean).toBeCloseTo(whole.mean, 8);
    expect(varianceOf(both)).toBeCloseTo(varianceOf(whole), 8);
    expect(merged(whole, armOf([]))).toEqual(whole);
  });

  it('refuse what is no value, and sums that no values have', () => {
    expect(() => armOf([1, NaN])).toThrow('value: expected a number from -1e+100 to 1e+100, got NaN');
    expect(() => armOfSums(10, 1, 2)).toThrow('sumOfSquares: expected at least 50, got 1');
    expect(() => armOfSums(10, 1, 0)).toThrow('count: expected 1 or more, got 0');
  });
});

describe('confidence sequences', () => {
  it("have GrowthBook's ρ and width", () => {
    const scale = mixtureScale({ alpha: 0.05, tuning: 5000 });
    expect(scale).toBeCloseTo(Math.sqrt((-2 * Math.log(0.05) + Math.log(1 - 2 * Math.log(0.05))) / 5000), 15);
    const arm = { count: 1000, mean: 0.1, squares: 999 };
    expect(meanSequence(arm)!.low).toBeCloseTo(-0.006375, 6);
    // The formula as it is printed: variance 1, n = 1000.
    const information = 1000 * scale * scale;
    const half = Math.sqrt(
      ((2 * (information + 1)) / (1000 * scale) ** 2) * Math.log(Math.sqrt(information + 1) / 0.05),
    );
    expect(meanSequence(arm)!.high).toBeCloseTo(0.1 + half, 14);
    const halved = { count: 500, mean: 0, squares: 499 };
    // Two arms of 500 and variance 1: a difference of variance 4 / 1000.
    const difference = differenceSequence(halved, { ...halved, mean: 0.1 })!;
    expect(difference.high - difference.estimate).toBeCloseTo(2 * half, 12);
  });

  it('cover the mean at every look, of coins, normal and skewed values', () => {
    const draws = [
      (r: Random) => r.normal(),
      (r: Random) => Number(r.float() < 0.3),
      (r: Random) => -Math.log1p(-r.float()),
    ];
    const means = [0, 0.3, 1];
    const runs = 120;
    for (const [kind, draw] of draws.entries()) {
      let missed = 0;
      for (let run = 0; run < runs; run++) {
        const random = new Random(run, kind, 22);
        let [count, mean, squares, misses] = [0, 0, 0, false];
        for (let value = 0; value < 500; value++) {
          const drawn = draw(random);
          const off = drawn - mean;
          mean += off / ++count;
          squares += off * (drawn - mean);
          if (count < 100) continue;
          const interval = meanSequence({ count, mean, squares }, { tuning: 250 });
          misses ||= interval !== null && (interval.low > means[kind]! || interval.high < means[kind]!);
        }
        if (misses) missed++;
      }
      expect(missed / runs).toBeLessThanOrEqual(0.05);
    }
  });

  it('say nothing of one value, or of values that do not vary', () => {
    expect(meanSequence(armOf([1]))).toBeNull();
    expect(meanSequence(armOf([1, 1, 1]))).toBeNull();
    expect(differenceSequence(armOf([1, 2]), armOf([1]))).toBeNull();
    // A canary that has not varied yet: the variance is that of the other arm.
    const few = differenceSequence(armOf([0, 1, 0, 1, 0, 1]), armOf([0, 0, 0]))!;
    expect(few.high - few.low).toBeGreaterThan(2);
    expect(() => meanSequence(armOf([1, 2]), { alpha: 1 })).toThrow('alpha: expected between 0 and 1, got 1');
    expect(() => meanSequence(armOf([1, 2]), { tuning: 0 })).toThrow('tuning: expected a number above 0, got 0');
  });
});

it("weighs evidence as Johari's mixture does, and keeps the least p-value", () => {
  const [a, b] = [0, 0.3].map((mean) => ({ count: 500, mean, squares: 499 }));
  const { likelihoodRatio, pValue } = mixtureSprt(a!, b!, { effect: 0.2 });
  // v = 0.004 and τ² = 0.04: √(1 / 11) · exp(0.04 · 0.09 / (0.008 · 0.044)).
  expect(likelihoodRatio).toBeCloseTo(Math.sqrt(1 / 11) * Math.exp(0.0036 / 0.000352), 6);
  expect(pValue).toBeCloseTo(1 / likelihoodRatio, 15);
  expect(mixtureSprt(a!, a!, { effect: 0.2, before: 0.01 }).pValue).toBe(0.01);
  expect(mixtureSprt(armOf([1]), b!, { effect: 0.2 })).toEqual({ likelihoodRatio: 1, pValue: 1 });
  for (const unit of [1e-90, 1e90]) {
    const [first, second] = [a!, b!].map(({ count, mean, squares }) => ({
      count,
      mean: mean * unit,
      squares: squares * unit * unit,
    }));
    const { pValue } = mixtureSprt(first!, second!, { effect: 0.2 * unit });
    expect(pValue / mixtureSprt(a!, b!, { effect: 0.2 }).pValue).toBeCloseTo(1, 9);
  }
  expect(() => mixtureSprt(a!, b!, { effect: 0 })).toThrow('effect: expected a number above 0, up to 1e+100, got 0');
  let falsely = 0;
  for (let run = 0; run < 100; run++) {
    const random = new Random(run, 23);
    let p = 1;
    const arms = [armOf([]), armOf([])];
    for (let look = 0; look < 20; look++) {
      for (const [index, arm] of arms.entries()) {
        arms[index] = merged(arm, armOf(Array.from({ length: 50 }, () => random.normal())));
      }
      p = mixtureSprt(arms[0]!, arms[1]!, { effect: 0.2, before: p }).pValue;
    }
    if (p <= 0.05) falsely++;
  }
  expect(falsely).toBeLessThanOrEqual(5);
});

describe('quantile sequences', () => {
  it('stand where the likelihood ratio allows, toss by toss', () => {
    for (const [count, quantile, alpha, tuning, from, to] of fixture.places) {
      expect(quantilePlaces(count, quantile, { alpha, tuning })).toEqual([from, to]);
    }
    expect(quantilePlaces(0, 0.5)).toEqual([0, 1]);
  });

  it('cover a quantile at every look, of values with ties too', () => {
    const draws = [(r: Random) => Math.exp(r.normal()), (r: Random) => 1 + r.below(10)];
    const truths = [Math.exp(1.2815515655446004), 9];
    for (const [kind, draw] of draws.entries()) {
      let missed = 0;
      for (let run = 0; run < 60; run++) {
        const random = new Random(run, kind, 24);
        const values = new LatencyCounts();
        let misses = false;
        for (let value = 1; value <= 400; value++) {
          values.add(draw(random));
          if (value % 10 !== 0) continue;
          const { low, high } = quantileSequence(values, 0.9, { tuning: 300 })!;
          misses ||= low > truths[kind]! || high < truths[kind]!;
        }
        if (misses) missed++;
      }
      expect(missed).toBeLessThanOrEqual(3);
    }
  });

  it('tell two latencies apart', () => {
    const [a, b] = [1, 1.5].map((factor) => {
      const counts = new LatencyCounts();
      for (let value = 1; value <= 2000; value++) counts.add(factor * value);
      return counts;
    });
    const { estimate, low, high } = quantileDifference(a!, b!, 0.5)!;
    expect(Math.abs(estimate - 500)).toBeLessThan(25);
    expect(low).toBeGreaterThan(0);
    expect(high).toBeLessThan(1000);
    expect(quantileDifference(a!, new LatencyCounts(), 0.5)).toBeNull();
    expect(() => quantilePlaces(10, 1)).toThrow('quantile: expected between 0 and 1, got 1');
  });

  it('keep order statistics to a hundredth, and merge in any order', () => {
    const random = new Random(25);
    const values = Float64Array.from({ length: 999 }, () => 10 * Math.exp(random.normal()));
    const [whole, one, other] = [new LatencyCounts(), new LatencyCounts(), new LatencyCounts()];
    for (const [at, value] of values.entries()) {
      whole.add(value);
      (at % 3 === 0 ? one : other).add(value);
    }
    other.merge(one);
    expect(other.toJSON()).toEqual(whole.toJSON());
    const restored = LatencyCounts.fromJSON(JSON.parse(JSON.stringify(whole)) as LatencyCountsJson);
    for (const [at, value] of values.sort().entries()) {
      const [low, high] = restored.boundsAt(at + 1);
      expect(low <= value && value <= high && high / low < 1.0101).toBe(true);
    }
    whole.add(0);
    expect(whole.boundsAt(1)[0]).toBe(0);
    expect(() => {
      whole.add(-1);
    }).toThrow('value: expected from 0 to 1e+100, got -1');
    for (const place of [0, 1001, NaN])
      expect(() => whole.boundsAt(place)).toThrow(`place: expected 1 to 1000, got ${place}`);
    for (const cell of [[-1, 1] as const, [1, 0] as const, [0.5, 1] as const])
      expect(() => LatencyCounts.fromJSON([cell])).toThrow('cells[0]: expected a cell from 0 and a count from 1');
  });
});

it('splits an error rate by weight', () => {
  expect(splitAlpha(0.05, [2, 1, 1])).toEqual([0.025, 0.0125, 0.0125]);
  expect(() => splitAlpha(0.05, [1, 0])).toThrow('weights[1]: expected a number above 0, got 0');
  expect(() => sampleRatio([0, 0], [1, 1])).toThrow('counts: expected a sum above 0, got 0');
  expect(() => sampleRatio([1, -2], [1, 1])).toThrow('counts[1]: expected a whole number of 0 or more, got -2');
  expect(() => sampleRatio([1, 2], [1])).toThrow('shares: expected one for each of two or more counts, got 1 of 2');
});
