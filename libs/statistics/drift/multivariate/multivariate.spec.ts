import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { closeTo } from '../testing/columns.js';
import { Random } from '../../random.js';
import { domainClassifier, rankSum } from './domain-classifier.js';
import { maximumMeanDiscrepancy } from './maximum-mean-discrepancy.js';
import { fitReconstruction, reconstructionError, type Reconstruction } from './reconstruction.js';
import { ridgeLogistic } from './ridge-logistic.js';
import type { Matrix, RowTable } from './rows.js';
import { symmetricEigen } from './symmetric-eigen.js';

type Frame = Readonly<Record<'a' | 'b' | 'c' | 'd', (number | null)[]>> & { readonly e: number[] };
interface Fixture {
  readonly mmd: {
    readonly reference: number[][];
    readonly window: number[][];
    readonly bandwidth: number;
    readonly statistic: number;
  };
  readonly eigen: { readonly matrix: number[]; readonly values: number[] };
  readonly logistic: {
    readonly x: number[];
    readonly width: number;
    readonly y: number[];
    readonly cases: readonly { readonly l2: number; readonly weights: number[] }[];
  };
  readonly reconstruction: {
    readonly reference: Frame;
    readonly analysis: Frame;
    readonly chunk_rows: number;
    readonly value: number[];
    readonly sampling_error: number[];
    readonly lower: number;
    readonly upper: number;
    readonly alert: boolean[];
  };
}
const fixture = JSON.parse(
  readFileSync(new URL('../../../../tests/fixtures/statistics/drift.json', import.meta.url), 'utf8'),
) as Fixture;

describe('eigenvalues of a symmetric matrix', () => {
  const { matrix, values } = fixture.eigen;
  const size = values.length;
  const found = symmetricEigen(Float64Array.from(matrix), size);

  it('are NumPy’s', () => {
    found.values.forEach((value, k) => {
      closeTo(value, values[k]!, 1e-12);
    });
  });

  it('and the vectors are theirs, orthonormal', () => {
    for (let k = 0; k < size; k++) {
      const own = found.vectors.subarray(k * size, (k + 1) * size);
      for (let i = 0; i < size; i++) {
        closeTo(
          own.reduce((sum, part, j) => sum + part * matrix[i * size + j]!, 0),
          found.values[k]! * own[i]!,
          1e-12,
        );
      }
      for (let l = 0; l < size; l++) {
        const other = found.vectors.subarray(l * size, (l + 1) * size);
        closeTo(
          own.reduce((sum, part, j) => sum + part * other[j]!, 0),
          k === l ? 1 : 0,
          1e-13,
        );
      }
    }
  });

  it('refuses what is not finite', () => {
    expect(() => symmetricEigen(Float64Array.of(1, NaN, NaN, 1), 2)).toThrow('matrix: expected finite values');
  });
});

describe('reconstruction', () => {
  const { reference, analysis, ...expected } = fixture.reconstruction;
  const fitted = fitReconstruction(tableOf(reference), { chunkRows: expected.chunk_rows });
  const windows = [0, 1, 2, 3].map((chunk) => rowsBetween(tableOf(analysis), chunk * 60, (chunk + 1) * 60));

  it('of reference chunks and windows is NannyML’s, to the alert', () => {
    closeTo(fitted.lower, expected.lower, 1e-9);
    closeTo(fitted.upper, expected.upper, 1e-9);
    const chunks = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((chunk) =>
      rowsBetween(tableOf(reference), chunk * 60, (chunk + 1) * 60),
    );
    [...chunks, ...windows].forEach((window, place) => {
      const { statistic, standardError, drifted } = reconstructionError(fitted, window);
      closeTo(statistic, expected.value[place]!, 1e-9);
      closeTo(standardError!, expected.sampling_error[place]!, 1e-9);
      expect(drifted).toBe(expected.alert[place]);
    });
    // Nothing but the correlation of two columns is another one in the last two.
    expect(expected.alert.slice(-4)).toEqual([false, false, true, true]);
  });

  it('is the same after JSON', () => {
    const restored = JSON.parse(JSON.stringify(fitted)) as Reconstruction;
    expect(reconstructionError(restored, windows[2]!)).toEqual(reconstructionError(fitted, windows[2]!));
  });

  it('constant columns are no reason to fail', () => {
    const table: RowTable = { x: numeric(Array<number>(60).fill(0.1)), y: numeric([...Array(60).keys()]) };
    const { statistic, drifted } = reconstructionError(fitReconstruction(table), table);
    expect(statistic).toBeLessThan(1e-6);
    // Whatever comes, all of it is kept: there is nothing to tell.
    expect(drifted).toBe(false);
    expect(
      reconstructionError(fitReconstruction(table), { ...table, y: numeric(Array<number>(60).fill(70)) }).drifted,
    ).toBe(false);
  });

  it('says what is wrong', () => {
    const short: RowTable = { x: numeric([1, 2, 3, 4, 5]) };
    expect(() => fitReconstruction(short)).toThrow('chunkRows: expected 2 to a third of the reference’s 5 rows, got 0');
    expect(() => fitReconstruction({})).toThrow('reference: expected at least one column');
    expect(() => fitReconstruction({ x: numeric([NaN, NaN]) }, { chunkRows: 2 })).toThrow('chunkRows');
    const empty: RowTable = { x: numeric(Array<number>(40).fill(NaN)) };
    expect(() => fitReconstruction(empty)).toThrow('reference.x: expected finite values, at least one');
    expect(() => fitReconstruction(tableOf(reference), { explained: 0 })).toThrow(
      'explained: expected above 0 up to 1, got 0',
    );
    const far = { x: numeric([...Array(40).keys()].map((row) => (row % 2 === 0 ? 1 : -1) * 1e308)) };
    expect(reconstructionError(fitReconstruction(far), far).drifted).toBe(false);
    const { a: _, ...without } = windows[0]!;
    expect(() => reconstructionError(fitted, without)).toThrow('window.a: expected a numeric column, got none');
    const infinite = { ...windows[0]!, a: numeric(Array<number>(60).fill(Infinity)) };
    expect(() => reconstructionError(fitted, infinite)).toThrow('window.a: expected finite values');
  });
});

