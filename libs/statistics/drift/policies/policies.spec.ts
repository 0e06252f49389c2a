import { describe, expect, it } from '@jest/globals';
import type { ReferenceColumn } from '../../summary/column.js';
import { categoricalColumn, numericColumn, windowOf } from '../testing/columns.js';
import { Random } from '../../random.js';
import { alphaOf } from '../sequential.js';
import { calibratedPolicy, type CalibratedParameters } from './calibrated.js';
import { evidentlyPolicy } from './evidently.js';
import type { ComparedColumn, DriftPolicy } from './policy.js';
import { driftPolicy } from './registry.js';

const normals = (rows: number, seed: number, mean = 0): number[] => {
  const random = new Random(seed);
  return Array.from({ length: rows }, () => mean + random.normal());
};

const amount = numericColumn('amount', normals(2000, 1));
const age = numericColumn('age', normals(2000, 2));
const colour = categoricalColumn('colour', [1000, 700, 300, 0]);

const against = (reference: ReferenceColumn, cells: readonly number[]): ComparedColumn => ({
  reference,
  window: windowOf(reference, cells),
});

/** What the others are like when nothing drifts. */
const calm = [against(age, normals(500, 3)), against(colour, [250, 175, 75, 0])];
const drifting = [against(amount, normals(500, 4, 0.6)), ...calm];

const judged = (policy: DriftPolicy, columns: readonly ComparedColumn[], seed = 1) =>
  policy.judge(policy.initial, columns, seed).verdict;

describe('calibrated', () => {
  it('names the column that drifts, with its numbers', () => {
    const verdict = judged(calibratedPolicy(), drifting);
    expect(verdict).toMatchObject({ drifted: 'drift', testedColumns: 3, driftedColumns: 1, share: 1 / 3, window: 1 });
    expect(verdict.columns.map(({ column, test, drifted }) => [column, test, drifted])).toEqual([
      ['amount', 'ks', true],
      ['age', 'ks', false],
      ['colour', 'g_test', false],
    ]);
    const [drifted] = verdict.columns;
    expect(drifted!.adjustedP).toBeCloseTo(drifted!.pValue! * 3, 12);
    expect(drifted).toMatchObject({ threshold: alphaOf(1, 0.05), effectThreshold: 0.1, reason: null });
  });

  it('needs the effect as well as the p-value, by column', () => {
    const bars = (parameters: CalibratedParameters) => judged(calibratedPolicy(parameters), drifting).drifted;
    expect(bars({ effect: 0.5 })).toBe('no_drift');
    expect(bars({ effect: 0.5, thresholds: { amount: 0.2 } })).toBe('drift');
    expect(bars({ thresholds: { amount: 0.5 } })).toBe('no_drift');
    expect(judged(calibratedPolicy({ effect: 0 }), calm).drifted).toBe('no_drift');
  });

  it('spends its error rate over the windows it judges', () => {
    const policy = calibratedPolicy();
    let state = policy.initial;
    const levels = [calm, [against(amount, [1, 2])], drifting, calm].map((columns) => {
      const next = policy.judge(state, columns, 1);
      state = JSON.parse(JSON.stringify(next.state)) as typeof state;
      return [next.verdict.window, next.verdict.level, next.verdict.drifted];
    });
    expect(levels).toEqual([
      [1, alphaOf(1, 0.05), 'no_drift'],
      [null, null, 'not_enough_evidence'],
      [2, alphaOf(2, 0.05), 'drift'],
      [3, alphaOf(3, 0.05), 'no_drift'],
    ]);
    expect(state).toEqual({ windows: 3 });
  });

  it('a column with too few rows is left out, and said so', () => {
    const verdict = judged(calibratedPolicy(), [against(amount, normals(29, 4, 3)), ...calm]);
    expect(verdict).toMatchObject({ drifted: 'no_drift', testedColumns: 2, share: 0 });
    expect(verdict.columns[0]).toMatchObject({
      ...{ drifted: 'not_enough_evidence', reason: 'window has 29 rows with a value, expected 30 or more' },
      ...{ statistic: null, pValue: null, adjustedP: null, effect: null },
    });
  });

  it.each(['wasserstein', 'psi', 'hellinger', 'total_variation', 'energy', 'anderson_darling', 'mmd'])(
    'by permutations of %s finds drift that survives the correction, also in window 300',
    (test) => {
      const policy = calibratedPolicy({ tests: { amount: test }, permutations: 199 });
      const { verdict } = policy.judge({ windows: 299 }, drifting, 5);
      expect(verdict.columns[0]).toMatchObject({ test, drifted: true, pValueBy: 'permutation_tail' });
    },
  );

  it('draws by seed and column, not by what other columns there are', () => {
    const policy = calibratedPolicy({ tests: { amount: 'psi', colour: 'psi' }, permutations: 199 });
    const near = [against(amount, normals(500, 9, 0.05)), ...calm];
    expect(judged(policy, near)).toEqual(judged(policy, near));
    const own = (columns: readonly ComparedColumn[], seed: number) => judged(policy, columns, seed).columns[0]!.pValue;
    expect(own(near.slice(0, 1), 1)).toBe(own(near, 1));
    expect(new Set([1, 2, 3, 4].map((seed) => own(near, seed))).size).toBeGreaterThan(1);
  });

  it('compares a numeric column of few values value by value', () => {
    const grade = numericColumn(
      'grade',
      [...Array(400).keys()].map((row) => row % 4),
    );
    const verdict = judged(calibratedPolicy(), [
      against(
        grade,
        [...Array(100).keys()].map((row) => row % 4),
      ),
    ]);
    expect(verdict.columns[0]).toMatchObject({ test: 'g_test', drifted: false, effect: 0 });
  });

  it.each<[CalibratedParameters, string]>([
    [{ errorRate: 0 }, 'errorRate: expected between 0 and 1, got 0'],
    [{ effect: 1.2 }, 'effect: expected from 0 to 1, got 1.2'],
    [{ permutations: 50 }, 'permutations: expected from 99 to 1000000, got 50'],
    [{ permutations: 99.5 }, 'permutations: expected a whole number, got 99.5'],
    [{ correction: 'fdr' as 'holm' }, 'correction: expected one of benjamini_hochberg, holm, bonferroni, got "fdr"'],
    [{ tests: { amount: 'kss' } }, 'tests.amount: expected one of ks, '],
    [{ thresholds: { amount: NaN } }, 'thresholds.amount: expected from 0 to 1, got NaN'],
  ])('refuses %j', (parameters, message) => {
    expect(() => calibratedPolicy(parameters)).toThrow(message);
  });

  it('refuses columns that are not there, and tests that do not fit', () => {
    const columns = [amount, colour];
    expect(() => {
      calibratedPolicy({ thresholds: { price: 0.2 } }).check(columns);
    }).toThrow('thresholds.price: expected a column of the reference');
    const misfit = calibratedPolicy({ tests: { colour: 'ks' } });
    expect(() => {
      misfit.check(columns);
    }).toThrow('tests.colour: expected a test of categorical columns, got ks');
    expect(() => judged(misfit, calm)).toThrow('tests.colour');
    expect(() => {
      calibratedPolicy({ tests: { amount: 'psi', colour: 'chi_square' } }).check(columns);
    }).not.toThrow();
  });
});

