import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { categoricalColumn, closeTo, numericColumn, windowOf } from './testing/columns.js';
import { driftTestNamed, driftTests } from './registry.js';
import type { TestOutcome } from './test.js';

interface Fixture {
  readonly tables: readonly (Readonly<
    Record<'reference' | 'window' | 'g_test' | 'chi_square' | 'chi_square_goodness', number[]>
  > & {
    readonly jensen_shannon: number;
  })[];
  readonly samples: readonly (Readonly<
    Record<'reference' | 'window' | 'ks' | 'cramer_von_mises' | 'mann_whitney', number[]>
  > &
    Readonly<Record<'wasserstein' | 'energy', number>>)[];
}
const { tables, samples } = JSON.parse(
  readFileSync(new URL('../../../tests/fixtures/statistics/drift.json', import.meta.url), 'utf8'),
) as Fixture;

const plain = { seed: 7, permutations: 0 };

function tested(outcome: TestOutcome) {
  if (!outcome.enough) throw new Error(outcome.reason);
  return outcome;
}

describe('tests of counts are SciPy’s', () => {
  it.each(tables)('%#', (table) => {
    const reference = categoricalColumn('x', table.reference);
    const window = windowOf(reference, table.window);
    for (const name of ['g_test', 'chi_square', 'chi_square_goodness'] as const) {
      const { statistic, pValue, effect } = tested(driftTestNamed(name).run(reference, window, plain));
      closeTo(statistic, table[name][0]!, 1e-12);
      closeTo(pValue!, table[name][1]!, 1e-11, 0);
      const total = table.reference.reduce(
        (sum, count, bin) => sum + Math.abs(count / 3000 - table.window[bin]! / 1000),
        0,
      );
      closeTo(effect, total / 2, 1e-12);
    }
    closeTo(
      tested(driftTestNamed('jensen_shannon').run(reference, window, plain)).statistic,
      table.jensen_shannon,
      1e-12,
    );
  });

  it('the Z test is χ² without its sign, and takes the first value with a row', () => {
    const reference = categoricalColumn('x', [0, 400, 600]);
    const { statistic, pValue } = tested(
      driftTestNamed('z_proportions').run(reference, windowOf(reference, [0, 50, 50]), plain),
    );
    const chi = tested(driftTestNamed('chi_square').run(reference, windowOf(reference, [0, 50, 50]), plain));
    closeTo(statistic ** 2, chi.statistic, 1e-12);
    closeTo(pValue!, chi.pValue!, 1e-11, 0);
  });
});

describe('tests of values are SciPy’s', () => {
  it.each(samples)('%#', (sample) => {
    const reference = numericColumn('x', sample.reference);
    const window = windowOf(reference, sample.window);
    for (const name of ['ks', 'cramer_von_mises', 'mann_whitney'] as const) {
      const { statistic, pValue, effect } = tested(driftTestNamed(name).run(reference, window, plain));
      closeTo(statistic, sample[name][0]!, 1e-12);
      closeTo(pValue!, sample[name][1]!, 1e-11, 0);
      closeTo(effect, sample.ks[0]!, 1e-12);
    }
    for (const name of ['wasserstein', 'energy'] as const) {
      closeTo(tested(driftTestNamed(name).run(reference, window, plain)).statistic, sample[name], 1e-12);
    }
  });
});

describe('every test', () => {
  const numeric = numericColumn('x', samples[0]!.reference);
  const categorical = categoricalColumn('x', [300, 200, 100, 0]);
  const columnFor = (name: string) => (driftTestNamed(name).reads === 'values' ? numeric : categorical);
  const names = [...driftTests.keys()];

  it.each(names)('%s finds nothing in the reference itself, and a window of something else', (name) => {
    const reference = columnFor(name);
    const context = { seed: 3, permutations: 199 };
    const same = tested(driftTestNamed(name).run(reference, reference, context));
    expect(same.pValue).toBeGreaterThan(0.5);
    expect(same.effect).toBe(0);
    const other =
      reference === numeric
        ? windowOf(
            numeric,
            samples[0]!.window.map((value) => value + 2),
          )
        : windowOf(categorical, [10, 20, 70, 0]);
    const moved = tested(driftTestNamed(name).run(reference, other, context));
    expect(moved.pValue).toBeLessThan(0.005);
    expect(moved.effect).toBeGreaterThan(0.4);
  });

  it.each(names)('%s gives the same for the same seed', (name) => {
    const reference = columnFor(name);
    const window =
      reference === numeric ? windowOf(numeric, samples[0]!.window) : windowOf(categorical, [30, 20, 15, 1]);
    const run = () => driftTestNamed(name).run(reference, window, { seed: 11, permutations: 99 });
    expect(run()).toEqual(run());
  });

  it.each(names)('%s says so where there is too little', (name) => {
    const reference = columnFor(name);
    const few =
      reference === numeric ? windowOf(numeric, samples[0]!.window.slice(0, 29)) : windowOf(categorical, [9, 20, 0, 0]);
    const outcome = { enough: false, reason: 'window has 29 rows with a value, expected 30 or more' };
    expect(driftTestNamed(name).run(reference, few, plain)).toEqual(outcome);
    const none = windowOf(reference, reference === numeric ? [] : [0, 0, 0, 0]);
    expect(driftTestNamed(name).run(reference, none, plain)).toMatchObject({ enough: false });
  });

  it.each(names)('%s takes a column of one value', (name) => {
    const constant =
      driftTestNamed(name).reads === 'values' ? numericColumn('x', Array(40).fill(2)) : categoricalColumn('x', [0, 40]);
    const { pValue, effect, statistic } = tested(
      driftTestNamed(name).run(constant, constant, { seed: 1, permutations: 99 }),
    );
    expect([pValue, effect]).toEqual([1, 0]);
    expect(Number.isFinite(statistic)).toBe(true);
  });
});

