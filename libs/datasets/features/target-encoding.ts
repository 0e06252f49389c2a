import { single } from './adjustment.js';
import { foldsOf } from './folds.js';

export interface Supervision {
  /** By row of the table: the number of its class, or its value. */
  readonly target: Float64Array;
  /** 0: the target is a number. */
  readonly classes: number;
  readonly seed: number;
}

export interface TargetEncoding {
  /** By category, then by output. */
  readonly values: readonly (readonly number[])[];
  readonly otherwise: readonly number[];
}

/** The targets of chosen rows, and what the outputs of an encoding are the means of. */
export interface Targets {
  /** Null: the target is a number. */
  readonly classes: Int32Array | null;
  /** One, or one for each class but the first where there are several: 1 for its rows. */
  readonly outputs: readonly Float64Array[];
}

export const targetOutputs = (classes: number): number => Math.max(1, classes - 1);

/** @param rows null: all. @throws RangeError where a target is no number, or no class. */
export function targetsOf(rows: Int32Array | null, { target, classes }: Supervision): Targets {
  const values = new Float64Array(rows?.length ?? target.length);
  for (let at = 0; at < values.length; at++) {
    const value = target[rows === null ? at : rows[at]!] ?? Number.NaN;
    const fits = classes === 0 ? Number.isFinite(value) : Number.isInteger(value) && value >= 0 && value < classes;
    if (!fits) {
      const expected = classes === 0 ? 'a number' : `a class from 0 to ${classes - 1}`;
      throw new RangeError(`target encoding: a row has target ${value}, expected ${expected}`);
    }
    values[at] = value;
  }
  if (classes === 0) return { classes: null, outputs: [values] };
  const outputs = Array.from({ length: targetOutputs(classes) }, (_, output) =>
    values.map((value) => (value === output + 1 ? 1 : 0)),
  );
  return { classes: new Int32Array(values), outputs };
}

/**
 * Means of the outputs by category, each drawn towards the overall mean as by `smoothing` more rows with that mean.
 * @param positions category of each row, -1 where it has none: these rows count towards the overall mean alone.
 */
export function encodeTarget(
  positions: Int32Array,
  categories: number,
  { outputs }: Targets,
  smoothing: number,
): TargetEncoding {
  const encoded = outputs.map((output) => {
    const sums = sumsByFold(positions, categories, output, null, 1);
    return means(sums, categories, smoothing, null);
  });
  return {
    values: Array.from({ length: categories }, (_, category) => encoded.map(({ byCategory }) => byCategory[category]!)),
    otherwise: encoded.map(({ otherwise }) => otherwise),
  };
}

/** For each row the mean that the rows of the other folds give its category: its own target is not in it. */
export function encodeOutOfFold(
  positions: Int32Array,
  categories: number,
  { classes, outputs }: Targets,
  { smoothing, folds, seed }: { readonly smoothing: number; readonly folds: number; readonly seed: number },
): Float32Array[] {
  const fold = foldsOf(positions.length, classes, folds, seed);
  return outputs.map((output) => {
    const sums = sumsByFold(positions, categories, output, fold, folds);
    const others = Array.from({ length: folds }, (_, left) => means(sums, categories, smoothing, left));
    return new Float32Array(positions.length).map((_, row) => {
      const { byCategory, otherwise } = others[fold[row]!]!;
      return byCategory[positions[row]!] ?? otherwise;
    });
  });
}

/** By fold, then by category; the last of each fold is for rows of no category. */
interface Sums {
  readonly sum: Float64Array;
  readonly count: Float64Array;
}

function sumsByFold(
  positions: Int32Array,
  categories: number,
  values: Float64Array,
  fold: Uint8Array | null,
  folds: number,
): Sums {
  const width = categories + 1;
  const sum = new Float64Array(width * folds);
  const count = new Float64Array(width * folds);
  for (let row = 0; row < positions.length; row++) {
    const position = positions[row]!;
    const at = (fold === null ? 0 : fold[row]! * width) + (position < 0 ? categories : position);
    sum[at]! += values[row]!;
    count[at]!++;
  }
  return { sum, count };
}

/** @param without a fold that does not count; null: all do. */
function means(
  { sum, count }: Sums,
  categories: number,
  smoothing: number,
  without: number | null,
): { readonly byCategory: Float64Array; readonly otherwise: number } {
  const width = categories + 1;
  // Added up again rather than taken off the whole: a difference would keep what rounding made of the fold's own rows.
  const totalOf = (of: Float64Array) => {
    const total = new Float64Array(width);
    for (let at = 0; at < of.length; at++) if (Math.floor(at / width) !== without) total[at % width]! += of[at]!;
    return total;
  };
  const [sums, counts] = [totalOf(sum), totalOf(count)];
  const rows = counts.reduce((total, each) => total + each, 0);
  const overall = rows === 0 ? 0 : sums.reduce((total, each) => total + each, 0) / rows;
  const byCategory = sums.subarray(0, categories).map((total, category) => {
    const own = counts[category]!;
    return single(own === 0 ? overall : (total + smoothing * overall) / (own + smoothing));
  });
  return { byCategory, otherwise: single(overall) };
}
