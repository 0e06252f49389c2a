import { accept, reject, type Result } from '#libs/kernel/index.js';
import { Random } from '../random.js';
import type { LearningRefusal } from '../refusal.js';
import { cannotSplit, type SplitInput } from './plan.js';

/** Rows of each class, shuffled; one stratum where the split is random. Refused: a class with a single row. */
export function strataOf({ rows, target, classes, plan, seed }: SplitInput): Result<Int32Array[], LearningRefusal> {
  const random = new Random(seed, 0x73706c69);
  if (plan.split === 'random') {
    return accept([random.shuffle(Int32Array.from({ length: rows }, (_, row) => row))]);
  }
  if (classes === 0)
    return reject(cannotSplit('validation.split', 'stratified needs classes, and the target has none'));
  const byClass = Array.from({ length: classes }, (): number[] => []);
  for (let row = 0; row < rows; row++) byClass[target[row]!]?.push(row);
  const single = byClass.findIndex(({ length }) => length === 1);
  if (single >= 0) {
    return reject(cannotSplit('target', `class ${single} has a single row, expected at least 2 in a stratified split`));
  }
  return accept(byClass.filter(({ length }) => length > 0).map((each) => random.shuffle(Int32Array.from(each))));
}
