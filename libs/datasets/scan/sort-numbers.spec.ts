import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { randomBits } from '../random.js';
import { sortNumbers } from './sort-numbers.js';

const count = 5000;

const share = (index: number): number => (randomBits(1, index) + 0.5) / 2 ** 32;

it.each<[string, (index: number) => number]>([
  ['ascending', (index) => index],
  ['descending', (index) => -index],
  ['all the same', () => 7],
  ['of ten kinds', (index) => randomBits(1, index) % 10],
  ['by chance', share],
  ['with one far away', (index) => (index === 99 ? 1e300 : share(index))],
  ['crowded at one end', (index) => 1e-3 * share(index) ** -3],
  ['each a tenth of the one before', (index) => 10 ** -(index % 300)],
  ['farther apart than float64 reaches', (index) => (index % 2 === 0 ? 1e300 : -1e300) * share(index)],
  ['too near for a width', (index) => (index % 4) * 5e-324],
])('numbers %s', (_, valueAt) => {
  const values = Float64Array.from({ length: count }, (__, index) => valueAt(index));
  const expected = values.slice().sort();
  sortNumbers(values);
  expect(Buffer.from(values.buffer).equals(Buffer.from(expected.buffer))).toBe(true);
});

it('any numbers', () => {
  const numbers = fc.double({ noNaN: true, min: -1e300, max: 1e300 }).map((value) => value + 0);
  fc.assert(
    fc.property(fc.array(numbers, { maxLength: 200, size: 'max' }), (array) => {
      const values = Float64Array.from(array);
      const expected = values.slice().sort();
      sortNumbers(values);
      return values.every((value, index) => value === expected[index]);
    }),
    { numRuns: 300 },
  );
});
