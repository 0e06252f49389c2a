/**
 * 2/√π ∫₀ˣ e^−t² dt.
 *
 * Cody 1969, "Rational Chebyshev approximations for the error function"; two units in the last place.
 * @example erf(0.5) // 0.5204998778130465
 */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (size <= nearZero) return x * quotient(size * size, smallAbove, smallBelow);
  const outside = tail(size);
  return x > 0 ? 1 - outside : outside - 1;
}

/**
 * 1 − erf(x) without cancellation: keeps its relative accuracy until it underflows, at x ≈ 26.5.
 * @example erfc(5) // 1.5374597944280347e-12
 */
export function erfc(x: number): number {
  if (Math.abs(x) <= nearZero) return 1 - erf(x);
  return x > 0 ? tail(x) : 2 - tail(-x);
}

const nearZero = 0.46875;
const far = 4;
const underflow = 27.3;

/** erfc of what is above `nearZero`. */
function tail(x: number): number {
  if (x > underflow) return 0;
  if (x <= far) return exponential(x) * quotient(x, middleAbove, middleBelow);
  const inverse = 1 / (x * x);
  const correction = inverse * quotient(inverse, farAbove, farBelow);
  return (exponential(x) / x) * (1 / Math.sqrt(Math.PI) - correction);
}

/** e^−x²: the square of x to a sixteenth is exact, so that its rounding is not multiplied by the exponent. */
function exponential(x: number): number {
  const coarse = Math.trunc(x * 16) / 16;
  return Math.exp(-coarse * coarse) * Math.exp(-(x - coarse) * (x + coarse));
}

/** Quotient of two polynomials, highest power first. */
function quotient(x: number, above: readonly number[], below: readonly number[]): number {
  return polynomial(x, above) / polynomial(x, below);
}

function polynomial(x: number, coefficients: readonly number[]): number {
  let value = 0;
  for (const coefficient of coefficients) value = value * x + coefficient;
  return value;
}

const smallAbove = [
  1.85777706184603153e-1, 3.1611237438705656, 1.13864154151050156e2, 3.77485237685302021e2, 3.20937758913846947e3,
];
const smallBelow = [1, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3];
const middleAbove = [
  2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1, 2.98635138197400131e2,
  8.8195222124176909e2, 1.71204761263407058e3, 2.05107837782607147e3, 1.23033935479799725e3,
];
const middleBelow = [
  1, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3, 3.29079923573345963e3,
  4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3,
];
const farAbove = [
  1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
  1.60837851487422766e-2, 6.58749161529837803e-4,
];
const farBelow = [
  1, 2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1, 6.05183413124413191e-2, 2.33520497626869185e-3,
];
