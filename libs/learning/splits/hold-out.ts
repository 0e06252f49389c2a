import { accept, assertNever, reject, type Result } from '#libs/kernel/index.js';
import type { LearningRefusal } from '../refusal.js';
import { groupsOf } from './groups.js';
import { cannotSplit, splitOf, type RowSplit, type SplitInput } from './plan.js';
import { strataOf } from './strata.js';
import { nearestCut, timeOrder } from './times.js';

/**
 * Parts rows into those of training and those held out, about `test_size` of all and at least one on each side:
 * - `random`, `stratified` (each class by itself, with rows on both sides);
 * - `grouped`: whole groups, drawn in the seed's order as long as they bring the share nearer;
 * - `time`: the latest rows, parted where the time changes.
 *
 * Refused: a single row, a class with a single row (stratified), fewer than two groups, or times that are all equal.
 */
export function holdOut(input: SplitInput): Result<RowSplit, LearningRefusal> {
  const { rows, plan } = input;
  if (rows < 2) return reject(cannotSplit('validation.test_size', `there are ${rows} rows, expected at least 2`));
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

/** Rows to hold out, as scikit-learn rounds. */
const wanted = ({ rows, plan }: SplitInput): number => Math.min(Math.ceil(plan.test_size * rows), rows - 1);

function byStrata(input: SplitInput): Result<RowSplit, LearningRefusal> {
  const strata = strataOf(input);
  if (!strata.ok) return strata;
  const counts = apportioned(
    strata.value.map(({ length }) => length),
    wanted(input),
  );
  const isTest = new Uint8Array(input.rows);
  for (const [index, stratum] of strata.value.entries()) {
    for (const row of stratum.subarray(0, counts[index])) isTest[row] = 1;
  }
  return accept(splitOf((row) => isTest[row] === 1, input.rows));
}

/** Shares of `total` by the largest remainders, of each size at least one and at most all but one. */
function apportioned(sizes: readonly number[], total: number): number[] {
  const all = sizes.reduce((sum, size) => sum + size, 0);
  const exact = sizes.map((size) => (size * total) / all);
  const counts = exact.map((share, index) => Math.min(Math.max(Math.floor(share), 1), sizes[index]! - 1));
  const byRemainder = exact
    .map((share, index) => ({ index, remainder: share - Math.floor(share) }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  let left = total - counts.reduce((sum, count) => sum + count, 0);
  for (const { index } of byRemainder) {
    if (left <= 0) break;
    if (counts[index]! >= sizes[index]! - 1) continue;
    counts[index]!++;
    left--;
  }
  return counts;
}

function byGroups(input: SplitInput): Result<RowSplit, LearningRefusal> {
  const groups = groupsOf(input, 2);
  if (!groups.ok) return groups;
  const want = wanted(input);
  const held = new Set<number>();
  let rows = 0;
  for (const { code, rows: more } of groups.value) {
    if (held.size === groups.value.length - 1 || Math.abs(rows + more - want) >= Math.abs(rows - want)) continue;
    held.add(code);
    rows += more;
  }
  if (held.size === 0) held.add(groups.value.reduce((least, each) => (each.rows < least.rows ? each : least)).code);
  return accept(splitOf((row) => held.has(input.group![row]!), input.rows));
}

function byTime(input: SplitInput): Result<RowSplit, LearningRefusal> {
  const order = timeOrder(input, 2);
  if (!order.ok) return order;
  const { times, cuts } = order.value;
  const from = times[cuts[nearestCut(cuts, input.rows - wanted(input))]!]!;
  return accept(splitOf((row) => input.time![row]! >= from, input.rows));
}
