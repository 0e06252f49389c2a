import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ValidationPlan } from '#libs/contracts/index.js';
import { Random } from '../random.js';
import { crossFolds } from './cross-folds.js';
import { holdOut } from './hold-out.js';
import type { RowSplit, SplitInput } from './plan.js';

type Kind = ValidationPlan['split'];

const planOf = (split: Kind, test_size = 0.2, cv_folds = 5): ValidationPlan => ({
  ...{ test_size, cv_folds, split, by: null },
});

function valueOf<T>(result: { ok: true; value: T } | { ok: false; rejection: { detail: string } }): T {
  if (!result.ok) throw new Error(result.rejection.detail);
  return result.value;
}

const detailOf = (result: { ok: boolean; rejection?: { detail: string } }): string | undefined =>
  result.rejection?.detail;

/** Rows of three classes, 20 groups and 40 times. */
function inputOf(split: Kind, given: Partial<SplitInput> = {}): SplitInput {
  const random = new Random(1);
  const rows = given.rows ?? 200;
  return {
    rows,
    target: Float64Array.from({ length: rows }, () => Math.min(random.below(6), 2)),
    classes: 3,
    plan: planOf(split),
    group: Int32Array.from({ length: rows }, () => random.below(20) - 1),
    time: Float64Array.from({ length: rows }, () => random.below(40)),
    seed: 7,
    ...given,
  };
}

const all: readonly Kind[] = ['random', 'stratified', 'grouped', 'time'];

function expectParted({ train, test }: RowSplit, rows: number): void {
  expect([...train].every((row, at) => at === 0 || row > train[at - 1]!)).toBe(true);
  expect([...test].every((row, at) => at === 0 || row > test[at - 1]!)).toBe(true);
  expect([...train, ...test].sort((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, row) => row));
  expect(Math.min(train.length, test.length)).toBeGreaterThan(0);
}

const countOf = (rows: Int32Array, target: ArrayLike<number>, index: number): number =>
  rows.filter((row) => target[row] === index).length;

describe('hold-out', () => {
  it.each(all)('%s: every row once, ascending, about the share, the same for the same seed', (split) => {
    const found = valueOf(holdOut(inputOf(split)));
    expectParted(found, 200);
    expect(Math.abs(found.test.length - 40)).toBeLessThanOrEqual(split === 'random' || split === 'stratified' ? 0 : 6);
    expect(valueOf(holdOut(inputOf(split)))).toEqual(found);
    const other = valueOf(holdOut(inputOf(split, { seed: 8 })));
    if (split === 'time') expect(other).toEqual(found);
    else expect(other).not.toEqual(found);
  });

  it('stratified: the share of every class, and each on both sides', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 2, max: 60 }), { minLength: 2, maxLength: 6 }),
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        fc.nat(1000),
        (sizes, share, seed) => {
          const target = Float64Array.from(sizes.flatMap((size, index) => new Array<number>(size).fill(index)));
          const input = { rows: target.length, target, classes: sizes.length, plan: planOf('stratified', share), seed };
          const found = valueOf(holdOut(input));
          expectParted(found, target.length);
          for (const [index, size] of sizes.entries()) {
            const held = countOf(found.test, target, index);
            expect(held).toBeGreaterThanOrEqual(1);
            expect(held).toBeLessThanOrEqual(size - 1);
            // One row of rounding, and one where other classes have no row to give.
            expect(Math.abs(held - size * share)).toBeLessThanOrEqual(2);
          }
        },
      ),
    );
  });

  it('grouped: no group on both sides', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1, max: 8 }), { minLength: 4, maxLength: 60 }),
        fc.nat(99),
        (codes, seed) => {
          fc.pre(new Set(codes).size > 1);
          const group = Int32Array.from(codes);
          const found = valueOf(holdOut(inputOf('grouped', { rows: group.length, group, seed })));
          expectParted(found, group.length);
          const held = new Set([...found.test].map((row) => group[row]));
          expect([...found.train].some((row) => held.has(group[row]))).toBe(false);
        },
      ),
    );
  });

  it('time: all of training is earlier than all that is held out, equal times on one side', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 2, maxLength: 60 }), (times) => {
        fc.pre(new Set(times).size > 1);
        const time = Float64Array.from(times);
        const found = valueOf(holdOut(inputOf('time', { rows: time.length, time })));
        expectParted(found, time.length);
        const latest = Math.max(...[...found.train].map((row) => time[row]!));
        expect([...found.test].every((row) => time[row]! > latest)).toBe(true);
      }),
    );
  });

  it('time: cuts where it is nearest to the share', () => {
    const time = Float64Array.from([1, 1, 1, 1, 1, 1, 1, 2, 2, 3]);
    const found = valueOf(holdOut(inputOf('time', { rows: 10, time })));
    expect([...found.test]).toEqual([7, 8, 9]);
  });

  it.each<[Kind, Partial<SplitInput>, detail: string]>([
    ['random', { rows: 1 }, 'validation.test_size: there are 1 rows, expected at least 2'],
    [
      'stratified',
      { rows: 5, target: Float64Array.of(0, 0, 0, 1, 0), classes: 2 },
      'target: class 1 has a single row, expected at least 2 in a stratified split',
    ],
    ['stratified', { classes: 0 }, 'validation.split: stratified needs classes, and the target has none'],
    ['grouped', { group: new Int32Array(200) }, 'validation.by: there are 1 groups, expected at least 2'],
    ['grouped', { group: undefined }, 'validation.split: grouped needs a group for each row'],
    [
      'time',
      { time: new Float64Array(200).fill(3) },
      'validation.by: all times are equal, expected at least 2 different times',
    ],
    [
      'time',
      { time: new Float64Array(200).fill(NaN, 0, 3) },
      'validation.by: 3 of 200 rows have no time, expected one for each',
    ],
    ['time', { time: undefined }, 'validation.split: time needs a time for each row'],
  ])('%s refuses %o', (split, given, detail) => {
    expect(detailOf(holdOut(inputOf(split, given)))).toBe(detail);
  });
});

