import { encodeRows, fitEncoding, type ColumnEncoding } from './frequency-encoding.js';
import { rowsOf, type Matrix, type RowTable } from './rows.js';
import { symmetricEigen } from './symmetric-eigen.js';

export interface ReconstructionOptions {
  /** The share of the reference's variance that the components keep, 0.65 unless told. */
  readonly explained?: number;
  /**
   * Rows of a chunk of the reference, a tenth of it unless told. A window's error varies as its size does: the window’s
   * usual rows make the thresholds fit.
   */
  readonly chunkRows?: number;
  /** Standard deviations of the chunks' errors that thresholds are apart from their mean, 3 unless told. */
  readonly deviations?: number;
}

/** Plain JSON. */
export interface Reconstruction {
  readonly columns: readonly ColumnEncoding[];
  /** Orthonormal rows of as many numbers as there are columns. */
  readonly components: readonly (readonly number[])[];
  /** The reference's, by chunk. */
  readonly chunkErrors: readonly number[];
  readonly chunkRows: number;
  readonly lower: number;
  readonly upper: number;
}

export interface ReconstructionError {
  /** Mean Euclidean distance of the rows from what the components make of them, in standard deviations. */
  readonly statistic: number;
  /** Of that mean, by the rows' own spread; null of one row. */
  readonly standardError: number | null;
  readonly drifted: boolean;
}

const fewestChunks = 3;

/** Of an error in standard deviations: where the components keep everything, errors and thresholds are nothing else. */
const rounding = 1e-12;

/**
 * Principal components of a reference and how well they reconstruct its chunks: what window errors are compared with.
 * A window whose columns no longer go together as they did is reconstructed worse (or, where variance is lost, better),
 * also where each column by itself has not changed. NannyML's data reconstruction: columns encoded and scaled by
 * `frequency-encoding.ts`, the first components that explain more than `explained` together, thresholds at the mean of
 * the chunks' errors ± 3 of their standard deviations. That is a rule of thumb with no error rate: beside it stand MMD
 * and the domain classifier, which have one. O(rows·columns² + columns³).
 *
 * @throws RangeError for columns without values, fewer than 3 chunks of 2 rows, options out of range.
 */
export function fitReconstruction(reference: RowTable, options: ReconstructionOptions = {}): Reconstruction {
  const { explained = 0.65, deviations = 3 } = options;
  const rows = rowsOf(reference, 'reference');
  const { chunkRows = Math.floor(rows / 10) } = options;
  if (!(explained > 0 && explained <= 1)) throw new RangeError(`explained: expected above 0 up to 1, got ${explained}`);
  if (!(deviations > 0)) throw new RangeError(`deviations: expected above 0, got ${deviations}`);
  if (!(Number.isInteger(chunkRows) && chunkRows >= 2 && chunkRows * fewestChunks <= rows)) {
    throw new RangeError(`chunkRows: expected 2 to a third of the reference’s ${rows} rows, got ${chunkRows}`);
  }
  const columns = fitEncoding(reference);
  const encoded = encodeRows(columns, reference, 'reference');
  const components = principalComponents(encoded, explained);
  const chunkErrors: number[] = [];
  for (let from = 0; from + chunkRows <= rows; from += chunkRows) {
    chunkErrors.push(meanOf(rowErrors(slice(encoded, from, from + chunkRows), components)));
  }
  const mean = meanOf(chunkErrors);
  const apart = deviations * Math.sqrt(meanOf(chunkErrors.map((error) => (error - mean) ** 2)));
  const bounds = { lower: Math.max(mean - apart, 0), upper: mean + apart };
  return { columns, components, chunkErrors, chunkRows, ...bounds };
}

/**
 * A window's error against the reference's thresholds.
 * @throws RangeError where a column is missing, of another kind, or has values that are not finite; for no rows.
 */
export function reconstructionError(fitted: Reconstruction, window: RowTable): ReconstructionError {
  const encoded = encodeRows(fitted.columns, window);
  if (encoded.rows === 0) throw new RangeError('window: expected at least one row');
  const errors = rowErrors(encoded, fitted.components);
  const statistic = meanOf(errors);
  const squares = errors.reduce((sum, error) => sum + (error - statistic) ** 2, 0);
  const { rows } = encoded;
  return {
    statistic,
    standardError: rows < 2 ? null : Math.sqrt(squares / (rows - 1) / rows),
    drifted: statistic < fitted.lower - rounding || statistic > fitted.upper + rounding,
  };
}

/** As scikit-learn chooses their number: the first ones whose shares of the variance add up to more than asked for. */
function principalComponents({ rows, width, values }: Matrix, explained: number): number[][] {
  const covariance = new Float64Array(width * width);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < width; i++) {
      const value = values[row * width + i]!;
      for (let j = i; j < width; j++) covariance[i * width + j]! += value * values[row * width + j]!;
    }
  }
  for (let i = 0; i < width; i++) for (let j = 0; j < i; j++) covariance[i * width + j] = covariance[j * width + i]!;
  const { values: variances, vectors } = symmetricEigen(covariance, width);
  const total = variances.reduce((sum, variance) => sum + variance, 0);
  const components: number[][] = [];
  let share = 0;
  for (let k = 0; k < width && (share <= explained || k === 0); k++) {
    components.push([...vectors.subarray(k * width, (k + 1) * width)]);
    share += total > 0 ? variances[k]! / total : 1;
  }
  return components;
}

function rowErrors({ rows, width, values }: Matrix, components: readonly (readonly number[])[]): Float64Array {
  const errors = new Float64Array(rows);
  const rest = new Float64Array(width);
  for (let row = 0; row < rows; row++) {
    const own = values.subarray(row * width, (row + 1) * width);
    rest.set(own);
    for (const component of components) {
      let score = 0;
      for (let i = 0; i < width; i++) score += own[i]! * component[i]!;
      for (let i = 0; i < width; i++) rest[i]! -= score * component[i]!;
    }
    errors[row] = Math.sqrt(rest.reduce((sum, value) => sum + value * value, 0));
  }
  return errors;
}

const slice = ({ width, values }: Matrix, from: number, to: number): Matrix => ({
  rows: to - from,
  width,
  values: values.subarray(from * width, to * width),
});

function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at]!;
  return sum / values.length;
}