describe('evidently', () => {
  const small = {
    amount: numericColumn('amount', normals(800, 1)),
    colour: categoricalColumn('colour', [400, 300, 100, 0]),
  };
  const grade = (rows: number, values: number) =>
    numericColumn(
      'grade',
      [...Array(rows).keys()].map((row) => row % values),
    );
  const flag = (rows: number) => categoricalColumn('flag', [rows / 2, rows / 2, 0]);

  it.each([
    ['ks', small.amount, normals(100, 2)],
    ['wasserstein', amount, normals(100, 2)],
    ['chi_square_goodness', small.colour, [40, 30, 10, 0]],
    ['jensen_shannon', colour, [40, 30, 10, 0]],
    ['z_proportions', flag(1000), [50, 50, 0]],
    ['chi_square_goodness', flag(1000), [50, 49, 1]],
    ['jensen_shannon', flag(1002), [50, 50, 0]],
    ['chi_square_goodness', grade(1000, 5), [...Array(50).keys()].map((row) => row % 5)],
    ['ks', grade(1000, 5), [...Array(60).keys()].map((row) => row % 6)],
    ['ks', grade(1000, 6), [...Array(60).keys()].map((row) => row % 6)],
    ['jensen_shannon', grade(1001, 5), [...Array(50).keys()].map((row) => row % 5)],
  ] as const)('takes %s', (test, reference, cells) => {
    expect(judged(evidentlyPolicy(), [against(reference, cells)]).columns[0]).toMatchObject({ test });
  });

  it('the data set drifts where half of its columns do', () => {
    const verdict = judged(evidentlyPolicy(), drifting);
    expect(verdict).toMatchObject({ drifted: 'no_drift', driftedColumns: 1, shareThreshold: 0.5, level: null });
    expect(judged(evidentlyPolicy(), drifting.slice(0, 2)).drifted).toBe('drift');
    expect(judged(evidentlyPolicy({ driftShare: 0.3 }), drifting).drifted).toBe('drift');
    expect(judged(evidentlyPolicy({ driftShare: 0.3, thresholds: { amount: 2 } }), drifting).drifted).toBe('no_drift');
    expect(judged(evidentlyPolicy(), [against(amount, [])]).drifted).toBe('not_enough_evidence');
  });
});

it('policies by name', () => {
  expect(driftPolicy({ name: 'calibrated', effect: 0.2 }).parameters).toMatchObject({ effect: 0.2, errorRate: 0.05 });
  expect(driftPolicy({ name: 'evidently' })).toMatchObject({ name: 'evidently', parameters: { driftShare: 0.5 } });
  expect(() => driftPolicy({ name: 'other' as 'evidently' })).toThrow('drift policy');
});