describe('cross-validation', () => {
  it.each(['random', 'stratified', 'grouped'] as const)('%s: every row is tested once', (split) => {
    const folds = valueOf(crossFolds(inputOf(split)));
    expect(folds).toHaveLength(5);
    for (const fold of folds) expectParted(fold, 200);
    const tested = folds.flatMap(({ test }) => [...test]).sort((a, b) => a - b);
    expect(tested).toEqual(Array.from({ length: 200 }, (_, row) => row));
    expect(valueOf(crossFolds(inputOf(split)))).toEqual(folds);
    expect(valueOf(crossFolds(inputOf(split, { seed: 8 })))).not.toEqual(folds);
  });

  it('stratified: folds and the classes in them differ by one row at most', () => {
    const input = inputOf('stratified', { rows: 203 });
    const folds = valueOf(crossFolds(input));
    const spread = (counts: readonly number[]) => Math.max(...counts) - Math.min(...counts);
    expect(spread(folds.map(({ test }) => test.length))).toBeLessThanOrEqual(1);
    for (const index of [0, 1, 2]) {
      expect(spread(folds.map(({ test }) => countOf(test, input.target, index)))).toBeLessThanOrEqual(1);
    }
  });

  it('grouped: no group in two folds, and folds of about as many rows', () => {
    const input = inputOf('grouped');
    const folds = valueOf(crossFolds(input));
    const foldsOfGroup = new Map<number, Set<number>>();
    for (const [fold, { test }] of folds.entries()) {
      for (const row of test) {
        const code = input.group![row]!;
        foldsOfGroup.set(code, (foldsOfGroup.get(code) ?? new Set()).add(fold));
      }
    }
    expect([...foldsOfGroup.values()].every(({ size }) => size === 1)).toBe(true);
    for (const { test } of folds) expect(Math.abs(test.length - 40)).toBeLessThanOrEqual(8);
  });

  it('time: each fold is tested on what is later than all it was trained on, and folds follow each other', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 5, maxLength: 80 }), (times) => {
        fc.pre(new Set(times).size > 3);
        const time = Float64Array.from(times);
        const plan = planOf('time', 0.2, 3);
        const folds = valueOf(crossFolds(inputOf('time', { rows: time.length, time, plan })));
        expect(folds).toHaveLength(3);
        let before = -Infinity;
        for (const { train, test } of folds) {
          const trained = [...train].map((row) => time[row]!);
          const tested = [...test].map((row) => time[row]!);
          expect(Math.max(...trained)).toBeLessThan(Math.min(...tested));
          expect(Math.min(...tested)).toBeGreaterThan(before);
          expect(trained.filter((at) => at <= before)).toHaveLength(times.filter((at) => at <= before).length);
          before = Math.max(...tested);
        }
        expect(before).toBe(Math.max(...times));
      }),
    );
  });

  it('time: stretches are about even', () => {
    const time = Float64Array.from({ length: 600 }, (_, row) => (row * 7) % 600);
    const folds = valueOf(crossFolds(inputOf('time', { rows: 600, time })));
    expect(folds.map(({ train, test }) => [train.length, test.length])).toEqual(
      [100, 200, 300, 400, 500].map((trained) => [trained, 100]),
    );
  });

  it.each<[Kind, Partial<SplitInput>, detail: string]>([
    ['random', { rows: 4 }, 'validation.cv_folds: there are 4 rows, expected at least 5'],
    [
      'grouped',
      { rows: 6, group: Int32Array.of(1, 1, 2, 2, 3, 3) },
      'validation.by: there are 3 groups, expected at least 5',
    ],
    [
      'time',
      { rows: 6, time: Float64Array.of(1, 2, 3, 4, 5, 5) },
      'validation.by: there are 5 different times, expected at least 6 different times',
    ],
    [
      'time',
      { rows: 6, time: new Float64Array(6) },
      'validation.by: all times are equal, expected at least 6 different times',
    ],
  ])('%s refuses %o', (split, given, detail) => {
    expect(detailOf(crossFolds(inputOf(split, given)))).toBe(detail);
  });
});
