import { accept, reject, type Result } from '#libs/kernel/index.js';
import { Random } from '../random.js';
import type { LearningRefusal } from '../refusal.js';
import { cannotSplit, splitMissing, type SplitInput } from './plan.js';

export interface Group {
  readonly code: number;
  readonly rows: number;
}

/** Groups in an order that the seed decides. Refused: fewer than `least`. */
export function groupsOf({ group, seed }: SplitInput, least: number): Result<readonly Group[], LearningRefusal> {
  if (group === undefined) return reject(splitMissing('grouped', 'a group for each row'));
  const counts = new Map<number, number>();
  for (const code of group) counts.set(code, (counts.get(code) ?? 0) + 1);
  if (counts.size < least) {
    return reject(cannotSplit('validation.by', `there are ${counts.size} groups, expected at least ${least}`));
  }
  const groups = [...counts].map(([code, rows]) => ({ code, rows })).sort((a, b) => a.code - b.code);
  return accept(new Random(seed, 0x67726f75).shuffle(groups));
}
