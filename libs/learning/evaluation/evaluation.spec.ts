import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { TableColumn } from '#libs/contracts/index.js';
import { evaluationReport } from '#libs/contracts/index.js';
import { classificationRows } from '../metrics/classification.js';
import type { MeasuredRows } from '../metrics/metrics.js';
import { regressionRows } from '../metrics/regression.js';
import { Random } from '../random.js';
import { bootstrapIntervals } from './bootstrap.js';
import { chiSquareOneTail, studentTwoSided } from './distributions.js';
import { pairedTest } from './paired-test.js';
import { permutationImportance } from './permutation-importance.js';
import { sliceRows } from './slices.js';

interface PairedCase {
  readonly kind: 'classification' | 'regression';
  readonly target: readonly number[];
  readonly candidate: readonly number[];
  readonly champion: readonly number[];
  readonly statistic: number;
  readonly p_value: number;
}
const { cases, tails } = JSON.parse(
  readFileSync(new URL('../../../tests/fixtures/learning/paired.json', import.meta.url), 'utf8'),
) as {
  readonly cases: readonly PairedCase[];
  readonly tails: {
    readonly student: readonly (readonly [t: number, degrees: number, p: number])[];
    readonly chi_square: readonly (readonly [x: number, p: number])[];
  };
};

function valueOf<T>(result: { ok: true; value: T } | { ok: false; rejection: { detail: string } }): T {
  if (!result.ok) throw new Error(result.rejection.detail);
  return result.value;
}

const numbers = (target: Iterable<number>, predicted: Iterable<number>): MeasuredRows =>
  valueOf(regressionRows({ target: Float64Array.from(target), predicted: Float64Array.from(predicted) }));

const labels = (target: readonly number[], predicted: readonly number[]): MeasuredRows =>
  valueOf(classificationRows({ target, probabilities: null, predicted, classes: 2 }));

/** Scores that tell the classes apart by `signal` standard deviations. */
function scored(rows: number, signal: number, seed: number): MeasuredRows {
  const random = new Random(seed);
  const target = Array.from({ length: rows }, () => random.below(2));
  const shares = target.map((own) => 1 / (1 + Math.exp(-random.normal() - signal * (own - 0.5))));
  const probabilities = Float64Array.from(shares.flatMap((share) => [1 - share, share]));
  return valueOf(classificationRows({ target, probabilities, classes: 2 }));
}

const relative = (actual: number, expected: number): number => Math.abs(actual / expected - 1);

describe('tail probabilities are SciPy’s', () => {
  it.each(tails.student)('Student’s t, %d with %d degrees', (t, degrees, p) => {
    expect(relative(studentTwoSided(t, degrees), p)).toBeLessThan(1e-11);
  });

  it.each(tails.chi_square)('χ² of one degree, %d', (x, p) => {
    expect(relative(chiSquareOneTail(x), p)).toBeLessThan(1e-11);
  });
});

