import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Proposal, SearchPlan, SearchStrategy, Trial } from '#libs/contracts/index.js';
import { propose, readyToPropose, restsOn, trialsOf } from './propose.js';
import { runSearch, type SearchOptions } from './run-search.js';
import { winner } from './winner.js';

const spaces: SearchPlan['spaces'] = {
  gradient_boosting: {
    learning_rate: { float: [0.001, 1], log: true },
    max_leaves: { int: [4, 128], log: true },
    max_depth: { choice: [null, 4, 8] },
  },
  logistic_regression: { l2: { float: [0.001, 100], log: true } },
};
const strategies: SearchStrategy[] = ['random', 'successive_halving', 'bayesian'];
const planOf = (plan: Partial<SearchPlan> = {}): SearchPlan => ({
  ...{ strategy: 'bayesian', trials: 16, lookback: 3, spaces, time_limit_s: null },
  ...plan,
});

/** Scored by what was proposed, in steps so that some are equal; a few configurations cannot be trained. */
function trialOf(proposal: Proposal): Trial {
  const { algorithm, hyperparameters, budget } = proposal;
  const from = (name: string, best: number) => Math.log10(Number(hyperparameters[name]) / best) ** 2;
  const raw =
    algorithm === 'logistic_regression' ? from('l2', 1) : 0.2 + from('learning_rate', 0.1) + from('max_leaves', 30);
  const failed = Number(hyperparameters['max_leaves']) > 100;
  const ended: Pick<Trial, 'status' | 'score' | 'error'> = failed
    ? { status: 'failed', score: null, error: 'too many leaves' }
    : { status: 'completed', score: Math.round(-10 * raw - 3 / budget) / 10, error: null };
  return { ...proposal, ...ended, fold_scores: [], duration_s: 0 };
}

const clock = { monotonic: () => 0 };
const search = (options: Partial<SearchOptions>) =>
  runSearch({
    plan: planOf(),
    seed: 1,
    threads: 1,
    clock,
    evaluate: (proposal) => Promise.resolve(trialOf(proposal)),
    ...options,
  });

it.each(strategies)('%s ends where numbers that round alike are fewer than the trials', (kind) => {
  const narrow = { linear_regression: { l2: { float: [1, 1.000001] as [number, number], log: false } } };
  const plan = planOf({ strategy: kind, spaces: narrow, trials: 12, lookback: 1 });
  const trials: Trial[] = [];
  while (trials.length < trialsOf(plan)) trials.push(trialOf(propose(plan, 1, trials.length, trials)));
  expect(trials).toHaveLength(12);
  expect(trials.every(({ hyperparameters }) => hyperparameters['l2'] === 1)).toBe(true);
});

const strategy = fc.constantFrom(...strategies);
const seed = fc.integer({ min: 0, max: 0xffff_ffff });
const trials = fc.integer({ min: 1, max: 20 });