describe('maximum mean discrepancy', () => {
  const { reference, window, bandwidth, statistic } = fixture.mmd;

  it('is the double sum over pairs, its bandwidth the median distance', () => {
    const found = maximumMeanDiscrepancy(matrixOf(reference), matrixOf(window), { seed: 1, permutations: 99 });
    closeTo(found.bandwidth, bandwidth, 1e-12);
    closeTo(found.statistic, statistic, 1e-12);
  });

  it('sees a correlation that no column shows, and nothing where there is nothing', () => {
    const random = new Random(8);
    const pairs = (rows: number, correlation: number) =>
      matrixOf(
        Array.from({ length: rows }, () => {
          const x = random.normal();
          return [x, correlation * x + Math.sqrt(1 - correlation ** 2) * random.normal()];
        }),
      );
    const options = { seed: 2, permutations: 199 };
    expect(maximumMeanDiscrepancy(pairs(400, 0.8), pairs(150, -0.8), options).pValue).toBeLessThan(1e-4);
    expect(maximumMeanDiscrepancy(pairs(400, 0.8), pairs(150, 0.8), options).pValue).toBeGreaterThan(0.05);
  });

  it('p-values without drift are uniform', () => {
    const random = new Random(9);
    const sample = () => matrixOf(Array.from({ length: 20 }, () => [random.normal(), random.normal()]));
    let [small, half] = [0, 0];
    for (let trial = 0; trial < 200; trial++) {
      const { pValue } = maximumMeanDiscrepancy(sample(), sample(), { seed: trial, permutations: 99 });
      if (pValue <= 0.1) small++;
      if (pValue <= 0.5) half++;
    }
    // Binomial of 20 and of 100: three standard deviations.
    expect(small).toBeLessThanOrEqual(33);
    expect(Math.abs(half - 100)).toBeLessThanOrEqual(22);
  });

  it('is of no unit', () => {
    const random = new Random(10);
    const cells = Array.from({ length: 60 }, () => [random.normal(), random.normal()]);
    const found = (unit: number, bandwidth?: number) => {
      const table = matrixOf(cells.map((row) => row.map((value) => value * unit)));
      const other = matrixOf(cells.map((row) => row.map((value) => (value + 1) * unit)));
      const options = { seed: 3, permutations: 99, ...(bandwidth === undefined ? {} : { bandwidth }) };
      return maximumMeanDiscrepancy(table, other, options);
    };
    const usual = found(1);
    for (const unit of [2 ** -900, 2 ** 1000]) {
      expect(found(unit)).toEqual({ ...usual, bandwidth: usual.bandwidth * unit });
      expect(found(unit, 0.5 * unit)).toEqual({ ...found(1, 0.5), bandwidth: 0.5 * unit });
    }
    expect(found(1, 1e-300).statistic).toBe(0);
    expect(() => found(1, 0)).toThrow('bandwidth: expected a finite number above 0, got 0');
  });

  it('says what is wrong', () => {
    const two = matrixOf([[1], [2]]);
    expect(() => maximumMeanDiscrepancy(two, matrixOf([[1]]), { seed: 1 })).toThrow(
      'window: expected 2 rows or more, got 1',
    );
    expect(() =>
      maximumMeanDiscrepancy(
        two,
        matrixOf([
          [1, 2],
          [3, 4],
        ]),
        { seed: 1 },
      ),
    ).toThrow('window: expected 1 columns');
    expect(() => maximumMeanDiscrepancy(two, matrixOf([[1], [NaN]]), { seed: 1 })).toThrow(
      'window: expected finite values',
    );
    expect(() => maximumMeanDiscrepancy(two, two, { seed: 1, permutations: 0 })).toThrow(
      'permutations: expected 1 or more, got 0',
    );
  });
});

