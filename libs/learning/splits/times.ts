import { accept, reject, type Result } from '#libs/kernel/index.js';
import type { LearningRefusal } from '../refusal.js';
import { cannotSplit, splitMissing, type SplitInput } from './plan.js';

/** Rows in order of time. */
export interface TimeOrder {
  /** Time of the row at each position of the order. */
  readonly times: Float64Array;
  /** Positions at which a later time begins, ascending; where rows may be parted. */
  readonly cuts: readonly number[];
}

/** Refused: a missing time, and fewer than `least` different ones. */
export function timeOrder({ time, rows }: SplitInput, least: number): Result<TimeOrder, LearningRefusal> {
  if (time === undefined) return reject(splitMissing('time', 'a time for each row'));
  const missing = time.reduce((count, value) => count + Number(Number.isNaN(value)), 0);
  if (missing > 0) {
    return reject(cannotSplit('validation.by', `${missing} of ${rows} rows have no time, expected one for each`));
  }
  const times = time.toSorted();
  const cuts: number[] = [];
  for (let at = 1; at < times.length; at++) if (times[at] !== times[at - 1]) cuts.push(at);
  if (cuts.length + 1 < least) {
    const found = cuts.length === 0 ? 'all times are equal' : `there are ${cuts.length + 1} different times`;
    return reject(cannotSplit('validation.by', `${found}, expected at least ${least} different times`));
  }
  return accept({ times, cuts });
}

/** The cut that is nearest to a position, of equals the earlier one, at index `from` to `to` of the cuts. */
export function nearestCut(cuts: readonly number[], position: number, from = 0, to = cuts.length - 1): number {
  let nearest = from;
  for (let at = from + 1; at <= to; at++) {
    if (Math.abs(cuts[at]! - position) < Math.abs(cuts[nearest]! - position)) nearest = at;
  }
  return nearest;
}
