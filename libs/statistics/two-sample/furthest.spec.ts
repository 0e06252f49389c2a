import { describe, expect, it } from '@jest/globals';
import { Random } from '../random.js';
import { furthestApart, furthestByStep, furthestByStrides } from './furthest.js';

/** Of `different` values, or of any where that is 0. */
function sampleOf(random: Random, size: number, different: number): Float64Array {
  const draw = () => (different === 0 ? random.normal() : random.below(different) - 2);
  return Float64Array.from({ length: size }, draw).sort();
}

describe('where two samples are furthest apart', () => {
  it.each([0, 1, 3, 12])('is the same by strides as step by step, values of %d kinds', (different) => {
    const random = new Random(5, different);
    const unlike: unknown[] = [];
    for (let round = 0; round < 2000; round++) {
      const x = sampleOf(random, 1 + random.below(60), different);
      const y = sampleOf(random, 1 + random.below(20), different);
      const byStep = furthestByStep(x, y);
      const turned = furthestApart(y, x);
      for (const { distance, location } of [
        furthestByStrides(x, y),
        furthestApart(x, y),
        { ...turned, distance: 0 - turned.distance },
      ])
        if (distance !== byStep.distance || location !== byStep.location) unlike.push([x, y, distance, location]);
    }
    expect(unlike).toEqual([]);
  });

  it('counts what is equal before it looks', () => {
    const x = Float64Array.of(1, 1, 2, 2, 2, 2, 2, 2);
    expect(furthestByStrides(x, Float64Array.of(1, 2))).toEqual({ distance: -4, location: 1 });
    expect(furthestByStrides(x, Float64Array.of(2))).toEqual({ distance: 2, location: 1 });
    expect(furthestByStrides(x, Float64Array.of(3))).toEqual({ distance: 8, location: 2 });
    expect(furthestByStrides(x, Float64Array.of(0))).toEqual({ distance: -8, location: 0 });
    expect(furthestApart(x, x)).toEqual({ distance: 0, location: 1 });
  });
});
