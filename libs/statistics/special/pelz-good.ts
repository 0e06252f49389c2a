/**
 * P(Dₙ ≤ d): Kolmogorov's limit with three corrections in powers of 1/√n.
 *
 * Pelz and Good 1976, "Approximating the lower tail-areas of the Kolmogorov–Smirnov one-sample statistic", with z = d√n. O(1);
 * the error falls with n, from 3e-6 at n = 141.
 */
export function pelzGoodCdf(d: number, n: number): number {
  const z = Math.sqrt(n) * d;
  const z2 = z * z;
  const z4 = z2 * z2;
  const z6 = z4 * z2;
  const pi2 = Math.PI ** 2;
  let [k0, k1, k2, k3] = [0, 0, 0, 0];
  for (let k = Math.ceil((16 * z) / Math.PI); k > 0; k--) {
    const half = pi2 * (k - 0.5) ** 2;
    const atHalf = Math.exp(-half / (2 * z2));
    k0 += atHalf;
    k1 += (half - z2) * atHalf;
    k2 += (6 * z6 + 2 * z4 + half * (2 * z4 - 5 * z2 + half * (1 - 2 * z2))) * atHalf;
    const cubic = 135 * z4 - 96 * z6 + half * (212 * z4 - 60 * z2 + half * (5 - 30 * z2));
    k3 += (half * cubic - 30 * z6 - 90 * z4 * z4) * atHalf;
    const full = pi2 * k * k;
    const atFull = Math.exp(-full / (2 * z2));
    k2 -= 2 * z4 * full * atFull;
    k3 += 30 * z4 * full * (3 * z2 - full) * atFull;
  }
  const corrections =
    k0 / z +
    (k1 / (6 * z4) + (k2 / (72 * z6 * z) + k3 / (6480 * z6 * z4) / Math.sqrt(n)) / Math.sqrt(n)) / Math.sqrt(n);
  return Math.sqrt(2 * Math.PI) * corrections;
}
