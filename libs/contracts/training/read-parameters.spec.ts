import { describe, expect, it } from '@jest/globals';
import { algorithm, algorithmParameters, type Algorithm, type GivenParameters } from './algorithms.js';
import { checkSpaces } from './check-spaces.js';
import { readParameters } from './read-parameters.js';
import { parameterSpace, type SearchSpaces } from './search.js';

function read(name: Algorithm, given: GivenParameters) {
  const parsed = readParameters(name, given);
  if (!parsed.ok) throw new Error(parsed.rejection.detail);
  return parsed.value.parameters;
}

function refusal(name: Algorithm, given: GivenParameters) {
  const parsed = readParameters(name, given);
  if (parsed.ok) throw new Error('the hyper-parameters were taken');
  return parsed.rejection;
}

describe('readParameters', () => {
  it.each(algorithm.options)('gives %s its defaults', (name) => {
    expect(readParameters(name, {})).toEqual({
      ...{ ok: true, value: { algorithm: name, parameters: algorithmParameters[name].parse({}) } },
    });
  });

  it('takes what is given', () => {
    expect(read('random_forest', { n_estimators: 100, max_depth: 10, max_features: 'sqrt' })).toMatchObject({
      ...{ n_estimators: 100, max_depth: 10, max_features: 'sqrt', min_samples_leaf: 1 },
    });
  });

  it.each<[Algorithm, GivenParameters, GivenParameters]>([
    [
      'gradient_boosting',
      { max_iter: 40, max_leaf_nodes: 15, l2_regularization: 2 },
      { n_estimators: 40, max_leaves: 15, l2: 2 },
    ],
    [
      'gradient_boosting',
      { num_leaves: 9, eta: 0.2, min_child_samples: 3 },
      { max_leaves: 9, learning_rate: 0.2, min_samples_leaf: 3 },
    ],
    ['logistic_regression', { C: 0.25, tol: 0.01, max_iter: 7 }, { l2: 4, tolerance: 0.01, max_iter: 7 }],
  ])('takes the names of other libraries: %s %j', (name, given, own) => {
    expect(read(name, given)).toEqual(read(name, own));
  });

  it.each<[Algorithm, GivenParameters, path: string, message: string]>([
    [
      'random_forest',
      { n_estimator: 5 },
      'n_estimator',
      'random_forest has no such hyper-parameter; near: n_estimators',
    ],
    ['random_forest', { maxDepth: 5 }, 'maxDepth', 'random_forest has no such hyper-parameter; near: max_depth'],
    ['random_forest', { min_sample_leaf: 5 }, 'min_sample_leaf', 'near: min_samples_leaf'],
    ['random_forest', { learning_rate: 0.1 }, 'learning_rate', 'it has n_estimators, max_depth, min_samples_split'],
    ['gradient_boosting', { learnign_rate: 0.1 }, 'learnign_rate', 'near: learning_rate'],
    ['linear_regression', { C: 1 }, 'C', 'it has l1, l2, max_iter, tolerance'],
    ['linear_regression', { constructor: 1 }, 'constructor', 'it has l1, l2, max_iter, tolerance'],
    ['logistic_regression', { C: 1, l2: 1 }, 'l2', 'expected one of C and l2: they are the same'],
  ])('refuses a name: %s %j', (name, given, path, message) => {
    const { code, errors } = refusal(name, given);
    expect(code).toBe('unknown_hyperparameter');
    expect(errors).toEqual([{ path: `hyperparameters.${path}`, message: expect.stringContaining(message) }]);
  });

  it.each<[Algorithm, GivenParameters, path: string, expected: RegExp]>([
    ['random_forest', { n_estimators: -3 }, 'n_estimators', /expected number to be >=1/],
    ['random_forest', { n_estimators: 1.5 }, 'n_estimators', /expected int/],
    ['random_forest', { max_features: 'all' }, 'max_features', /"sqrt"\|"log2".*, or: .*expected number/],
    ['random_forest', { bootstrap: 1 }, 'bootstrap', /expected boolean/],
    ['gradient_boosting', { max_iter: 0 }, 'max_iter', /expected number to be >=1/],
    ['gradient_boosting', { learning_rate: 2 }, 'learning_rate', /expected number to be <=1/],
    ['logistic_regression', { C: -1 }, 'C', /expected number to be >0/],
    ['logistic_regression', { C: 0 }, 'C', /expected number to be >0/],
    ['logistic_regression', { C: 'all' }, 'C', /expected number/],
    ['linear_regression', { l1: null }, 'l1', /expected number/],
  ])('refuses a value under the name that it was given with: %s %j', (name, given, path, expected) => {
    const { code, errors } = refusal(name, given);
    expect(code).toBe('invalid_request');
    expect(errors).toEqual([{ path: `hyperparameters.${path}`, message: expect.stringMatching(expected) }]);
  });

  it('names every fault at once', () => {
    expect(refusal('random_forest', { trees: 1, depth: 2 }).errors).toHaveLength(2);
    expect(refusal('random_forest', { n_estimators: 0, max_depth: 0 }).errors).toHaveLength(2);
    expect(refusal('random_forest', { max_depth: 0 }).detail).toMatch(
      /^random_forest cannot be trained so: hyperparameters\.max_depth: /,
    );
  });
});