describe('the paired test', () => {
  it('has SciPy’s statistics and p-values, and decides at 5 %', () => {
    const verdicts = new Set<string>();
    for (const { kind, target, candidate, champion, statistic, p_value } of cases) {
      const [one, other] =
        kind === 'regression'
          ? [numbers(target, candidate), numbers(target, champion)]
          : [labels(target, candidate), labels(target, champion)];
      const metric = kind === 'regression' ? 'r2' : 'accuracy';
      const found = pairedTest(one, other, { kind, metric, seed: 1, resamples: 20 });
      expect(found.statistic).toBeCloseTo(statistic, 9);
      expect(relative(found.p_value, p_value)).toBeLessThan(1e-9);
      expect(found.verdict === 'no_difference').toBe(p_value >= 0.05);
      verdicts.add(found.verdict);
    }
    expect([...verdicts].sort()).toEqual(['better', 'no_difference', 'worse']);
  });

  it('knows the better one, from either side, and gives what the report takes', () => {
    const random = new Random(8);
    const target = Array.from({ length: 200 }, () => 10 * random.normal());
    const good = numbers(
      target,
      target.map((value) => value + random.normal()),
    );
    const poor = numbers(
      target,
      target.map((value) => value + 3 * random.normal()),
    );
    const options = { kind: 'regression', metric: 'rmse', seed: 3, resamples: 60 } as const;
    const [better, worse] = [pairedTest(good, poor, options), pairedTest(poor, good, options)];
    expect([better.verdict, worse.verdict]).toEqual(['better', 'worse']);
    expect(better.difference.low).toBeGreaterThan(0);
    expect(better.difference.mean).toBeCloseTo(poor.metrics()['rmse']! - good.metrics()['rmse']!, 12);
    expect(worse.difference.high).toBeCloseTo(-better.difference.low, 12);
    const champion = { version: '1.0.0', artifact: `sha256:${'0'.repeat(64)}`, metrics: {}, ...better };
    expect(evaluationReport.shape.champion.parse(champion)).toEqual(champion);
  });

  it('finds no difference between a model and itself', () => {
    const same = scored(300, 1, 2);
    expect(pairedTest(same, same, { kind: 'classification', metric: 'roc_auc', seed: 1, resamples: 20 })).toEqual({
      ...{ test: 'mcnemar', statistic: 0, p_value: 1, verdict: 'no_difference' },
      difference: { metric: 'roc_auc', mean: 0, low: 0, high: 0 },
    });
  });

  it('leaves nothing to chance where every row differs alike', () => {
    const target = [1, 2, 3, 4];
    const met = numbers(target, target);
    const missed = numbers(
      target,
      target.map((value) => value + 1),
    );
    const found = pairedTest(missed, met, { kind: 'regression', metric: 'mae', seed: 1 });
    expect(found).toMatchObject({ statistic: -Number.MAX_VALUE, p_value: 0, verdict: 'worse' });
  });

  it('tells the difference in accuracy or RMSE where that of the metric is not defined', () => {
    const classes = pairedTest(labels([0, 1], [0, 1]), labels([0, 1], [0, 0]), {
      ...{ kind: 'classification', metric: 'roc_auc', seed: 1 },
    });
    expect(classes.difference).toMatchObject({ metric: 'accuracy', mean: 0.5 });
    const values = pairedTest(numbers([2], [2]), numbers([2], [3]), { kind: 'regression', metric: 'r2', seed: 1 });
    expect(values.difference).toEqual({ metric: 'rmse', mean: 1, low: 1, high: 1 });
  });

  it('is of the same rows', () => {
    const options = { kind: 'regression', metric: 'r2', seed: 1 } as const;
    expect(() => pairedTest(numbers([1, 2], [1, 2]), numbers([1], [1]), options)).toThrow('champion has 1 rows');
  });
});

describe('bootstrap intervals', () => {
  it('are there for every metric, and the same for the same seed', () => {
    const rows = scored(200, 1, 1);
    const intervals = bootstrapIntervals(rows, { seed: 4, resamples: 60 });
    expect(Object.keys(intervals).sort()).toEqual(Object.keys(rows.metrics()).sort());
    // A resample is worse calibrated than the rows themselves: that interval lies above its figure.
    for (const [name, value] of Object.entries(rows.metrics()).filter(([each]) => each !== 'ece')) {
      expect(intervals[name]!.low).toBeLessThan(value);
      expect(intervals[name]!.high).toBeGreaterThan(value);
    }
    expect(bootstrapIntervals(rows, { seed: 4, resamples: 60 })).toEqual(intervals);
    expect(bootstrapIntervals(rows, { seed: 5, resamples: 60 })).not.toEqual(intervals);
  });

  it('hold the truth about as often as they say', () => {
    // Accuracy of a coin with chance 0.7: 100 samples of 60 rows; 95 % less three standard errors is 0.885.
    const random = new Random(17);
    let held = 0;
    for (let sample = 0; sample < 100; sample++) {
      const predicted = Array.from({ length: 60 }, () => Number(random.float() < 0.7));
      const rows = labels(new Array<number>(60).fill(1), predicted);
      const { low, high } = bootstrapIntervals(rows, { seed: sample, resamples: 100 })['accuracy']!;
      if (low <= 0.7 && high >= 0.7) held++;
    }
    expect(held).toBeGreaterThan(88);
    expect(held).toBeLessThan(100);
  });

  it('of a sample of many rows are as wide as those of all', () => {
    const rows = scored(1000, 1, 6);
    const [all, some] = [1000, 250].map(
      (mostRows) => bootstrapIntervals(rows, { seed: 2, mostRows, resamples: 60 })['roc_auc']!,
    );
    const ratio = (some!.high - some!.low) / (all!.high - all!.low);
    expect(ratio).toBeGreaterThan(0.7);
    expect(ratio).toBeLessThan(1.4);
    expect(some!.low).toBeLessThan(rows.metrics()['roc_auc']!);
    expect(some!.high).toBeGreaterThan(rows.metrics()['roc_auc']!);
  });

  it('are left out where a resample may leave the metric undefined', () => {
    const intervals = bootstrapIntervals(labels([0, 0, 0, 1], [0, 0, 1, 1]), { seed: 1 });
    expect(Object.keys(intervals)).toContain('accuracy');
    expect(Object.keys(intervals)).not.toContain('recall');
  });
});

