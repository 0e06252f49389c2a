import { permutationTail } from './tail.js';

export interface PermutationOutcome {
  readonly pValue: number;
  readonly by: 'permutations' | 'permutation_tail';
}

/** Where fewer permutations are as far out, their share says little about the tail (Knijnenburg et al. 2009). */
const fewestBeyond = 10;

/**
 * P-value of a statistic that is large under drift, by redrawing which rows are the window's: (b + 1) / (B + 1) of B
 * permutations of which b reach the observed one (Phipson and Smyth 2010), which holds whatever the distribution.
 *
 * That is never below 1 / (B + 1), and nothing above 1e-8 survives a correction over 200 columns and a year of windows.
 * Where fewer than 10 of at least 99 permutations reach the observed one, the tail fitted to them takes over if it is
 * smaller (`permutation_tail`): it is an estimate, kept on the careful side.
 *
 * @param draw gives the statistic of one more permutation.
 */
export function permutationTest(observed: number, permutations: number, draw: () => number): PermutationOutcome {
  const drawn = Float64Array.from({ length: permutations }, draw);
  // The same rows summed in another order are the same statistic.
  const reached = observed - Math.abs(observed) * 1e-12;
  let beyond = 0;
  for (const statistic of drawn) if (statistic >= reached) beyond++;
  const share = (beyond + 1) / (permutations + 1);
  if (beyond >= fewestBeyond || permutations < 99) return { pValue: share, by: 'permutations' };
  const tail = permutationTail(drawn, observed);
  return tail < share ? { pValue: tail, by: 'permutation_tail' } : { pValue: share, by: 'permutations' };
}
