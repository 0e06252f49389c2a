import { setImmediate } from 'node:timers/promises';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import type { TrainingContext, TrainingData, TrainingScores } from '../model.js';
import type { LearningRefusal } from '../refusal.js';

/** What training goes by: rows that count, and what they count. */
export interface UsedRows {
  /** Ascending; those of weight 0 are not there. */
  readonly rows: Uint32Array;
  /** With a mean of 1, so that their unit changes nothing; null: every row counts the same. */
  readonly weights: Float64Array | null;
}

/** Refused: arrays that do not fit together, targets that are no classes or no numbers, weights that are none. */
export function usedRows(data: TrainingData): Result<UsedRows, LearningRefusal> {
  const fault = lengthFault(data) ?? targetFault(data) ?? weightFault(data);
  if (fault !== null) return reject(fault);
  const { features, weights } = data;
  const rows = new Uint32Array(features.rows);
  let count = 0;
  let sum = 0;
  for (let row = 0; row < features.rows; row++) {
    const weight = weights?.[row] ?? 1;
    sum += weight;
    if (weight > 0) rows[count++] = row;
  }
  if (count === 0) return reject(invalid(null, 'there is no row with a weight, expected at least one'));
  return accept({
    rows: rows.slice(0, count),
    weights: weights === undefined ? null : weights.map((weight) => (weight * count) / sum),
  });
}

function lengthFault({ features, target, weights }: TrainingData): LearningRefusal | null {
  const { rows, columns, names } = features;
  if (columns.length === 0) return invalid('features', 'features has no columns, expected at least one');
  if (names.length !== columns.length) return misfit('features.names', names.length, columns.length);
  for (const [index, column] of columns.entries()) {
    if (column.length !== rows) return misfit(`column '${names[index]!}'`, column.length, rows);
  }
  if (target.length !== rows) return misfit('target', target.length, rows);
  if (weights !== undefined && weights.length !== rows) return misfit('weights', weights.length, rows);
  return null;
}

function targetFault({ target, classes }: TrainingData): LearningRefusal | null {
  if (classes !== 0 && !(Number.isInteger(classes) && classes >= 2)) {
    return invalid('classes', `classes is ${classes}, expected 0 for a regression, or 2 and more`);
  }
  const isRight = (value: number) =>
    classes === 0 ? Math.abs(value) <= largestTarget : Number.isInteger(value) && value >= 0 && value < classes;
  const row = target.findIndex((value) => !isRight(value));
  if (row < 0) return null;
  const expected = classes === 0 ? `a number up to ${largestTarget}` : `a class from 0 to ${classes - 1}`;
  return invalid('target', `target of row ${row} is ${target[row]!}, expected ${expected}`);
}

/** Leaves are float32, and sums of their squares must not overflow. */
const largestTarget = 1e37;

function weightFault({ weights }: TrainingData): LearningRefusal | null {
  const row = weights?.findIndex((weight) => !(weight >= 0 && Number.isFinite(weight))) ?? -1;
  if (row < 0) return null;
  return invalid('weights', `weight of row ${row} is ${weights![row]!}, expected a finite number that is not negative`);
}

const invalid = (where: string | null, detail: string): LearningRefusal => ({ reason: 'invalid_data', where, detail });

const misfit = (where: string, length: number, expected: number): LearningRefusal =>
  invalid(where, `${where} has ${length} entries, expected ${expected}`);

/** Runs a training in this thread; between two of its parts others have their turn. */
export async function yielding<Scores extends TrainingScores | undefined, Result>(
  training: Generator<Scores, Result>,
  context: TrainingContext,
  of: number,
): Promise<Result> {
  context.signal?.throwIfAborted();
  let part = training.next();
  for (let done = 1; part.done !== true; done++) {
    if (part.value === undefined) context.onProgress?.(done, of);
    else context.onProgress?.(done, of, part.value);
    await setImmediate();
    context.signal?.throwIfAborted();
    part = training.next();
  }
  return part.value;
}
