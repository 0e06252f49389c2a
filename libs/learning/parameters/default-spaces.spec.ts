import { expect, it } from '@jest/globals';
import { algorithm, checkSpaces, readParameters, searchSpaces } from '#libs/contracts/index.js';
import { drawn, subspacesOf } from '../search/space.js';
import { defaultSpace, defaultSpaces } from './default-spaces.js';

it.each([{ task: 'classification' }, { task: 'classification', classes: 26 }, { task: 'regression' }] as const)(
  'the spaces for %j are valid, as is every draw from them',
  (data) => {
    const spaces = defaultSpaces(data);
    expect(searchSpaces.parse(spaces)).toEqual(spaces);
    expect(checkSpaces(spaces)).toEqual({ ok: true, value: spaces });
    for (let number = 0; number < 300; number++) {
      const { algorithm: name, hyperparameters } = drawn(subspacesOf(spaces), 5, number)!;
      expect(readParameters(name, hyperparameters)).toMatchObject({ ok: true });
    }
  },
);

it('only algorithms that do the task are searched, each of its own space', () => {
  const found = (['classification', 'regression'] as const).map((task) => Object.entries(defaultSpaces({ task })));
  expect(found.map((spaces) => spaces.map(([name]) => name))).toEqual([
    ['gradient_boosting', 'logistic_regression', 'random_forest'],
    ['gradient_boosting', 'linear_regression', 'random_forest'],
  ]);
  for (const name of algorithm.options) {
    expect(checkSpaces({ [name]: defaultSpace(name, { task: 'regression' }) })).toMatchObject({ ok: true });
  }
});
