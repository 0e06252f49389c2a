import { assertNever } from '#libs/kernel/index.js';
import { normalQuantile } from '../special/index.js';
import { checkLevel, type IntervalOptions, type MetricInterval } from './interval.js';
import { meanInterval, sampleMoments, rootMeanInterval } from './mean-interval.js';
import { rocAreaInterval } from './roc-interval.js';
import { checkClasses, checkLabelled, wholeRows, type LabelledRows } from './rows.js';
import { wilsonInterval } from './wilson.js';

export type ClassificationIntervals = Readonly<
  Record<'accuracy' | 'precision' | 'recall' | 'f1' | 'specificity', MetricInterval>
>;

export interface CountOptions {
  /** Share of samples whose interval holds the true figure, default 0.95. */
  readonly level?: number;
  /** Rows below which there is not enough evidence, default 30. */
  readonly fewest?: number;
}

/**
 * Intervals of a classifier's metrics from its confusion counts, which add up over windows. Two classes: of class 1; all are
 * shares, with Wilson's interval; F1 too, as it is 2J / (1 + J) of J, the share of hits among hits, misses and false alarms. More
 * classes: accuracy by Wilson, the others, plain means over classes, by the delta method for the multinomial counts (Takahashi
 * et al. 2022 for F1), within 0 to 1.
 *
 *     classificationIntervals([50, 5, 10, 35], 2).recall   { value: 0.777778, low: 0.637307, high: 0.874553, rows: 45 }
 *
 * @param counts [classes × classes], row i: rows of class i by the class that was answered.
 * @throws RangeError for another number of counts, or what is no count.
 */
export function classificationIntervals(
  counts: ArrayLike<number>,
  classes: number,
  options: CountOptions = {},
): ClassificationIntervals {
  const { level = 0.95, fewest = 30 } = options;
  checkLevel(level);
  checkCounts(counts, classes);
  const at = (truth: number, answer: number) => counts[truth * classes + answer]!;
  let [rows, right] = [0, 0];
  for (let cell = 0; cell < counts.length; cell++) rows += counts[cell]!;
  for (let index = 0; index < classes; index++) right += at(index, index);
  const accuracy = wilsonInterval(right, rows, options);
  if (classes > 2) return { accuracy, ...macroIntervals(counts, classes, rows, level, fewest) };
  const [rejections, falseAlarms, misses, hits] = [at(0, 0), at(0, 1), at(1, 0), at(1, 1)];
  return {
    accuracy,
    precision: wilsonInterval(hits, hits + falseAlarms, options),
    recall: wilsonInterval(hits, hits + misses, options),
    f1: fromJaccard(wilsonInterval(hits, hits + misses + falseAlarms, options)),
    specificity: wilsonInterval(rejections, rejections + falseAlarms, options),
  };
}

/** Confusion counts of rows: [classes × classes], row i those of class i. */
export function confusionCounts(
  targets: ArrayLike<number>,
  predictions: ArrayLike<number>,
  classes: number,
): Float64Array {
  checkClasses('targets', targets, targets.length, classes);
  checkClasses('predictions', predictions, targets.length, classes);
  const counts = new Float64Array(classes * classes);
  for (let row = 0; row < targets.length; row++) counts[targets[row]! * classes + predictions[row]!]!++;
  return counts;
}

/**
 * The area under the ROC curve beside the metrics above. More than two classes: of each against the rest, by class.
 * @returns rows without all their probabilities are left out.
 */
export function rocAreaIntervals(rows: LabelledRows, classes: number, options: IntervalOptions = {}): MetricInterval[] {
  checkLabelled(rows, classes);
  const whole = wholeRows(rows, classes);
  const width = classes === 2 ? 1 : classes;
  return Array.from({ length: width }, (_, index) => {
    const wanted = classes === 2 ? 1 : index;
    return rocAreaInterval(
      Float64Array.from(whole, (row) => rows.probabilities[row * width + index]!),
      Uint8Array.from(whole, (row) => Number(rows.targets[row] === wanted)),
      options,
    );
  });
}

/** Of a regression's errors. @throws RangeError for values that are not finite, or not as many of both. */
export function regressionIntervals(
  targets: ArrayLike<number>,
  predictions: ArrayLike<number>,
  options: IntervalOptions = {},
): Readonly<Record<'mae' | 'rmse', MetricInterval>> {
  if (targets.length !== predictions.length) {
    throw new RangeError(`predictions: expected ${targets.length} values, got ${predictions.length}`);
  }
  const errors = Float64Array.from(targets, (target, row) => predictions[row]! - target);
  return {
    mae: meanInterval(sampleMoments(errors.map(Math.abs)), options),
    rmse: rootMeanInterval(sampleMoments(errors.map((error) => error * error)), options),
  };
}

function fromJaccard(interval: MetricInterval): MetricInterval {
  const f1 = (share: number) => (2 * share) / (1 + share);
  if (!interval.enough) return { ...interval, value: interval.value === null ? null : f1(interval.value) };
  return { ...interval, value: f1(interval.value), low: f1(interval.low), high: f1(interval.high) };
}

type MacroMetric = 'precision' | 'recall' | 'f1' | 'specificity';

/** Counts of one class against the rest, or what each changes of a metric of the class when it grows by one row. */
interface Cells {
  readonly hits: number;
  readonly misses: number;
  readonly falseAlarms: number;
  readonly rejections: number;
}

