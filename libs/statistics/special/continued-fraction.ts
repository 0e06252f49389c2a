/** Far more than any argument in use needs: about the square root of the largest parameter. */
export const mostTerms = 10_000_000;
const settled = 2 ** -52;

const { abs } = Math;

/**
 * b₀ + a₁ / (b₁ + a₂ / (b₂ + …)), after Lentz; none of its partial denominators may vanish.
 * @throws RangeError where it does not settle: the parameters are too large.
 */
export function continuedFraction(first: number, a: (term: number) => number, b: (term: number) => number): number {
  let value = first;
  let numerator = first;
  let denominator = 0;
  for (let term = 1; term < mostTerms; term++) {
    const above = a(term);
    const below = b(term);
    denominator = 1 / (below + above * denominator);
    numerator = below + above / numerator;
    const factor = numerator * denominator;
    value *= factor;
    if (abs(factor - 1) <= settled) return value;
  }
  throw new RangeError(`expected smaller parameters: a continued fraction does not settle in ${mostTerms} terms`);
}