describe('a search', () => {
  it('has the same trials and winner with any number of threads and any order of completion', async () => {
    await fc.assert(
      fc.asyncProperty(
        strategy,
        seed,
        trials,
        fc.integer({ min: 1, max: 5 }),
        fc.scheduler(),
        async (kind, number, count, lookback, s) => {
          const plan = planOf({ strategy: kind, trials: count, lookback });
          const alone = await search({ plan, seed: number });
          for (const threads of [2, 4]) {
            let running = 0;
            const together = search({
              ...{ plan, seed: number, threads },
              evaluate: async (proposal) => {
                running++;
                expect(running).toBeLessThanOrEqual(Math.min(threads, lookback));
                await s.schedule(Promise.resolve());
                running--;
                return trialOf(proposal);
              },
            });
            expect(await s.waitFor(together)).toEqual(alone);
          }
          expect(alone.trials.map(({ index }) => index)).toEqual([...alone.trials.keys()]);
          expect(alone.trials).toHaveLength(count);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('that was interrupted anywhere goes on to the same trials and the same winner', async () => {
    await fc.assert(
      fc.asyncProperty(strategy, seed, trials, fc.scheduler(), fc.nat(30), async (kind, number, count, s, after) => {
        const plan = planOf({ strategy: kind, trials: count });
        const undisturbed = await search({ plan, seed: number });
        const recorded: Trial[] = [];
        const killed = new AbortController();
        const interrupted = search({
          ...{ plan, seed: number, threads: 3, signal: killed.signal },
          evaluate: async (proposal, signal) => {
            await s.schedule(Promise.resolve());
            signal.throwIfAborted();
            return trialOf(proposal);
          },
          onTrial: (trial) => {
            recorded.push(trial);
            if (recorded.length === after) killed.abort(new Error('killed'));
          },
        }).catch(() => undefined);
        await s.waitFor(interrupted);
        // Recorded by two workers: the first of an index counts.
        const twice = [...recorded, ...recorded.map((trial) => ({ ...trial, score: 1e9 }))];
        const begun: number[] = [];
        const continued = await search({
          ...{ plan, seed: number, threads: 2, completed: twice },
          evaluate: (proposal) => {
            begun.push(proposal.index);
            return Promise.resolve(trialOf(proposal));
          },
        });
        expect(continued).toEqual(undisturbed);
        const left = undisturbed.trials
          .map(({ index }) => index)
          .filter((index) => !recorded.some((trial) => trial.index === index));
        expect(begun).toEqual(left);
      }),
      { numRuns: 15 },
    );
  });

  it('begins no trial once its time is over, and completes those that run', async () => {
    const plan = planOf({ time_limit_s: 10, trials: 8 });
    let seconds = 0;
    const timed = (spent_s?: number) => {
      seconds = 100;
      return search({
        ...{ plan, threads: 2, clock: { monotonic: () => seconds * 1000 } },
        ...(spent_s === undefined ? {} : { spent_s }),
        evaluate: (proposal) => {
          seconds += 3;
          return Promise.resolve(trialOf(proposal));
        },
      });
    };
    const whole = await search({ plan: { ...plan, time_limit_s: null } });
    const cut = await timed();
    expect(cut).toMatchObject({
      cutOff: 'time_limit',
      trials: whole.trials.slice(0, 4),
      winner: winner(whole.trials.slice(0, 4)),
    });
    expect((await timed(5)).trials).toHaveLength(2);
    expect(await timed(10)).toEqual({ cutOff: 'time_limit', trials: [], winner: null });
    expect(whole.cutOff).toBeNull();
  });

  it('goes on after a failed trial, takes a score that is no number for one, and wins nothing if all fail', async () => {
    const found = await search({
      plan: planOf({ trials: 12 }),
      evaluate: (proposal) => Promise.resolve({ ...trialOf(proposal), status: 'completed', score: Number.NaN }),
    });
    expect(found.winner).toBeNull();
    expect(found.trials).toHaveLength(12);
    expect(found.trials[0]).toMatchObject({
      status: 'failed',
      score: null,
      error: 'expected a finite score, found NaN',
    });
  });

  it('ends with what an evaluation rejects with, once nothing runs any more', async () => {
    const reasons: unknown[] = [];
    const failing = search({
      threads: 3,
      evaluate: async ({ index }, signal) => {
        if (index === 1) throw new Error('the disk is full');
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => {
            resolve();
          });
        });
        reasons.push(signal.reason);
        throw new Error('aborted');
      },
    });
    await expect(failing).rejects.toThrow('the disk is full');
    expect(reasons).toHaveLength(2);
  });

  it('does not begin when it was aborted before, or may run nothing', async () => {
    const evaluate = () => Promise.reject(new Error('evaluated'));
    await expect(search({ signal: AbortSignal.abort(new Error('shut down')), evaluate })).rejects.toThrow('shut down');
    await expect(search({ threads: 0, evaluate })).rejects.toThrow('threads: expected at least 1, found 0');
  });
});

describe('a proposal', () => {
  it.each(strategies)('of %s rests on its prefix alone', async (kind) => {
    const plan = planOf({ strategy: kind });
    const { trials: whole } = await search({ plan });
    for (const { index, algorithm, hyperparameters, budget } of whole) {
      const prefix = whole.slice(0, restsOn(plan, index));
      const others = whole.slice(prefix.length).map((trial) => ({ ...trial, score: 1e6 - trial.index }));
      const proposal = { index, algorithm, hyperparameters, budget };
      expect(propose(plan, 1, index, prefix)).toEqual(proposal);
      expect(propose(plan, 1, index, [...others, ...prefix.toReversed()])).toEqual(proposal);
      expect(readyToPropose(plan, index, prefix)).toBe(true);
      if (prefix.length === 0) continue;
      expect(readyToPropose(plan, index, whole.slice(1))).toBe(false);
      expect(() => propose(plan, 1, index, whole.slice(1))).toThrow('rests on trials that have not ended');
    }
    expect(() => propose(plan, 1, plan.trials, whole)).toThrow('the search has no trial 16');
  });

  it('of the model takes note of the scores before it', async () => {
    const { trials: whole } = await search({ plan: planOf() });
    const other = whole.map((trial) => ({ ...trial, status: 'completed' as const, score: trial.index }));
    const last = propose(planOf(), 1, 15, whole);
    expect(propose(planOf(), 1, 15, other)).not.toEqual(last);
  });

  it('is never one that was made before: a space that can be counted is searched whole, and no further', async () => {
    const counted: SearchPlan['spaces'] = { gradient_boosting: { max_leaves: { int: [5, 16], log: false } } };
    for (const kind of ['random', 'bayesian'] as const) {
      const plan = planOf({ strategy: kind, trials: 40, spaces: counted });
      expect(trialsOf(plan)).toBe(12);
      const { trials: whole } = await search({ plan, threads: 3 });
      expect(whole.map(({ hyperparameters }) => Number(hyperparameters['max_leaves'])).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 12 }, (_, index) => 5 + index),
      );
    }
  });

  it('of successive halving gives the best third of a rung three times the rows', async () => {
    const { trials: whole, winner: best } = await search({
      plan: planOf({ strategy: 'successive_halving', trials: 13 }),
    });
    expect(whole.map(({ budget }) => Math.round(1 / budget))).toEqual([9, 9, 9, 9, 9, 9, 9, 9, 9, 3, 3, 3, 1]);
    const ranked = (from: number, to: number) =>
      whole.slice(from, to).sort((a, b) => (b.score ?? -Infinity) - (a.score ?? -Infinity) || a.index - b.index);
    const configurations = (of: readonly Trial[]) => of.map(({ hyperparameters }) => hyperparameters);
    expect(configurations(whole.slice(9, 12))).toEqual(configurations(ranked(0, 9).slice(0, 3)));
    expect(configurations(whole.slice(12))).toEqual(configurations(ranked(9, 12).slice(0, 1)));
    expect(best).toEqual(whole[12]);
  });
});

describe('the winner', () => {
  const trial = (index: number, budget: number, score: number | null): Trial => ({
    ...trialOf({ index, algorithm: 'logistic_regression', hyperparameters: { l2: 1 }, budget }),
    ...{ score, status: score === null ? ('failed' as const) : ('completed' as const) },
  });

  it('is the best of those with all rows; of equal ones the first', () => {
    expect(winner([trial(3, 1, 0.5), trial(0, 1 / 3, 0.9), trial(2, 1, 0.5), trial(1, 1, null)])?.index).toBe(2);
  });

  it('of a search that was cut off before is the best of the largest share of rows', () => {
    expect(winner([trial(0, 1 / 9, 0.9), trial(1, 1 / 3, 0.2), trial(2, 1, null)])?.index).toBe(1);
    expect(winner([trial(0, 1, null)])).toBeNull();
  });
});
