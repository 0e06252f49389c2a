import { cdfArea } from './cdf-area.js';
import { requireSample } from './sample.js';

/**
 * Energy distance of two samples, in the square root of the unit of their values: √(2 E|X − Y| − E|X − X′| − E|Y − Y′|).
 *
 * Székely and Rizzo 2013; in one dimension √(2 ∫ (F − G)²). O(m + n), without allocation.
 * @param x ascending, finite, at least one value; so is y.
 * @example energyDistance(Float64Array.of(0), Float64Array.of(2)) // 2
 * @throws RangeError for samples that are empty, not ascending or not finite.
 */
export function energyDistance(x: Float64Array, y: Float64Array): number {
  requireSample('x', x);
  requireSample('y', y);
  return Math.sqrt(2 * cdfArea(x, y, true));
}
