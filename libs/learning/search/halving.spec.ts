import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SearchPlan, Trial } from '#libs/contracts/index.js';
import { promotedFrom, rungSizes, rungsOf } from './halving.js';

const planOf = (trials: number): SearchPlan => ({
  ...{ strategy: 'successive_halving', trials, lookback: 4, spaces: {}, time_limit_s: null },
});

describe('the rungs of successive halving', () => {
  it.each([
    [1, [1]],
    [3, [3]],
    [4, [3, 1]],
    [5, [4, 1]],
    [7, [5, 2]],
    [13, [9, 3, 1]],
    [20, [14, 5, 1]],
    [40, [27, 9, 3, 1]],
    [120, [81, 27, 9, 3]],
  ])('of %i trials', (trials, sizes) => {
    expect(rungSizes(trials)).toEqual(sizes);
  });

  it('use every trial, promote about a third, and end with all rows', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), (trials) => {
        const rungs = rungsOf(planOf(trials), Infinity);
        let first = 0;
        for (const [place, rung] of rungs.entries()) {
          expect(rung.first).toBe(first);
          first += rung.trials;
          if (rung.from === null) continue;
          expect(rung.from).toBe(rungs[place - 1]);
          expect(rung.budget).toBe(1 / Math.round(1 / (rung.from.budget * 3)));
          expect(rung.trials).toBeGreaterThan(rung.from.trials / 3 - 2);
          expect(rung.trials).toBeLessThan(rung.from.trials / 3 + 4);
          expect(rung.trials).toBeLessThan(rung.from.trials);
        }
        expect(first).toBe(trials);
        const last = rungs.filter((_, place) => (rungs[place + 1]?.from ?? null) === null);
        expect(last.every(({ budget }) => budget === 1)).toBe(true);
      }),
    );
  });

  it('cost what they should: a bracket of 40 trials takes the rows of 4 full ones', () => {
    const rows = rungsOf(planOf(40), Infinity).reduce((sum, { trials, budget }) => sum + trials * budget, 0);
    expect(rows).toBeCloseTo(4, 12);
  });

  it('come in brackets that hold at most 120 trials, one as many as another', () => {
    const drawn = rungsOf(planOf(250), Infinity).filter(({ from }) => from === null);
    expect(drawn.map(({ first }) => first)).toEqual([0, 83, 166]);
    expect(drawn.map(({ drawnBefore }) => drawnBefore)).toEqual([
      0,
      drawn[0]!.trials,
      drawn[0]!.trials + drawn[1]!.trials,
    ]);
  });

  it('draw no more configurations than there are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 60 }), (trials, most) => {
        const drawn = rungsOf(planOf(trials), most)
          .filter(({ from }) => from === null)
          .reduce((sum, rung) => sum + rung.trials, 0);
        expect(drawn).toBeLessThanOrEqual(most);
        expect(drawn).toBeGreaterThan(0);
      }),
    );
  });

  it('promote the best, of equal scores the first, and what failed last', () => {
    const trial = (index: number, score: number | null): Trial => ({
      ...{ index, algorithm: 'random_forest', hyperparameters: {}, budget: 1 / 3 },
      ...{ status: score === null ? 'failed' : 'completed', score, fold_scores: [], error: null, duration_s: 0 },
    });
    const rung = { first: 1, trials: 4, budget: 1 / 3, from: null, drawnBefore: 0 };
    const completed = [trial(4, 0.5), trial(0, 1), trial(2, null), trial(3, 0.5), trial(1, 0.4), trial(5, 1)];
    expect(promotedFrom(rung, completed).map(({ index }) => index)).toEqual([3, 4, 1, 2]);
  });
});