function macroIntervals(
  counts: ArrayLike<number>,
  classes: number,
  rows: number,
  level: number,
  fewest: number,
): Record<MacroMetric, MetricInterval> {
  const cells = Array.from({ length: classes }, (_, index) => cellsOf(counts, classes, rows, index));
  const of = (metric: MacroMetric): MetricInterval => {
    const found = cells.flatMap((each, index) => {
      // A class that neither has rows nor is answered has no say.
      if (each.hits + each.misses + each.falseAlarms === 0) return [];
      return [{ index, ...figureOf(metric, each) }];
    });
    const value = found.length === 0 ? null : found.reduce((sum, figure) => sum + figure.value, 0) / found.length;
    if (value === null || rows < fewest) return { enough: false, value, rows, needed: Math.max(fewest, 1) };
    const gradient = gradientOf(found, classes);
    const half = normalQuantile((1 + level) / 2) * Math.sqrt(deltaVariance(counts, classes, gradient));
    return { enough: true, value, low: Math.max(value - half, 0), high: Math.min(value + half, 1), rows };
  };
  return { precision: of('precision'), recall: of('recall'), f1: of('f1'), specificity: of('specificity') };
}

function cellsOf(counts: ArrayLike<number>, classes: number, rows: number, index: number): Cells {
  let [truths, answers] = [0, 0];
  for (let other = 0; other < classes; other++) {
    truths += counts[index * classes + other]!;
    answers += counts[other * classes + index]!;
  }
  const hits = counts[index * classes + index]!;
  const [misses, falseAlarms] = [truths - hits, answers - hits];
  return { hits, misses, falseAlarms, rejections: rows - hits - misses - falseAlarms };
}

const noSlopes: Cells = { hits: 0, misses: 0, falseAlarms: 0, rejections: 0 };

/** A class's metric, 0 where it is not defined, and its derivative by each of the counts. */
function figureOf(metric: MacroMetric, cells: Cells): { value: number; slopes: Cells } {
  const share = (yes: 'hits' | 'rejections', weights: Partial<Cells>) => {
    const all = Object.entries(weights).reduce((sum, [name, weight]) => sum + weight * cells[name as keyof Cells], 0);
    if (all === 0) return { value: 0, slopes: noSlopes };
    const value = cells[yes] / all;
    const slope = (name: keyof Cells) => (Number(name === yes) - (weights[name] ?? 0) * value) / all;
    const slopes = {
      ...{ hits: slope('hits'), misses: slope('misses') },
      ...{ falseAlarms: slope('falseAlarms'), rejections: slope('rejections') },
    };
    return { value, slopes };
  };
  switch (metric) {
    case 'precision':
      return share('hits', { hits: 1, falseAlarms: 1 });
    case 'recall':
      return share('hits', { hits: 1, misses: 1 });
    case 'f1':
      return share('hits', { hits: 1, misses: 0.5, falseAlarms: 0.5 });
    case 'specificity':
      return share('rejections', { rejections: 1, falseAlarms: 1 });
    default:
      return assertNever(metric, 'metric');
  }
}

/** Of the mean over the classes that have a say, by one row more of a class and an answer. O(classes), then O(1) each. */
function gradientOf(
  found: readonly { readonly index: number; readonly slopes: Cells }[],
  classes: number,
): (truth: number, answer: number) => number {
  const slopesOf = Array.from({ length: classes }, () => noSlopes);
  for (const { index, slopes } of found) slopesOf[index] = slopes;
  const rejections = found.reduce((sum, { slopes }) => sum + slopes.rejections, 0);
  /** What a class changes where it is the row's, or the answer's, and is no longer a rejection. */
  const own = (index: number, isClass: boolean, isAnswered: boolean): number =>
    slopeIn(slopesOf[index]!, isClass, isAnswered) - slopesOf[index]!.rejections;
  return (truth, answer) => {
    const others = truth === answer ? own(truth, true, true) : own(truth, true, false) + own(answer, false, true);
    return (rejections + others) / found.length;
  };
}

function slopeIn({ hits, misses, falseAlarms, rejections }: Cells, isClass: boolean, isAnswered: boolean): number {
  if (isClass) return isAnswered ? hits : misses;
  return isAnswered ? falseAlarms : rejections;
}

/** Variance of a function of multinomial counts, to first order. */
function deltaVariance(
  counts: ArrayLike<number>,
  classes: number,
  gradient: (truth: number, answer: number) => number,
): number {
  let [rows, sum, squares] = [0, 0, 0];
  for (let truth = 0; truth < classes; truth++) {
    for (let answer = 0; answer < classes; answer++) {
      const count = counts[truth * classes + answer]!;
      if (count === 0) continue;
      const slope = gradient(truth, answer);
      rows += count;
      sum += count * slope;
      squares += count * slope * slope;
    }
  }
  return Math.max(squares - (sum * sum) / rows, 0);
}

function checkCounts(counts: ArrayLike<number>, classes: number): void {
  if (!(Number.isInteger(classes) && classes >= 2)) {
    throw new RangeError(`classes: expected a whole number of 2 or more, got ${classes}`);
  }
  if (counts.length !== classes * classes) {
    throw new RangeError(`counts: expected ${classes * classes} values, got ${counts.length}`);
  }
  for (let cell = 0; cell < counts.length; cell++) {
    const count = counts[cell]!;
    if (!(Number.isInteger(count) && count >= 0)) {
      throw new RangeError(`counts[${cell}]: expected a whole number of 0 or more, got ${count}`);
    }
  }
}
