import type { ValidationPlan } from '#libs/contracts/index.js';
import type { LearningRefusal } from '../refusal.js';

/** Rows to part; every array has one entry for each row. */
export interface SplitInput {
  readonly rows: number;
  /** Number of the class, 0 to classes − 1; of a regression the value. */
  readonly target: ArrayLike<number>;
  /** 0: a regression. */
  readonly classes: number;
  readonly plan: ValidationPlan;
  /** Of a `grouped` plan: rows of one code stay together; -1, a missing group, is a group too. */
  readonly group?: Int32Array;
  /** Of a `time` plan: any number that rises with time. */
  readonly time?: Float64Array;
  readonly seed: number;
}

/** Row numbers, ascending; every row is in one of the two, but for time-ordered folds, which leave out what is later. */
export interface RowSplit {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

export const cannotSplit = (where: string, detail: string): LearningRefusal => ({
  reason: 'cannot_split',
  where,
  detail: `${where}: ${detail}`,
});

export const splitMissing = (where: string, what: string): LearningRefusal =>
  cannotSplit('validation.split', `${where} needs ${what}`);

/** Rows of training and test from the rows of test. */
export function splitOf(isTest: (row: number) => boolean, rows: number): RowSplit {
  const train: number[] = [];
  const test: number[] = [];
  for (let row = 0; row < rows; row++) (isTest(row) ? test : train).push(row);
  return { train: Int32Array.from(train), test: Int32Array.from(test) };
}
