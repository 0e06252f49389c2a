import { accept, assertNever, reject, type Result } from '#libs/kernel/index.js';
import type { LearningRefusal } from '../refusal.js';
import { groupsOf } from './groups.js';
import { cannotSplit, splitOf, type RowSplit, type SplitInput } from './plan.js';
import { strataOf } from './strata.js';
import { nearestCut, timeOrder, type TimeOrder } from './times.js';

/**
 * `cv_folds` folds of cross-validation. Every row is tested once:
 * - `random`, `stratified`: folds whose sizes, and those of each class in them, differ by at most one;
 * - `grouped`: whole groups, the largest first, each to the fold with the fewest rows;
 *
 * or, with `time`, folds + 1 stretches of about as many rows, parted where the time changes: each after the first is tested
 * with all that is earlier as training.
 *
 * Refused: fewer rows, groups or different times than the folds need, and a class with a single row (stratified).
 */
export function crossFolds(input: SplitInput): Result<readonly RowSplit[], LearningRefusal> {
  const { rows, plan } = input;
  if (rows < plan.cv_folds) {
    return reject(cannotSplit('validation.cv_folds', `there are ${rows} rows, expected at least ${plan.cv_folds}`));
  }
  switch (plan.split) {
    case 'random':
    case 'stratified':
      return byStrata(input);
    case 'grouped':
      return byGroups(input);
    case 'time':
      return byTime(input);
    default:
      return assertNever(plan.split, 'split');
  }
}

/** Rows are dealt to the folds in turn, each class beginning where the one before ended. */
function byStrata(input: SplitInput): Result<readonly RowSplit[], LearningRefusal> {
  const strata = strataOf(input);
  if (!strata.ok) return strata;
  const foldOf = new Int32Array(input.rows);
  let next = 0;
  for (const row of strata.value.flatMap((stratum) => [...stratum])) foldOf[row] = next++ % input.plan.cv_folds;
  return accept(foldsOf((row) => foldOf[row]!, input));
}

function byGroups(input: SplitInput): Result<readonly RowSplit[], LearningRefusal> {
  const groups = groupsOf(input, input.plan.cv_folds);
  if (!groups.ok) return groups;
  const rowsOf = new Array<number>(input.plan.cv_folds).fill(0);
  const foldOf = new Map<number, number>();
  for (const { code, rows } of groups.value.toSorted((a, b) => b.rows - a.rows)) {
    const lightest = rowsOf.indexOf(Math.min(...rowsOf));
    foldOf.set(code, lightest);
    rowsOf[lightest]! += rows;
  }
  return accept(foldsOf((row) => foldOf.get(input.group![row]!)!, input));
}

const foldsOf = (foldOf: (row: number) => number, { rows, plan }: SplitInput): RowSplit[] =>
  Array.from({ length: plan.cv_folds }, (_, fold) => splitOf((row) => foldOf(row) === fold, rows));

function byTime(input: SplitInput): Result<readonly RowSplit[], LearningRefusal> {
  const { rows, plan } = input;
  const order = timeOrder(input, plan.cv_folds + 1);
  if (!order.ok) return order;
  const starts = [...startsOf(order.value, rows, plan.cv_folds), Infinity];
  const time = input.time!;
  return accept(
    starts.slice(0, -1).map((from, fold) => {
      const until = starts[fold + 1]!;
      const seen = Int32Array.from(time.keys()).filter((row) => time[row]! < until);
      return { train: seen.filter((row) => time[row]! < from), test: seen.filter((row) => time[row]! >= from) };
    }),
  );
}

/** Times at which the tested stretches begin, one cut at least left for each. */
function startsOf({ times, cuts }: TimeOrder, rows: number, folds: number): number[] {
  const starts: number[] = [];
  let free = 0;
  for (let fold = 0; fold < folds; fold++) {
    const even = (rows * (fold + 1)) / (folds + 1);
    const cut = nearestCut(cuts, even, free, cuts.length - (folds - fold));
    starts.push(times[cuts[cut]!]!);
    free = cut + 1;
  }
  return starts;
}
