/** Feature names of the benchmark's forest, in the order of its input's columns: f00 … f29. */
export const featureNames: readonly string[] = Array.from({ length: 30 }, (_, i) => `f${String(i).padStart(2, '0')}`);

/**
 * Different rows, uniform on [0, 1) with six decimals: the distribution that the forest was trained on. The same
 * `seed` gives the same rows.
 *
 * They are many because a repeated row flatters a forest: its branches become predictable.
 */
export function makeRows(count: number, seed: number): number[][] {
  const next = xorshift32(seed);
  return Array.from({ length: count }, () => featureNames.map(() => Math.floor(next() * 1e6) / 1e6));
}

/** A row as the API takes it. */
export const namedRow = (row: readonly number[]): Record<string, number> =>
  Object.fromEntries(featureNames.map((name, i) => [name, row[i]!]));

/** Marsaglia's 32-bit xorshift (Journal of Statistical Software 8, 2003): plenty for load. Its state is never zero. */
function xorshift32(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
