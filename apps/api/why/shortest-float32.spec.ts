import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { shortestFloat32 } from './shortest-float32.js';

const digitsOf = (value: number): number => value.toExponential().replace(/e.*/, '').replace(/[-.]/g, '').length;

describe('shortestFloat32', () => {
  it.each([
    [0.1, 0.1],
    [-0.3, -0.3],
    [1e-45, 1e-45],
    [3.4028234663852886e38, 3.4028235e38],
    [16777217.5, 16777218],
    [1e20, 1e20],
    [1 / 3, 0.33333334],
    [0, 0],
  ])('writes the float32 nearest to %p as %p', (given, expected) => {
    expect(shortestFloat32(Math.fround(given))).toBe(expected);
  });

  it('keeps what is no finite number', () => {
    expect(shortestFloat32(Number.NaN)).toBeNaN();
    expect(shortestFloat32(-Infinity)).toBe(-Infinity);
  });

  it('gives the same float32 back, in at most nine digits', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const shortest = shortestFloat32(value);
        expect(Math.fround(shortest)).toBe(value);
        if (!Number.isSafeInteger(value)) expect(digitsOf(shortest)).toBeLessThanOrEqual(9);
      }),
    );
  });

  it('finds any decimal that a person wrote with up to six digits', () => {
    // A decimal of six digits survives the way through float32 (FLT_DIG of C).
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999 }), fc.integer({ min: -20, max: -1 }), (units, exponent) => {
        const written = Number(`${units}e${exponent}`);
        expect(shortestFloat32(Math.fround(written))).toBe(written);
      }),
    );
  });
});
