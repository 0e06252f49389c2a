import { cdfArea } from './cdf-area.js';
import { requireSample } from './sample.js';

/**
 * Wasserstein-1 distance of two samples, in the unit of their values: the area between their distribution functions, which is
 * how far a unit of mass has to move on average.
 *
 * Vallender 1974 for the area. O(m + n), without allocation.
 * @param x ascending, finite, at least one value; so is y.
 * @example wasserstein(Float64Array.of(0, 1, 3), Float64Array.of(5, 6, 8)) // 5
 * @throws RangeError for samples that are empty, not ascending or not finite.
 */
export function wasserstein(x: Float64Array, y: Float64Array): number {
  requireSample('x', x);
  requireSample('y', y);
  return cdfArea(x, y, false);
}
