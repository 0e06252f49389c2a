import { describe, expect, it } from '@jest/globals';
import { Random } from '../random.js';
import { descendingOrder } from './order.js';

const compared = (values: Float64Array): Uint32Array =>
  Uint32Array.from(values, (_, row) => row).sort((a, b) => values[b]! - values[a]! || a - b);

describe('rows by their value', () => {
  const random = new Random(3);
  it.each<[string, () => number]>([
    ['any', () => random.normal()],
    ['few', () => random.below(4) - 1.5],
    ['of any size', () => random.normal() * 10 ** (random.below(600) - 300)],
    ['that differ in their last bits alone', () => 1 + random.below(1000) * Number.EPSILON],
    ['0 of either sign', () => (random.below(2) === 0 ? 0 : -0)],
  ])('are what a comparison gives: values %s', (_, draw) => {
    for (const rows of [0, 1, 2, 9, 300]) {
      const values = Float64Array.from({ length: rows }, draw);
      expect(descendingOrder(values)).toEqual(compared(values));
    }
  });

  it('the largest and the smallest numbers, and infinities', () => {
    const values = Float64Array.of(0, -Infinity, 5e-324, Infinity, -5e-324, -Number.MAX_VALUE, Number.MAX_VALUE, -0);
    expect([...descendingOrder(values)]).toEqual([3, 6, 2, 0, 7, 4, 5, 1]);
    expect([...descendingOrder(values.subarray(4))]).toEqual([2, 3, 0, 1]);
  });
});
