import { normalSf } from '../../special/index.js';
import { Random } from '../../random.js';
import { designOf } from './design.js';
import { logOdds, ridgeLogistic } from './ridge-logistic.js';
import { rowsOf, type Matrix, type RowTable } from './rows.js';

export interface DomainClassifierOptions {
  /** Of the folds, and of the rows where there are more than `mostRows`. */
  readonly seed: number;
  /** 5 unless told. */
  readonly folds?: number;
  /** Of either side, 2,000 unless told. */
  readonly mostRows?: number;
  /** The penalty, 1 unless told. */
  readonly l2?: number;
}

export interface DomainClassifierOutcome {
  /**
   * Area under the ROC curve within folds that the classifier was not trained on: 0.5 where nothing tells the two
   * apart.
   */
  readonly auc: number;
  /** Of an AUC as large without drift. */
  readonly pValue: number;
}

/**
 * Whether a classifier can tell a window's rows from the reference's (Lopez-Paz and Oquab 2017, "Revisiting classifier
 * two-sample tests"): ridge logistic regression of standardised columns, their squares and the most frequent categories
 * (`design.ts`), so that it sees shifts and changes of spread together in all columns, and no change of correlation
 * alone.
 *
 * Rows are put into folds at random, and each fold but the first is scored by a classifier trained on the folds before
 * it (prequential, Dawid 1984). The p-value is Mann and Whitney's of the scores within each fold, their rank sums added
 * up as van Elteren does (1960): without drift a fold's labels are exchangeable given all before it, so that the sums
 * are uncorrelated and their variances add up. Scored by cross-validation, where folds train one another's classifiers,
 * the sums are not: of 150 trials without drift 31 were below 0.1.
 *
 * O(folds·rows·width²).
 *
 * @throws RangeError for tables of different columns, fewer rows than two a fold, options out of range.
 */
export function domainClassifier(
  reference: RowTable,
  window: RowTable,
  { seed, folds = 5, mostRows = 2000, l2 = 1 }: DomainClassifierOptions,
): DomainClassifierOutcome {
  if (!(Number.isInteger(folds) && folds >= 2)) throw new RangeError(`folds: expected 2 or more, got ${folds}`);
  if (!(l2 > 0 && l2 < Infinity)) throw new RangeError(`l2: expected above 0, got ${l2}`);
  const least = 2 * folds;
  if (!(Number.isInteger(mostRows) && mostRows >= least)) {
    throw new RangeError(`mostRows: expected ${least} or more, got ${mostRows}`);
  }
  const sides = (
    [
      ['reference', reference],
      ['window', window],
    ] as const
  ).map(([name, table], stream) => {
    const rows = rowsOf(table, name);
    if (rows < least) throw new RangeError(`${name}: expected ${least} rows or more, got ${rows}`);
    return shuffledRows(rows, new Random(seed, stream)).subarray(0, mostRows);
  });
  const [ofReference, ofWindow] = [sides[0]!, sides[1]!];
  const design = designOf(reference, ofReference, window, ofWindow);
  // Each side is in shuffled order: every row of a fold is `folds` rows after the one before.
  const foldOf = (row: number) => (row < ofReference.length ? row : row - ofReference.length) % folds;
  let [ranks, pairs, variance] = [0, 0, 0];
  for (let fold = 1; fold < folds; fold++) {
    const own = rankSum(scoresOf(design, ofReference.length, (row) => foldOf(row) - fold, l2));
    ranks += own.greater;
    pairs += own.pairs;
    variance += own.variance;
  }
  const z = variance > 0 ? (ranks - pairs / 2) / Math.sqrt(variance) : 0;
  return { auc: ranks / pairs, pValue: normalSf(z) };
}

interface Scores {
  readonly ofReference: Float64Array;
  readonly ofWindow: Float64Array;
}

/** Trained on the rows of which `side` is below 0, of those of which it is 0. */
function scoresOf(design: Matrix, firstOfWindow: number, side: (row: number) => number, l2: number): Scores {
  const { rows, width, values } = design;
  const places = Array.from({ length: rows }, (_, row) => row);
  const training = places.filter((row) => side(row) < 0);
  const heldOut = places.filter((row) => side(row) === 0);
  const trained = new Float64Array(training.length * width);
  training.forEach((row, to) => {
    trained.set(values.subarray(row * width, (row + 1) * width), to * width);
  });
  const labels = Uint8Array.from(training, (row) => (row < firstOfWindow ? 0 : 1));
  const weights = ridgeLogistic({ rows: training.length, width, values: trained }, labels, l2);
  const scored = (of: (row: number) => boolean) =>
    Float64Array.from(heldOut.filter(of), (row) => logOdds(values, weights, row)).sort();
  return { ofReference: scored((row) => row < firstOfWindow), ofWindow: scored((row) => row >= firstOfWindow) };
}

/**
 * Pairs in which the window's score is the greater one, ties for a half, and the variance of that number (Lehmann
 * 1975).
 */
export function rankSum({ ofReference, ofWindow }: Scores): { greater: number; pairs: number; variance: number } {
  const [m, n] = [ofReference.length, ofWindow.length];
  let [i, j, greater, ties] = [0, 0, 0, 0];
  while (i < m || j < n) {
    const value = Math.min(ofReference[i] ?? Infinity, ofWindow[j] ?? Infinity);
    const [fromI, fromJ] = [i, j];
    while (i < m && ofReference[i] === value) i++;
    while (j < n && ofWindow[j] === value) j++;
    greater += (j - fromJ) * (fromI + (i - fromI) / 2);
    const tied = i - fromI + j - fromJ;
    ties += tied ** 3 - tied;
  }
  const rows = m + n;
  return { greater, pairs: m * n, variance: ((m * n) / 12) * (rows + 1 - ties / (rows * (rows - 1))) };
}

function shuffledRows(rows: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: rows }, (_, row) => row);
  for (let last = rows - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const item = order[last]!;
    order[last] = order[other]!;
    order[other] = item;
  }
  return order;
}