describe('slices', () => {
  const rowsOf = (length: number) => Int32Array.from({ length }, (_, row) => row);
  const named = (column: TableColumn, rows: Int32Array, options = {}) =>
    sliceRows(column, rows, options).map((each) => [each.slice, each.rows.length]);

  it('by category: the most frequent with enough rows, and the missing', () => {
    const codes = Int32Array.from({ length: 100 }, (_, row) => (row < 40 ? 1 : row < 75 ? 0 : row < 98 ? -1 : 2));
    const column: TableColumn = { name: 'country', type: 'category', codes, dictionary: ['DE', 'FR', 'IT'] };
    expect(named(column, rowsOf(100))).toEqual([
      ['country=FR', 40],
      ['country=DE', 35],
    ]);
    expect(named(column, rowsOf(100), { top: 1, minRows: 2 })).toEqual([
      ['country=FR', 40],
      ['country is missing', 23],
    ]);
  });

  it('has names of at most 256 characters, none of which is half of one', () => {
    const dictionary = [`${'x'.repeat(253)}\u{1f600}`];
    const column: TableColumn = { name: 'k', type: 'text', codes: new Int32Array(1), dictionary };
    const [cut] = sliceRows(column, rowsOf(1), { minRows: 1 });
    expect(cut!.slice).toBe(`k=${'x'.repeat(253)}\ufffd`);
  });

  it('gives positions in the rows that were measured', () => {
    const column: TableColumn = {
      ...{ name: 'k', type: 'category', codes: Int32Array.of(0, 1, 0, 1, 0), dictionary: ['a', 'b'] },
    };
    const slices = sliceRows(column, Int32Array.of(1, 2, 4), { minRows: 1 });
    expect(slices.map(({ slice, rows }) => [slice, [...rows]])).toEqual([
      ['k=a', [1, 2]],
      ['k=b', [0]],
    ]);
  });

  it('by the quartiles of numbers', () => {
    const values = Float64Array.from({ length: 101 }, (_, row) => (row === 100 ? NaN : row + 1));
    expect(named({ name: 'age', type: 'numeric', values }, rowsOf(101), { minRows: 1 })).toEqual([
      ['age<=25', 25],
      ['25<age<=50', 25],
      ['50<age<=75', 25],
      ['age>75', 25],
      ['age is missing', 1],
    ]);
  });

  it('by fewer parts where quartiles are equal, and by none where all numbers are', () => {
    const values = Float64Array.from({ length: 100 }, (_, row) => (row < 80 ? 0 : 1));
    expect(named({ name: 'n', type: 'integer', values }, rowsOf(100), { minRows: 1 })).toEqual([
      ['n<=0', 80],
      ['n>0', 20],
    ]);
    expect(named({ name: 'n', type: 'integer', values: new Float64Array(100) }, rowsOf(100))).toEqual([]);
  });

  it('by true and false, and times as they are written', () => {
    const values = Float64Array.of(0, 1, 1, NaN);
    expect(named({ name: 'paid', type: 'boolean', values }, rowsOf(4), { minRows: 1 })).toEqual([
      ['paid=true', 2],
      ['paid=false', 1],
      ['paid is missing', 1],
    ]);
    const at = Float64Array.of(0, 1000, 2000, 3000);
    expect(named({ name: 'at', type: 'timestamp', values: at }, rowsOf(4), { minRows: 1 })[0]).toEqual([
      'at<=1970-01-01T00:00:00.000Z',
      1,
    ]);
  });
});

describe('permutation importance', () => {
  it('is the fall of the score, of what the target rests on alone', async () => {
    const random = new Random(9);
    const columns = ['used', 'unused'].map((name) => ({
      name,
      values: Float64Array.from({ length: 500 }, () => random.normal()),
    }));
    const target = columns[0]!.values;
    const score = (predicted: Float64Array) => numbers(target, predicted).metrics()['r2']!;
    const orders: string[] = [];
    const measure = (seed: number) =>
      permutationImportance({
        ...{ columns: columns.map(({ name }) => name), rows: 500, score: 1, seed, repeats: 3 },
        scoreShuffled: (column, order) => {
          expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, row) => row));
          orders.push(order.slice(0, 5).join());
          const shuffled = column === 'used' ? target.map((_, row) => target[order[row]!]!) : target;
          return Promise.resolve(score(shuffled));
        },
      });
    const importances = await measure(1);
    // R² of a shuffled standard normal against itself is about −1.
    expect(importances['used']!.mean).toBeCloseTo(2, 0);
    expect(importances['used']!.sd).toBeGreaterThan(0);
    expect(importances['unused']).toEqual({ mean: 0, sd: 0 });
    expect(new Set(orders).size).toBe(6);
    expect(await measure(1)).toEqual(importances);
    expect(await measure(2)).not.toEqual(importances);
  });
});
