import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ParameterRange, SearchSpaces } from '#libs/contracts/index.js';
import { Random } from '../random.js';
import { drawn, keyOf, sizeOf, subspacesOf, unitOf, valueAt } from './space.js';

const int = (low: number, high: number, log = false): ParameterRange => ({ int: [low, high], log });
const float = (low: number, high: number, log = false): ParameterRange => ({ float: [low, high], log });

const all = (spaces: SearchSpaces, seed: number, count: number) =>
  Array.from({ length: count }, (_, number) => drawn(subspacesOf(spaces), seed, number));

describe('values', () => {
  it('of a range cover it and nothing else', () => {
    const bounds = fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 0, max: 1000 }));
    fc.assert(
      fc.property(
        bounds,
        fc.boolean(),
        fc.boolean(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (ends, log, whole, unit) => {
          const [low, high] = [ends[0], ends[0] + ends[1]];
          const range = whole ? int(low, high, log) : float(low, high, log);
          const value = valueAt(range, unit) as number;
          expect(value).toBeGreaterThanOrEqual(low);
          expect(value).toBeLessThanOrEqual(high);
          if (whole) expect(Number.isInteger(value)).toBe(true);
          expect([valueAt(range, 0), valueAt(range, 1)]).toEqual([low, high]);
        },
      ),
    );
  });

  it('lie where they came from', () => {
    for (const range of [int(1, 200), int(1, 200, true), float(-3, 7), float(1e-4, 100, true)]) {
      for (const unit of [0.05, 0.31, 0.5, 0.77, 0.99]) {
        const value = valueAt(range, unit);
        expect(valueAt(range, unitOf(range as never, value as number))).toBe(value);
      }
    }
  });

  it('of whole numbers are as likely at the ends as inside, and of a log range over magnitudes', () => {
    const random = new Random(1);
    const share = (range: ParameterRange, within: (value: number) => boolean): number => {
      const draws = Array.from({ length: 20_000 }, () => valueAt(range, random.float()) as number);
      return draws.filter(within).length / draws.length;
    };
    for (const end of [1, 4]) expect(share(int(1, 4), (value) => value === end)).toBeCloseTo(0.25, 1.5);
    expect(share(float(0.001, 10, true), (value) => value < 0.01)).toBeCloseTo(0.25, 1.5);
    expect(share(float(0, 10), (value) => value < 1)).toBeCloseTo(0.1, 1.5);
  });
});

describe('draws', () => {
  const mixed: SearchSpaces = {
    random_forest: { max_features: { choice: ['sqrt', 0.5] }, min_samples_leaf: int(1, 3) },
    logistic_regression: { l2: float(0.001, 10, true) },
    gradient_boosting: { max_leaves: { choice: [7, 31] } },
  };

  it('take turns among the algorithms, and give each configuration of a space that can be counted once', () => {
    const configurations = all(mixed, 7, 60).map((one) => one!);
    expect(new Set(configurations.slice(0, 3).map(({ algorithm }) => algorithm)).size).toBe(3);
    expect(new Set(configurations.map(keyOf)).size).toBe(60);
    const drawnOf = (name: string) => configurations.filter(({ algorithm }) => algorithm === name);
    expect(drawnOf('random_forest')).toHaveLength(6);
    expect(drawnOf('gradient_boosting')).toHaveLength(2);
  });

  it('end with the last configuration', () => {
    const counted: SearchSpaces = { random_forest: mixed.random_forest!, gradient_boosting: mixed.gradient_boosting! };
    expect(sizeOf(subspacesOf(counted))).toBe(8);
    const configurations = all(counted, 3, 9);
    expect(new Set(configurations.slice(0, 8).map((one) => keyOf(one!))).size).toBe(8);
    expect(configurations[8]).toBeNull();
  });

  it('are the same whatever the order of the keys, and others with another seed', () => {
    const reordered = Object.fromEntries(
      Object.entries(mixed)
        .reverse()
        .map(([name, space]) => [name, Object.fromEntries(Object.entries(space).reverse())]),
    );
    expect(all(reordered, 7, 20)).toEqual(all(mixed, 7, 20));
    expect(all(mixed, 8, 20)).not.toEqual(all(mixed, 7, 20));
  });

  it('have one configuration where nothing is to be chosen', () => {
    expect(all({ linear_regression: {}, random_forest: { max_depth: float(3, 3) } }, 1, 3)).toEqual([
      { algorithm: 'linear_regression', hyperparameters: {} },
      { algorithm: 'random_forest', hyperparameters: { max_depth: 3 } },
      null,
    ]);
  });
});
