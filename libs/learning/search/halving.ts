import type { SearchPlan, Trial } from '#libs/contracts/index.js';
import { byScore } from './winner.js';

/** Trials of one budget, in a row: `first` is the index of the first of them. */
export interface Rung {
  readonly first: number;
  readonly trials: number;
  readonly budget: number;
  /** The rung of the same bracket that its trials are promoted from; null: they are drawn. */
  readonly from: Rung | null;
  /** Drawn trials of the rungs before this one. */
  readonly drawnBefore: number;
}

/** Of a rung, one in so many is promoted, and gets so many times the rows. */
const eta = 3;

/** The smallest budget is eta to the minus so much: 1/27 of the rows. */
const mostHalvings = 3;

/** A time limit costs the promotions of at most one bracket. */
const largestBracket = 120;

/**
 * Successive halving (Jamieson and Talwalkar 2016), in brackets one after the other: at the lowest rung drawn
 * configurations get a small share of the rows, the best third of a rung goes to the next one with three times the share,
 * the last rung has all rows. Brackets hold at most 120 trials, as nearly as many each as can be; of n trials a bracket has
 * as many rungs (four at most) as 1 + 3 + 9 + … ≤ n allows, so that less than four are drawn at full budget. Twenty trials:
 * 14 at 1/9, 5 at 1/3, 1 in full.
 * @param most configurations that can be drawn: a bracket that would draw more is left out.
 */
export function rungsOf(plan: SearchPlan, most: number): readonly Rung[] {
  const brackets = Math.ceil(plan.trials / largestBracket);
  const rungs: Rung[] = [];
  let first = 0;
  let drawnBefore = 0;
  for (let bracket = 0; bracket < brackets; bracket++) {
    const last = Math.floor((plan.trials * (bracket + 1)) / brackets);
    const sizes = fittingSizes(last - first, most - drawnBefore);
    for (const [step, trials] of sizes.entries()) {
      const from = step === 0 ? null : rungs.at(-1)!;
      rungs.push({ first, trials, budget: 1 / eta ** (sizes.length - 1 - step), from, drawnBefore });
      first += trials;
      if (step === 0) drawnBefore += trials;
    }
    if (drawnBefore >= most) break;
  }
  return rungs;
}

/** The sizes of the rungs of the largest bracket that draws no more than `most`. */
function fittingSizes(trials: number, most: number): readonly number[] {
  for (let fewer = trials; fewer > 0; fewer--) {
    const sizes = rungSizes(fewer);
    if (sizes[0]! <= most) return sizes;
  }
  return [];
}

/** Trials of each rung from the lowest, `trials` in all. */
export function rungSizes(trials: number): readonly number[] {
  let halvings = 0;
  while (halvings < mostHalvings && (eta ** (halvings + 2) - 1) / (eta - 1) <= trials) halvings++;
  let lowest = eta ** halvings;
  while (sum(bracketFrom(lowest + 1, halvings)) <= trials) lowest++;
  const sizes = bracketFrom(lowest, halvings);
  // Less than one trial a rung is left: the second one takes them.
  const second = sizes[1];
  if (second !== undefined) sizes[1] = second + trials - sum(sizes);
  return sizes;
}

const bracketFrom = (lowest: number, halvings: number): number[] =>
  Array.from({ length: halvings + 1 }, (_, step) => Math.floor(lowest / eta ** step));

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

export const rungAt = (rungs: readonly Rung[], index: number): Rung => rungs.findLast(({ first }) => first <= index)!;

/**
 * The trials that are promoted from a rung, best first. Failed ones come last: what fails on few rows, as for a class
 * without a row, need not fail on more.
 */
export const promotedFrom = (rung: Rung, completed: readonly Trial[]): readonly Trial[] =>
  completed.filter(({ index }) => index >= rung.first && index < rung.first + rung.trials).sort(byScore);
