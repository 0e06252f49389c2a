import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Random } from '../random.js';
import { calibrationError, fitCalibration } from './calibration.js';
import type { EnoughEvidence, MetricInterval } from './interval.js';
import { fitIsotonic, isotonicAt } from './isotonic.js';
import { meanInterval, rootMeanInterval, sampleMoments } from './mean-interval.js';
import { classificationIntervals, confusionCounts, regressionIntervals, rocAreaIntervals } from './metric-intervals.js';
import { areaUnderRoc } from './roc.js';
import { rocAreaInterval } from './roc-interval.js';
import { wilsonInterval } from './wilson.js';

const fixture = JSON.parse(
  readFileSync(new URL('../../../tests/fixtures/statistics/intervals.json', import.meta.url), 'utf8'),
) as {
  isotonic: { scores: number[]; values: number[]; x: number[]; y: number[]; asked: number[]; answered: number[] }[];
  wilson: [number, number, number, number, number][];
  delong: { scores: number[]; positive: number[]; area: number; low: number; high: number }[];
  means: { values: number[]; low: number; high: number }[];
};

function enough(interval: MetricInterval): EnoughEvidence {
  if (!interval.enough) throw new Error(`expected enough evidence: ${JSON.stringify(interval)}`);
  return interval;
}

const close = (found: number, expected: number) => {
  expect(Math.abs(found - expected) / Math.max(1, Math.abs(expected))).toBeLessThan(1e-12);
};

it('fits isotonic regressions as scikit-learn does', () => {
  for (const { scores, values, x, y, asked, answered } of fixture.isotonic) {
    const fitted = fitIsotonic(scores, values);
    expect(fitted.x).toEqual(x);
    for (const [knot, value] of fitted.y.entries()) close(value, y[knot]!);
    for (const [at, score] of asked.entries()) close(isotonicAt(fitted, score), answered[at]!);
  }
});

it('measures areas and calibration by hand-worked examples', () => {
  expect(areaUnderRoc(Float64Array.of(0.1, 0.4, 0.4, 0.8), [0, 0, 1, 1])).toBe(0.875);
  expect(areaUnderRoc(Float64Array.of(0.1, 0.4), [0, 0])).toBeNull();
  const error = calibrationError(Float64Array.of(0.2, 0.2, 0.8, 0.8), Uint8Array.of(0, 0, 1, 1), 2);
  expect(error).toBeCloseTo(0.2, 12);
});

