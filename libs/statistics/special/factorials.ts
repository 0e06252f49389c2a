import { requirePositive } from './arguments.js';

/*
 * Gamma functions by what Stirling's formula leaves over, and the terms of Poisson's and the binomial distribution by their
 * deviance, both for real arguments: the logarithms of large factorials, which cancel, never meet.
 *
 * Loader 2000, "Fast and accurate computation of binomial probabilities".
 */

const { abs, exp, log, log1p, sqrt } = Math;
const halfLog2Pi = log(2 * Math.PI) / 2;

/** From here on the series of `stirlingError` is exact to the last bit. */
const seriesFrom = 16;

/**
 * ln Γ(n + 1) − (n + ½) ln n + n − ½ ln 2π, for n above 0 (unchecked, as in all of the inner loops here), to 1e-15.
 * @example stirlingError(100) // 0.000833330555634915
 */
export function stirlingError(n: number): number {
  let skipped = 0;
  let from = n;
  for (; from < seriesFrom; from++) skipped += (from + 0.5) * log1p(1 / from) - 1;
  const square = 1 / (from * from);
  const series =
    1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square * (1 / 1188 - square * s6))));
  return skipped + series / from;
}

const s6 = 691 / 360360;

/**
 * ln Γ(x) for x above 0: relative accuracy 1e-15, near its zeros at 1 and 2 absolute.
 * @example logGamma(10) // 12.801827480081469
 * @throws RangeError unless x is finite and above 0.
 */
export function logGamma(x: number): number {
  requirePositive('x', x);
  return stirlingError(x) + (x - 0.5) * log(x) - x + halfLog2Pi;
}

/** ln(1 + x) − x without cancellation near 0. */
export function log1pMinus(x: number): number {
  if (x < -0.4 || x > 0.6) return log1p(x) - x;
  // ln(1 + x) = 2 artanh r, and 2r − x = −xr.
  const r = x / (2 + x);
  const square = r * r;
  let power = square;
  let sum = 0;
  for (let odd = 3; odd < 40; odd += 2) {
    const term = power / odd;
    sum += term;
    if (term < 1e-17 * sum) break;
    power *= square;
  }
  return r * (2 * sum - x);
}

/** k ln(k / mean) + mean − k, where k − mean = −`excess` is known exactly; k above 0. */
export function deviance(k: number, mean: number, excess = mean - k): number {
  return abs(excess) < 0.4 * k ? -k * log1pMinus(excess / k) : k * log(k / mean) + excess;
}

/** mean^k e^−mean / Γ(k + 1), for k above 0. */
export function poissonTerm(k: number, mean: number): number {
  return exp(-stirlingError(k) - deviance(k, mean)) / sqrt(2 * Math.PI * k);
}

/**
 * Γ(a + b + 1) / (Γ(a + 1) Γ(b + 1)) · p^a q^b, for a and b above 0.
 * @param q 1 − p, given as accurately as p.
 */
export function binomialTerm(a: number, b: number, p: number, q: number): number {
  const n = a + b;
  const excess = b * p - a * q;
  const exponent =
    stirlingError(n) - stirlingError(a) - stirlingError(b) - deviance(a, n * p, excess) - deviance(b, n * q, -excess);
  return exp(exponent) * sqrt(n / (2 * Math.PI * a * b));
}
