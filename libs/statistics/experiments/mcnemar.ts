import { betaCdf, chiSquareSf } from '../special/index.js';

export interface McNemar {
  /** Two-sided, from the binomial distribution. */
  readonly exact: number;
  /** χ² with Edwards' continuity correction, and its p-value. */
  readonly corrected: { readonly statistic: number; readonly pValue: number };
}

/**
 * Whether two models that answer the same rows are right as often (McNemar 1947): only rows on which one alone is right tell
 * anything. Exact at any number of them; corrected (Edwards 1948) for comparison with what other tools print, from 25 of them up.
 * Both are for a horizon fixed beforehand.
 *
 *     mcnemar(10, 2)   { exact: 0.038574, corrected: { statistic: 4.083333, pValue: 0.043308 } }
 *
 * @throws RangeError for counts that are none.
 */
export function mcnemar(onlyA: number, onlyB: number): McNemar {
  for (const [name, count] of [['onlyA', onlyA] as const, ['onlyB', onlyB] as const]) {
    if (!(Number.isSafeInteger(count) && count >= 0)) {
      throw new RangeError(`${name}: expected a whole number of 0 or more, got ${count}`);
    }
  }
  const discordant = onlyA + onlyB;
  if (discordant === 0) return { exact: 1, corrected: { statistic: 0, pValue: 1 } };
  const fewer = Math.min(onlyA, onlyB);
  const statistic = Math.max(Math.abs(onlyA - onlyB) - 1, 0) ** 2 / discordant;
  return {
    exact: Math.min(2 * betaCdf(0.5, discordant - fewer, fewer + 1), 1),
    corrected: { statistic, pValue: chiSquareSf(statistic, 1) },
  };
}
