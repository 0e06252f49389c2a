/** P(|T| ≥ |t|) of Student's t; of many degrees (10⁶) to 1e-9, else to about 1e-13. */
export function studentTwoSided(t: number, degrees: number): number {
  return Number.isFinite(t) ? incompleteBeta(degrees / 2, 0.5, degrees / (degrees + t * t)) : 0;
}

/** P(X ≥ x) of χ² with one degree of freedom. */
export function chiSquareOneTail(x: number): number {
  if (x <= 0) return 1;
  const z = x / 2;
  return z < 1.5 ? 1 - gammaSeries(z) : gammaFraction(z);
}

/** P of what is at least as far from half as `fewer` heads in `tosses` of a fair coin, up to 1,000 of them. */
export function fairCoinTwoSided(fewer: number, tosses: number): number {
  let chance = 2 ** -tosses;
  let tail = 0;
  for (let heads = 0; heads <= fewer; heads++) {
    tail += chance;
    chance *= (tosses - heads) / (heads + 1);
  }
  return Math.min(2 * tail, 1);
}

// What follows: Press et al. 2007, Numerical Recipes, sections 6.1, 6.2 and 6.4. Terms below it change nothing.
const negligible = 1e-16;
const mostTerms = 10_000;

/** Regularised lower incomplete gamma function of ½, by its series. */
function gammaSeries(z: number): number {
  let term = 2;
  let sum = term;
  for (let n = 1; n < mostTerms && term > sum * negligible; n++) {
    term *= z / (0.5 + n);
    sum += term;
  }
  return (sum * Math.exp(-z) * Math.sqrt(z)) / Math.sqrt(Math.PI);
}

/** Regularised upper incomplete gamma function of ½, by its continued fraction. */
function gammaFraction(z: number): number {
  const fraction = continued(
    z + 0.5,
    (n) => -n * (n - 0.5),
    (n) => z + 0.5 + 2 * n,
  );
  return (Math.exp(-z) * Math.sqrt(z)) / Math.sqrt(Math.PI) / fraction;
}

/** b₀ + a₁ / (b₁ + a₂ / (b₂ + …)), after Lentz. */
function continued(first: number, a: (n: number) => number, b: (n: number) => number): number {
  let value = first;
  let numerator = value;
  let denominator = 0;
  for (let n = 1; n < mostTerms; n++) {
    denominator = 1 / (b(n) + a(n) * denominator);
    numerator = b(n) + a(n) / numerator;
    const factor = numerator * denominator;
    value *= factor;
    if (Math.abs(factor - 1) < negligible) break;
  }
  return value;
}

/** Regularised incomplete beta function. */
function incompleteBeta(a: number, b: number, x: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return x < (a + 1) / (a + b + 2) ? front / (a * betaFraction(a, b, x)) : 1 - front / (b * betaFraction(b, a, 1 - x));
}

function betaFraction(a: number, b: number, x: number): number {
  const term = (n: number): number => {
    const m = Math.floor(n / 2);
    return n % 2 === 0
      ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
      : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
  };
  return continued(1, term, () => 1);
}

/** Lanczos' approximation, g = 7 with nine terms. */
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const shifted = x + 6.5;
  const series = lanczos.slice(1).reduce((sum, term, n) => sum + term / (x + n), lanczos[0]!);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(shifted) - shifted + Math.log(series);
}