describe('intervals of metrics', () => {
  it("are those of SciPy for shares and means, and DeLong's for areas", () => {
    for (const [successes, trials, level, low, high] of fixture.wilson) {
      const interval = enough(wilsonInterval(successes, trials, { level, fewest: 1 }));
      close(interval.low, low);
      close(interval.high, high);
    }
    for (const { values, low, high } of fixture.means) {
      const interval = enough(meanInterval(sampleMoments(values), { fewest: 2 }));
      close(interval.low, low);
      close(interval.high, high);
    }
    for (const { scores, positive, area, low, high } of fixture.delong) {
      const interval = enough(rocAreaInterval(Float64Array.from(scores), positive, { fewest: 2 }));
      close(interval.value, area);
      close(interval.low, low);
      close(interval.high, high);
    }
  });

  it('are those of the comments', () => {
    expect(enough(wilsonInterval(90, 100)).low).toBeCloseTo(0.825634, 6);
    expect(enough(wilsonInterval(90, 100)).high).toBeCloseTo(0.944771, 6);
    expect(enough(meanInterval(sampleMoments([1, 2, 3, 4]), { fewest: 2 })).low).toBeCloseTo(0.44574, 6);
    const area = enough(rocAreaInterval(Float64Array.of(0.1, 0.4, 0.35, 0.8), [0, 0, 1, 1], { fewest: 2 }));
    expect([area.value, area.low, area.high].map((value) => value.toFixed(3))).toEqual(['0.750', '0.069', '0.992']);
    const { recall, precision, f1, specificity, accuracy } = classificationIntervals([50, 5, 10, 35], 2);
    expect(enough(recall)).toMatchObject({ rows: 45, value: 35 / 45 });
    expect(enough(recall).low).toBeCloseTo(0.637307, 6);
    expect(enough(recall).high).toBeCloseTo(0.874553, 6);
    expect(enough(precision).value).toBe(35 / 40);
    expect(enough(f1).value).toBeCloseTo(70 / 85, 12);
    expect(enough(specificity).value).toBe(50 / 55);
    expect(enough(accuracy).value).toBe(0.85);
  });

  it('hold the true figure as often as they say, of two classes and of three', () => {
    const truth = [0.3, 0.05, 0.05, 0.04, 0.25, 0.01, 0.08, 0.02, 0.2];
    // Long-run figures, of the probabilities themselves.
    const expected = classificationIntervals(
      truth.map((share) => Math.round(share * 1e8)),
      3,
    );
    const covered = { accuracy: 0, precision: 0, recall: 0, f1: 0, specificity: 0 };
    const runs = 1000;
    const random = new Random(7);
    for (let run = 0; run < runs; run++) {
      const counts = drawn(truth, 300, random);
      for (const [metric, interval] of Object.entries(classificationIntervals(counts, 3))) {
        const name = metric as keyof typeof covered;
        if (holds(interval, enough(expected[name]).value)) covered[name]++;
      }
    }
    // 95 % of 1,000, with a standard deviation of 7.
    for (const times of Object.values(covered)) expect(Math.abs(times - 950)).toBeLessThan(28);
  });

  it('hold the mean absolute and the root mean squared error', () => {
    const random = new Random(8);
    let [mae, rmse] = [0, 0];
    for (let run = 0; run < 500; run++) {
      const targets = Array.from({ length: 200 }, () => random.normal());
      const intervals = regressionIntervals(targets, new Float64Array(200));
      if (holds(intervals.mae, Math.sqrt(2 / Math.PI))) mae++;
      if (holds(intervals.rmse, 1)) rmse++;
    }
    for (const times of [mae, rmse]) expect(times).toBeGreaterThan(455);
  });

  it('say where there is not enough evidence', () => {
    expect(wilsonInterval(0, 0)).toEqual({ enough: false, value: null, rows: 0, needed: 30 });
    expect(wilsonInterval(5, 10)).toEqual({ enough: false, value: 0.5, rows: 10, needed: 30 });
    expect(meanInterval(sampleMoments([3]))).toEqual({ enough: false, value: 3, rows: 1, needed: 30 });
    expect(rootMeanInterval(sampleMoments([9]))).toEqual({ enough: false, value: 3, rows: 1, needed: 30 });
    expect(rocAreaInterval(Float64Array.of(1, 2), [0, 0])).toMatchObject({ enough: false, value: null, needed: 10 });
    expect(classificationIntervals([0, 0, 0, 0, 0, 0, 0, 0, 0], 3).f1).toMatchObject({ enough: false, value: null });
  });

  it('stay within 0 to 1 where classes part perfectly', () => {
    const scores = Float64Array.from({ length: 40 }, (_, row) => row);
    const area = enough(
      rocAreaInterval(
        scores,
        Array.from(scores, (score) => Number(score >= 20)),
      ),
    );
    expect(area).toMatchObject({ value: 1, high: 1 });
    expect(area.low).toBeCloseTo(enough(wilsonInterval(20, 20, { fewest: 1 })).low, 12);
  });

  it('are of each class against the rest, without the rows that lack a probability', () => {
    const targets = Array.from({ length: 60 }, (_, row) => row % 3);
    const probabilities = Float64Array.from({ length: 180 }, (_, at) => {
      const [row, index] = [Math.floor(at / 3), at % 3];
      return row === 0 ? NaN : row % 3 === index ? 0.5 : 0.25;
    });
    const areas = rocAreaIntervals({ probabilities, predictions: targets, targets }, 3);
    expect(areas.map((area) => enough(area).rows)).toEqual([59, 59, 59]);
    expect(areas.map(({ value }) => value)).toEqual([1, 1, 1]);
  });

  it('refuse what is no count, no class and no number', () => {
    expect(() => wilsonInterval(3, 2)).toThrow('successes: expected 0 to 2, got 3');
    expect(() => wilsonInterval(1, 2, { level: 1 })).toThrow('level: expected between 0 and 1, got 1');
    expect(() => sampleMoments([1, NaN])).toThrow('values[1]: expected a finite number, got NaN');
    expect(() => classificationIntervals([1, 2, 3], 2)).toThrow('counts: expected 4 values, got 3');
    expect(() => classificationIntervals([1, 2, 3, -4], 2)).toThrow('counts[3]: expected a whole number');
    expect(() => regressionIntervals([1], [])).toThrow('predictions: expected 1 values, got 0');
    expect(() => rocAreaInterval(Float64Array.of(1), [])).toThrow('positive: expected 1 values, got 0');
    expect(confusionCounts([0, 1, 1], [0, 0, 1], 2)).toEqual(Float64Array.of(1, 0, 1, 1));
    expect(() => confusionCounts([2], [0], 2)).toThrow('targets[0]: expected a class, 0 to 1, got 2');
  });
});

const holds = (interval: MetricInterval, figure: number) =>
  interval.enough && interval.low <= figure && figure <= interval.high;

/** Counts of so many rows by the shares of their cells. */
function drawn(shares: readonly number[], rows: number, random: Random): number[] {
  const counts = shares.map(() => 0);
  for (let row = 0; row < rows; row++) {
    let left = random.float();
    const cell = shares.findIndex((share) => (left -= share) < 0);
    counts[cell < 0 ? 0 : cell]!++;
  }
  return counts;
}

it('refuses what no isotonic function and no calibration error can be made of', () => {
  expect(() => fitIsotonic([], [])).toThrow('scores: expected at least 1, got 0');
  expect(() => fitIsotonic([1, 2], [1])).toThrow('values: expected 2, as many as scores, got 1');
  expect(() => fitIsotonic([2, 1], [0, 1])).toThrow('scores[1]: expected ascending numbers, got 1');
  expect(() => fitIsotonic([NaN], [0])).toThrow('scores[0]: expected ascending numbers, got NaN');
  expect(() => calibrationError(new Float64Array(0), new Uint8Array(0))).toThrow('probabilities: expected at least 1');
  expect(() => calibrationError(new Float64Array(2), new Uint8Array(1))).toThrow('positive: expected 2 values, got 1');
  // A class of one row cannot be fitted to and held out.
  expect(fitCalibration(Float64Array.of(0.1, 0.2, 0.15), Uint8Array.of(0, 0, 1), 0)).toEqual({
    isotonic: null,
    error: null,
  });
});