describe('checkSpaces', () => {
  const spaces = (given: Record<string, Record<string, unknown>>): SearchSpaces =>
    Object.fromEntries(Object.entries(given).map(([name, space]) => [name, parameterSpace.parse(space)]));

  it('takes spaces of which every value is one of the algorithm', () => {
    const given = spaces({
      random_forest: {
        max_depth: { choice: [null, 3] },
        max_features: { float: [0.1, 1] },
        n_estimators: { int: [1, 10_000], log: true },
      },
      linear_regression: {},
    });
    expect(checkSpaces(given)).toEqual({ ok: true, value: given });
  });

  it.each<[Record<string, unknown>, path: string, expected: RegExp]>([
    [{ n_estimators: { int: [0, 10] } }, 'n_estimators.int.0', />=1/],
    [{ n_estimators: { float: [1, 3] } }, 'n_estimators.float', /expected int/],
    [{ max_depth: { choice: [null, -1] } }, 'max_depth.choice.1', />=1/],
    [{ max_depth: { int: [1, 65] } }, 'max_depth.int.1', /<=64/],
    [{ max_features: { choice: ['sqrt', 'half'] } }, 'max_features.choice.1', /"sqrt"\|"log2"/],
    [
      { bootstrap: { choice: [true, false, true] } },
      'bootstrap.choice.2',
      /expected each value once, found true again/,
    ],
  ])('refuses a range with other values: %j', (space, path, expected) => {
    const checked = checkSpaces(spaces({ random_forest: space }));
    expect(checked).toMatchObject({
      rejection: {
        code: 'invalid_request',
        errors: [{ path: `search.spaces.random_forest.${path}`, message: expect.stringMatching(expected) }],
      },
    });
  });

  it('refuses magnitudes down to nothing, no space, and names that an algorithm does not have', () => {
    expect(checkSpaces(spaces({ gradient_boosting: { l2: { float: [0, 1], log: true } } }))).toMatchObject({
      rejection: {
        errors: [
          { path: 'search.spaces.gradient_boosting.l2.log', message: 'expected a range above 0, found one from 0' },
        ],
      },
    });
    expect(checkSpaces({})).toMatchObject({
      rejection: { code: 'invalid_request', errors: [{ path: 'search.spaces' }] },
    });
    const unknown = spaces({ gradient_boosting: { max_iter: { int: [1, 2] }, learn_rate: { float: [0.1, 0.2] } } });
    expect(checkSpaces(unknown, 'models.m.search.spaces')).toMatchObject({
      rejection: {
        code: 'unknown_hyperparameter',
        errors: [
          {
            path: 'models.m.search.spaces.gradient_boosting.max_iter',
            message: 'gradient_boosting calls it n_estimators',
          },
          {
            path: 'models.m.search.spaces.gradient_boosting.learn_rate',
            message: expect.stringContaining('near: learning_rate'),
          },
        ],
      },
    });
  });
});
