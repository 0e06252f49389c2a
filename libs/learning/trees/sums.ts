/**
 * Sums over rows that are exact whatever their order, so that threads, blocks of rows and the difference of two histograms
 * give the same bytes: terms are rounded to a grid on which float64 adds without rounding. A row has two numbers:
 *   gradient   its gradient, in units of 1 / gradientScale
 *   mass       its hessian (or weight), in units of 1 / hessianScale, below `one`; and `one` itself, which counts the row
 */
export interface Grid {
  readonly gradientScale: number;
  readonly hessianScale: number;
  /** A power of two above every sum of hessians. */
  readonly one: number;
}

/** Up to 2⁵³ whole numbers of float64 are exact; a half of this can be rounded to whole ones by `rounded`. */
const largestSum = 2 ** 52;

/** To the nearest whole number; of numbers up to 2⁵¹. Several times faster than Math.round. */
export const rounded = (value: number): number => value + roundingOffset - roundingOffset;
const roundingOffset = 1.5 * 2 ** 52;

/**
 * @param rows summed at most.
 * @param gradient, hessian the largest of a row; the gradient without its sign.
 */
export function gridFor(rows: number, gradient: number, hessian: number): Grid {
  const one = largestSum / powerOfTwoAbove(rows);
  return {
    gradientScale: largestSum / 2 / powerOfTwoAbove(rows * atLeastTiny(gradient)),
    // Half of the room is for what rounding up adds.
    hessianScale: one / 2 / powerOfTwoAbove(rows * atLeastTiny(hessian)),
    one,
  };
}

/** Rows counted in a sum of masses. */
export const countOf = (grid: Grid, mass: number): number => Math.floor(mass / grid.one);

/** Sum of hessians in a sum of masses. */
export const hessianOf = (grid: Grid, mass: number): number =>
  (mass - Math.floor(mass / grid.one) * grid.one) / grid.hessianScale;

const atLeastTiny = (size: number): number => Math.max(size, 1e-290);

export const powerOfTwoAbove = (size: number): number => 2 ** Math.ceil(Math.log2(size));
