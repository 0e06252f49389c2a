import { describe, expect, it } from '@jest/globals';
import type { SearchPlan, Trial } from '#libs/contracts/index.js';
import { propose } from './propose.js';
import type { Configuration } from './space.js';

const plan = (strategy: SearchPlan['strategy'], spaces: SearchPlan['spaces'], trials: number): SearchPlan => ({
  ...{ strategy, spaces, trials, lookback: 1, time_limit_s: null },
});

/** The best score of a search whose trials are scored by a function. */
function best(searched: SearchPlan, seed: number, score: (configuration: Configuration) => number): number {
  const trials: Trial[] = [];
  for (let index = 0; index < searched.trials; index++) {
    const proposal = propose(searched, seed, index, trials);
    trials.push({
      ...proposal,
      status: 'completed',
      score: score(proposal),
      fold_scores: [],
      error: null,
      duration_s: 0,
    });
  }
  return Math.max(...trials.map((trial) => trial.score!));
}

const seeds = Array.from({ length: 12 }, (_, seed) => seed);
const mean = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

/** How far from its largest value a function is left, in the mean over the seeds: random search, and the model. */
function regrets(spaces: SearchPlan['spaces'], trials: number, largest: number, score: (c: Configuration) => number) {
  const of = (strategy: SearchPlan['strategy']) =>
    mean(seeds.map((seed) => largest - best(plan(strategy, spaces, trials), seed, score)));
  return { random: of('random'), model: of('bayesian') };
}

const number = (configuration: Configuration, name: string): number => configuration.hyperparameters[name] as number;

describe('the tree-structured Parzen estimator leaves', () => {
  it('less than half of what random search leaves of Branin’s function', () => {
    const spaces = {
      linear_regression: { l1: { float: [-5, 10], log: false }, l2: { float: [0, 15], log: false } },
    } satisfies SearchPlan['spaces'];
    const branin = (configuration: Configuration): number => {
      const [x, y] = [number(configuration, 'l1'), number(configuration, 'l2')];
      const bend = y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6;
      return -(bend * bend + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10);
    };
    const { random, model } = regrets(spaces, 40, -0.397887, branin);
    expect(model).toBeLessThan(random / 2);
    expect(model).toBeGreaterThanOrEqual(0);
  });

  it('less than half of what it leaves where an algorithm has to be chosen, and its choices, whole numbers and magnitudes', () => {
    const spaces = {
      logistic_regression: { l1: { float: [1e-4, 1e2], log: true }, l2: { float: [1e-4, 1e2], log: true } },
      random_forest: {
        max_depth: { int: [1, 32], log: false },
        max_features: { choice: ['sqrt', 'log2', 0.25, 0.5, 1] },
        min_samples_leaf: { int: [1, 200], log: true },
      },
      gradient_boosting: {
        learning_rate: { float: [1e-3, 1], log: true },
        max_leaves: { int: [4, 256], log: true },
        min_samples_leaf: { int: [1, 200], log: true },
        max_depth: { choice: [null, 3, 6] },
      },
    } satisfies SearchPlan['spaces'];
    const magnitudes = (value: number, from: number): number => Math.log10(value / from) ** 2;
    const score = (configuration: Configuration): number => {
      const { algorithm, hyperparameters } = configuration;
      const of = (name: string) => number(configuration, name);
      if (algorithm === 'logistic_regression')
        return 0.8 - 0.02 * (magnitudes(of('l1'), 0.01) + magnitudes(of('l2'), 1));
      if (algorithm === 'random_forest') {
        const features = hyperparameters['max_features'] === 0.5 ? 0 : 0.03;
        return 0.88 - features - ((of('max_depth') - 12) / 60) ** 2 - 0.03 * magnitudes(of('min_samples_leaf'), 5);
      }
      const depth = hyperparameters['max_depth'] === null ? 0 : 0.02;
      const leaves = 0.05 * magnitudes(of('max_leaves'), 40) + 0.02 * magnitudes(of('min_samples_leaf'), 20);
      return 0.9 - depth - 0.06 * magnitudes(of('learning_rate'), 0.08) - leaves;
    };
    const { random, model } = regrets(spaces, 40, 0.9, score);
    expect(model).toBeLessThan(random / 2);
    expect(model).toBeGreaterThanOrEqual(0);
  });
});