describe('domain classifier', () => {
  const { x, width, y, cases } = fixture.logistic;

  it.each(cases)('its logistic regression is scikit-learn’s, penalty $l2', ({ l2, weights }) => {
    const matrix = { rows: y.length, width, values: Float64Array.from(x) };
    ridgeLogistic(matrix, Uint8Array.from(y), l2).forEach((weight, place) => {
      closeTo(weight, weights[place]!, 1e-9);
    });
  });

  it('counts pairs as Mann and Whitney do, ties for a half', () => {
    const { greater, pairs, variance } = rankSum({
      ofReference: Float64Array.of(1, 2, 2, 5),
      ofWindow: Float64Array.of(2, 3, 6),
    });
    // 2 is above 1 and ties twice, 3 is above three, 6 above all four; three values are tied.
    expect([greater, pairs]).toEqual([2 + 3 + 4, 12]);
    closeTo(variance, (12 / 12) * (8 - 24 / 42), 1e-12);
  });

  const tables = (seed: number, rows: number, drift: number) => {
    const random = new Random(seed);
    const make = (count: number, shift: number, spread: number): RowTable => ({
      p: numeric(Array.from({ length: count }, () => shift + random.normal())),
      q: numeric(Array.from({ length: count }, () => (random.below(20) === 0 ? NaN : spread * random.normal()))),
      r: { kind: 'categorical', codes: Int32Array.from({ length: count }, () => random.below(4) - 1) },
    });
    return [make(rows, 0, 1), make(Math.floor(rows / 2), drift, 1 + drift)] as const;
  };

  it('tells shifts and spreads, and says how sure it is', () => {
    const [reference, window] = tables(3, 400, 0.4);
    const found = domainClassifier(reference, window, { seed: 5 });
    expect(found.auc).toBeGreaterThan(0.6);
    expect(found.pValue).toBeLessThan(1e-5);
    expect(domainClassifier(reference, window, { seed: 5 })).toEqual(found);
  });

  it('without drift p-values are small as seldom as they say', () => {
    let [small, area] = [0, 0];
    const trials = 100;
    for (let trial = 0; trial < trials; trial++) {
      const { pValue, auc } = domainClassifier(...tables(100 + trial, 100, 0), { seed: trial });
      if (pValue <= 0.1) small++;
      area += auc / trials;
    }
    // Binomial of 10: three standard deviations above.
    expect(small).toBeLessThanOrEqual(19);
    expect(area).toBeLessThan(0.52);
    expect(area).toBeGreaterThan(0.48);
  });

  it('perfect separation and constant columns are no reason to fail', () => {
    const zero = { z: numeric(Array<number>(20).fill(1)), u: numeric(Array.from({ length: 20 }, (_, row) => row)) };
    const far = {
      z: numeric(Array<number>(20).fill(1)),
      u: numeric(Array.from({ length: 20 }, (_, row) => 1e6 + row)),
    };
    expect(domainClassifier(zero, far, { seed: 1 })).toMatchObject({ auc: 1 });
    const constant = { z: zero.z };
    expect(domainClassifier(constant, constant, { seed: 1 })).toEqual({ auc: 0.5, pValue: 0.5 });
  });

  it('says what is wrong', () => {
    const few = { u: numeric([1, 2, 3]) };
    const more = { u: numeric(Array.from({ length: 20 }, (_, row) => row)) };
    expect(() => domainClassifier(more, few, { seed: 1 })).toThrow('window: expected 10 rows or more, got 3');
    expect(() => domainClassifier(more, { v: more.u }, { seed: 1 })).toThrow(
      'window.v: expected a column of the reference',
    );
    expect(() => domainClassifier(more, more, { seed: 1, folds: 1 })).toThrow('folds: expected 2 or more, got 1');
  });
});

function numeric(values: readonly number[]) {
  return { kind: 'numeric', values: Float64Array.from(values) } as const;
}

function tableOf({ e, ...columns }: Frame): RowTable {
  const numbers = Object.entries(columns).map(
    ([name, values]) => [name, numeric(values.map((value) => value ?? NaN))] as const,
  );
  return { ...Object.fromEntries(numbers), e: { kind: 'categorical', codes: Int32Array.from(e) } };
}

function rowsBetween(table: RowTable, from: number, to: number): RowTable {
  return Object.fromEntries(
    Object.entries(table).map(([name, column]) => [
      name,
      column.kind === 'numeric'
        ? { ...column, values: column.values.slice(from, to) }
        : { ...column, codes: column.codes.slice(from, to) },
    ]),
  );
}

function matrixOf(rows: readonly (readonly number[])[]): Matrix {
  return { rows: rows.length, width: rows[0]!.length, values: Float64Array.from(rows.flat()) };
}
