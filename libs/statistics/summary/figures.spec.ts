import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DistinctCount } from './distinct-count.js';
import { keyOfText, randomAt } from '../hash.js';
import { Moments } from './moments.js';
import { sortValues } from './sort-values.js';
import { normals } from './testing/draws.js';

const largestOf = (values: Float64Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const momentsOf = (...blocks: Float64Array[]) => {
  const moments = new Moments();
  for (const block of blocks) moments.add(block, block.length, largestOf(block));
  return moments;
};

describe('moments', () => {
  it.each([1, 1e-200, 1e200, 1e-320, 1.7e308])('are right for numbers near %d', (size) => {
    // Half of the numbers are 1, half 0: their mean is ½, the sum of squares n/4.
    const values = Float64Array.from({ length: 1000 }, (_, at) => (at % 2) * size);
    const moments = momentsOf(values.subarray(0, 3), values.subarray(3, 500), values.subarray(500));
    expect(moments.count).toBe(1000);
    expect(moments.mean! / size).toBeCloseTo(0.5, 3);
    expect(moments.sd! / size).toBeCloseTo(Math.sqrt(250 / 999), 3);
  });

  it('do not cancel far from 0', () => {
    const values = Float64Array.from({ length: 1000 }, (_, at) => 2 ** 40 + (at % 2));
    expect(momentsOf(values.subarray(0, 100), values.subarray(100)).sd).toBeCloseTo(Math.sqrt(250 / 999), 12);
  });

  it('join numbers of very different size', () => {
    const [small, large] = [momentsOf(Float64Array.of(1, 2, 3)), momentsOf(Float64Array.of(2 ** 80, -(2 ** 80), 0))];
    large.merge(small);
    expect(large.mean).toBeCloseTo(1, 12);
    expect(large.sd).toBe(Math.sqrt(2 / 5) * 2 ** 80);
    const zeros = momentsOf(new Float64Array(3));
    zeros.merge(momentsOf(Float64Array.of(4, 4, 4)));
    expect([zeros.count, zeros.mean, zeros.sd]).toEqual([6, 2, Math.sqrt(24 / 5)]);
    zeros.merge(new Moments());
    expect(zeros.count).toBe(6);
    expect([new Moments().mean, momentsOf(Float64Array.of(7)).sd]).toEqual([null, null]);
  });
});

describe('distinct counts', () => {
  const countOf = (values: Float64Array) => {
    const count = new DistinctCount();
    for (let at = 0; at < values.length; at += 1000) {
      const block = values.slice(at, at + 1000);
      count.addAll(block, new Uint32Array(block.buffer), block.length);
    }
    return count;
  };

  it.each([1, 7, 256])('are exact up to 256: %d', (distinct) => {
    const count = countOf(Float64Array.from({ length: 5000 }, (_, at) => ((at * 13) % distinct) / 7));
    expect([count.exact, count.distinct]).toEqual([true, distinct]);
  });

  it.each([257, 1000, 20_000, 100_000])('are within four standard errors beyond: %d', (distinct) => {
    const count = countOf(Float64Array.from({ length: distinct + 1000 }, (_, at) => (at % distinct) * 0.1));
    expect(count.exact).toBe(false);
    expect(Math.abs(count.distinct / distinct - 1)).toBeLessThan(4 * 0.0325);
  });

  it('of float32 and of whole numbers are as good as of others', () => {
    for (const valueAt of [Math.fround, (value: number) => Math.round(value * 1e6)]) {
      const values = normals(10_000, 3).map((value) => valueAt(value) + 0);
      expect(Math.abs(countOf(values).distinct / new Set(values).size - 1)).toBeLessThan(4 * 0.0325);
    }
  });

  it('merge to what they are of all values, in either order', () => {
    const values = Float64Array.from({ length: 400 }, (_, at) => at / 3);
    const part = (from: number, to: number) => countOf(values.slice(from, to));
    for (const [cut, overlap] of [
      [100, 50],
      [200, 0],
      [390, 30],
    ] as const) {
      const [one, other] = [part(0, cut + overlap), part(cut, 400)];
      one.merge(other);
      expect(one.state()).toEqual(countOf(values).state());
      const turned = part(cut, 400);
      turned.merge(part(0, cut + overlap));
      expect(turned.distinct).toBe(one.distinct);
    }
    const few = part(0, 20);
    few.merge(part(10, 30));
    expect([few.exact, few.distinct]).toEqual([true, 30]);
    expect(DistinctCount.restore(few.state()).state()).toEqual(few.state());
  });

  it('tell texts apart', () => {
    const keys = new Set(Array.from({ length: 100_000 }, (_, at) => keyOfText(`text ${at}`)));
    expect(keys.size).toBe(100_000);
    expect(keyOfText('ab')).not.toBe(keyOfText('ba'));
  });
});

describe('numbers at random', () => {
  it('are even in every part, for a seed and for a place', () => {
    for (const at of [(index: number) => randomAt(5, index), (index: number) => randomAt(index, 5)]) {
      const counts = new Float64Array(100);
      for (let index = 0; index < 100_000; index++) counts[Math.floor(at(index) * 100)]!++;
      const chiSquare = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
      // 99 degrees of freedom: the quantiles of 10⁻⁴ and 1 − 10⁻⁴.
      expect(chiSquare).toBeGreaterThan(55);
      expect(chiSquare).toBeLessThan(158);
    }
  });

  it('have low bits that high ones do not tell', () => {
    const counts = new Float64Array(64);
    for (let place = 0; place < 64_000; place++) {
      const [high, low] = [Math.floor(randomAt(9, place) * 8), (randomAt(9, place) * 2 ** 48) % 8];
      counts[8 * high + Math.floor(low)]!++;
    }
    const chiSquare = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    // 63 degrees of freedom: the quantiles of 10⁻⁴ and 1 − 10⁻⁴.
    expect(chiSquare).toBeGreaterThan(29);
    expect(chiSquare).toBeLessThan(113);
  });

  it('go on beyond 2³² places', () => {
    expect(randomAt(1, 7)).not.toBe(randomAt(1, 7 + 2 ** 32));
  });
});

describe('sorting', () => {
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
  const near = fc.integer({ min: 0, max: 5 }).map((step) => 1e12 + step * 2 ** -12);

  it.each([
    ['any', fc.array(finite, { maxLength: 200 })],
    ['those that are nearly equal', fc.array(near, { minLength: 20, maxLength: 200 })],
    ['a far one among near ones', fc.array(near, { minLength: 60, maxLength: 100 }).map((all) => [...all, 1e300])],
  ])('is the engine’s, of %s', (_, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (values) => {
        expect(sortValues(Float64Array.from(values))).toEqual(Float64Array.from(values).sort());
      }),
    );
  });
});
