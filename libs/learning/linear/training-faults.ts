import type { FeatureMatrix } from '#libs/contracts/index.js';
import type { TrainingData } from '../model.js';
import type { LearningRefusal } from '../refusal.js';

type Fault = LearningRefusal | undefined;

/** The first thing that keeps a linear model from learning from the data; undefined: it can. */
export function trainingFault({ features, target, classes, weights }: TrainingData): Fault {
  return (
    shapeFault(features) ??
    lengthFault('target', target.length, features.rows) ??
    (classes === 0 ? valueFault(target) : classFault(target, classes)) ??
    (weights === undefined ? undefined : weightFault(weights, features.rows)) ??
    featureFault(features)
  );
}

function shapeFault({ rows, names, columns }: FeatureMatrix): Fault {
  if (rows < 1) return invalid('features', 'have no rows, expected at least 1');
  if (columns.length < 1) return invalid('features', 'have no columns, expected at least 1');
  if (names.length !== columns.length) {
    return invalid('features', `have ${names.length} names, expected ${columns.length} as there are columns`);
  }
  const at = columns.findIndex(({ length }) => length !== rows);
  return at < 0 ? undefined : lengthFault(columnAt(names, at), columns[at]!.length, rows);
}

const lengthFault = (where: string, length: number, rows: number): Fault =>
  length === rows ? undefined : invalid(where, `has ${length} values, expected ${rows} as there are rows`);

function valueFault(target: Float64Array): Fault {
  const row = target.findIndex((value) => !Number.isFinite(value));
  return row < 0 ? undefined : invalid('target', `is ${target[row]!} in row ${row + 1}, expected a finite number`);
}

function classFault(target: Float64Array, classes: number): Fault {
  if (classes === 1) return oneClass('there is 1 class');
  const row = target.findIndex((value) => !(Number.isInteger(value) && value >= 0 && value < classes));
  if (row >= 0) {
    return invalid('target', `is ${target[row]!} in row ${row + 1}, expected a class from 0 to ${classes - 1}`);
  }
  return target.every((value) => value === target[0]) ? oneClass(`all rows are of class ${target[0]!}`) : undefined;
}

const oneClass = (found: string): LearningRefusal => ({
  reason: 'single_class',
  where: 'target',
  detail: `target: ${found}, expected rows of at least 2 classes`,
});

function weightFault(weights: Float64Array, rows: number): Fault {
  const row = weights.findIndex((weight) => !(weight >= 0 && weight < Infinity));
  return (
    lengthFault('weights', weights.length, rows) ??
    (row < 0 ? undefined : invalid('weights', `is ${weights[row]!} in row ${row + 1}, expected a number from 0`)) ??
    (weights.some((weight) => weight > 0) ? undefined : invalid('weights', 'are all 0, expected one that is not'))
  );
}

/** `0 · x` is 0 for every finite x, and NaN for all else: one sum tells whether a column has to be looked at. */
function featureFault({ names, columns }: FeatureMatrix): Fault {
  for (const [at, column] of columns.entries()) {
    let zero = 0;
    for (const value of column) zero += 0 * value;
    if (Number.isNaN(zero)) return unusableValue(columnAt(names, at), column);
  }
  return undefined;
}

function unusableValue(where: string, column: Float32Array): LearningRefusal {
  const row = column.findIndex((value) => !Number.isFinite(value));
  const missing = Number.isNaN(column[row]!);
  const found = missing ? 'missing' : 'infinite';
  return {
    reason: missing ? 'missing_value' : 'infinite_value',
    where,
    detail: `${where}: the value in row ${row + 1} is ${found}, expected finite numbers (linear models take no other)`,
  };
}

const columnAt = (names: readonly string[], at: number): string => `column '${names[at]!}'`;

const invalid = (where: string, what: string): LearningRefusal => ({
  reason: 'invalid_data',
  where,
  detail: `${where} ${what}`,
});