describe('tests of values hold at any size of their unit', () => {
  const { reference, window } = samples[1]!;
  const outcomeOf = (name: string, unit: number) =>
    tested(
      driftTestNamed(name).run(
        numericColumn(
          'x',
          reference.map((value) => value * unit),
        ),
        windowOf(
          numericColumn(
            'x',
            reference.map((value) => value * unit),
          ),
          window.map((value) => value * unit),
        ),
        { seed: 5, permutations: 99 },
      ),
    );

  it.each([...driftTests.values()].filter(({ reads }) => reads === 'values').map(({ name }) => name))('%s', (name) => {
    const usual = outcomeOf(name, 1);
    for (const unit of [2 ** -1000, 2 ** 600, 2 ** 1020]) {
      const { statistic, pValue, effect } = outcomeOf(name, unit);
      // Below a thousandth of a unit Wasserstein's deviation is that, as Evidently has it.
      if (name !== 'wasserstein' || unit > 1) closeTo(pValue!, usual.pValue!, 1e-6, 0);
      expect([Number.isFinite(statistic), effect]).toEqual([true, usual.effect]);
    }
  });

  it('an area beyond float64 is the largest number', () => {
    const far = numericColumn('x', Array<number>(40).fill(-Number.MAX_VALUE));
    const { statistic } = tested(
      driftTestNamed('energy').run(far, windowOf(far, Array<number>(40).fill(Number.MAX_VALUE)), plain),
    );
    expect(statistic).toBe(Number.MAX_VALUE);
  });
});

describe('where Pearson’s p-value fails', () => {
  /** Exact chance that the window has `least` or more of the 30 rows of a rare category, all 6,000 rows being given. */
  const exact = (least: number): number => {
    let sum = 0;
    for (let x = least; x <= 30; x++) sum += Math.exp(logHypergeometric(x));
    return sum;
  };
  const logFactorial = (n: number): number => {
    let sum = 0;
    for (let k = 2; k <= n; k++) sum += Math.log(k);
    return sum;
  };
  const logChoose = (n: number, k: number): number => logFactorial(n) - logFactorial(k) - logFactorial(n - k);
  const logHypergeometric = (x: number): number => logChoose(30, x) + logChoose(5970, 1000 - x) - logChoose(6000, 1000);

  it('the G test’s stays near the truth for 5 expected rows', () => {
    const reference = categoricalColumn('x', [4988, 12]);
    const window = windowOf(reference, [982, 18]);
    const truth = exact(18);
    const g = tested(driftTestNamed('g_test').run(reference, window, plain)).pValue!;
    const pearson = tested(driftTestNamed('chi_square').run(reference, window, plain)).pValue!;
    expect(g / truth).toBeGreaterThan(0.5);
    expect(g / truth).toBeLessThan(10);
    expect(truth / pearson).toBeGreaterThan(20);
  });

  it('rare categories are pooled', () => {
    const reference = categoricalColumn('x', [900, 90, ...Array<number>(10).fill(1)]);
    const window = windowOf(reference, [90, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    const { pValue } = tested(driftTestNamed('g_test').run(reference, window, plain));
    expect(pValue).toBeGreaterThan(0.9);
  });
});

it('names that do not exist', () => {
  expect(() => driftTestNamed('chi2', 'tests.amount')).toThrow(
    /^tests\.amount: expected one of ks, g_test, .*, got "chi2"$/,
  );
});
