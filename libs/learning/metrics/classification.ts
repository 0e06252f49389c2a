import { accept, reject, type Result } from '#libs/kernel/index.js';
import type { LearningRefusal } from '../refusal.js';
import { labelMetrics, metricsOfClass, type LabelCounts } from './label-metrics.js';
import { defined, invalid, lengthFault, mean, weightOf, type MeasuredRows, type Metrics } from './metrics.js';
import { probabilityMetrics } from './probability-metrics.js';
import { areasOf, rankingOf, type Ranking } from './ranking.js';

export type ClassLabel = string | number;

export interface ClassificationInput {
  /** Number of the class of each row, 0 to classes − 1. */
  readonly target: ArrayLike<number>;
  /** [rows × classes], row after row; null: the model tells none. */
  readonly probabilities: Float64Array | null;
  /** Number of the class that is answered; left out: that of the largest probability, of equals the first. */
  readonly predicted?: ArrayLike<number>;
  /** Labels in the order of the probabilities, or how many there are. */
  readonly classes: number | readonly ClassLabel[];
}

export interface ConfusionMatrix {
  readonly labels: ClassLabel[];
  /** Rows: what was true; columns: what was predicted. */
  readonly counts: number[][];
}

export interface ClassificationReport {
  readonly metrics: Metrics;
  /** By label. */
  readonly perClass: Readonly<Record<string, Metrics>>;
  /** null: there are more classes than the contract's matrix has room for. */
  readonly confusion: ConfusionMatrix | null;
}

const mostConfusionLabels = 200;
/** Shares that a graph sums in float32, as forests do, leave 0 to 1 by so little; they are taken for 0 and 1. */
const float32Sum = 1e-4;

/**
 * Metrics of a classifier, each as scikit-learn defines it: `accuracy`, `balanced_accuracy`, `precision`, `recall`, `f1`,
 * and where there are probabilities `roc_auc`, `pr_auc` (average precision), `log_loss`, `brier`; and `ece`. Precision,
 * recall, F1 and the areas are of the second of two classes; of more, the plain mean over classes, each against the rest.
 * A class without rows has no areas and is left out of their mean.
 * @throws RangeError where `classificationRows` refuses.
 */
export function classificationMetrics(input: ClassificationInput): ClassificationReport {
  const measured = classificationRows(input);
  if (!measured.ok) throw new RangeError(measured.rejection.detail);
  return measured.value.report();
}

/**
 * The same, prepared to be measured several times. Refused: arrays that do not fit together, a class that is none, and a
 * probability outside 0 to 1, as a model from elsewhere may give it.
 */
export function classificationRows(input: ClassificationInput): Result<ClassificationRows, LearningRefusal> {
  const { target, predicted } = input;
  const classes = labelsOf(input.classes);
  const fault = faultOf(input, classes.length);
  if (fault !== undefined) return reject(fault);
  const probabilities = input.probabilities && clipped(input.probabilities);
  const answered =
    predicted === undefined ? largestOf(probabilities!, target.length, classes.length) : Int32Array.from(predicted);
  return accept(new ClassificationRows(Int32Array.from(target), probabilities, answered, classes));
}

export class ClassificationRows implements MeasuredRows {
  readonly #rankings: (Ranking | undefined)[] = [];

  constructor(
    readonly target: Int32Array,
    readonly probabilities: Float64Array | null,
    readonly predicted: Int32Array,
    readonly classes: readonly ClassLabel[],
  ) {}

  get rows(): number {
    return this.target.length;
  }

  metrics(weights?: Float64Array): Metrics {
    const labels = labelMetrics(this.labelCounts(weights));
    const { probabilities } = this;
    if (probabilities === null) return labels;
    const { rows, target, predicted } = this;
    const shares = { rows, classes: this.classes.length, probabilities, target, predicted };
    return { ...labels, ...this.areas(weights), ...probabilityMetrics(shares, weights) };
  }

  lossOf(row: number): number {
    return Number(this.target[row] !== this.predicted[row]);
  }

  report(): ClassificationReport {
    const counts = this.labelCounts();
    const perClass = this.classes.map((label, index) => [
      String(label),
      { ...metricsOfClass(counts, index), ...this.areasOfClass(index) },
    ]);
    return {
      metrics: this.metrics(),
      perClass: Object.fromEntries(perClass) as Record<string, Metrics>,
      confusion: this.classes.length > mostConfusionLabels ? null : this.confusion(counts),
    };
  }

  take(positions: Int32Array): ClassificationRows {
    const { target, predicted, probabilities, classes } = this;
    const width = classes.length;
    const taken = probabilities === null ? null : new Float64Array(positions.length * width);
    for (const [at, row] of positions.entries()) {
      taken?.set(probabilities!.subarray(row * width, (row + 1) * width), at * width);
    }
    return new ClassificationRows(
      positions.map((row) => target[row]!),
      taken,
      positions.map((row) => predicted[row]!),
      classes,
    );
  }

  private confusion({ classes, counts }: LabelCounts): ConfusionMatrix {
    const rows = this.classes.map((_, index) => [...counts.subarray(index * classes, (index + 1) * classes)]);
    return { labels: [...this.classes], counts: rows };
  }

  private labelCounts(weights?: Float64Array): LabelCounts {
    const classes = this.classes.length;
    const counts = new Float64Array(classes * classes);
    for (let row = 0; row < this.rows; row++) {
      counts[this.target[row]! * classes + this.predicted[row]!]! += weightOf(weights, row);
    }
    return { classes, counts };
  }

  private areas(weights?: Float64Array): Metrics {
    if (this.classes.length === 2) return this.areasOfClass(1, weights);
    const each = this.classes.map((_, index) => this.areasOfClass(index, weights));
    const meanOf = (name: string) => mean(each.flatMap((areas) => areas[name] ?? []));
    return defined({ roc_auc: meanOf('roc_auc'), pr_auc: meanOf('pr_auc') });
  }

  private areasOfClass(index: number, weights?: Float64Array): Metrics {
    const ranking = this.rankingOf(index);
    if (ranking === null) return {};
    return defined({ ...areasOf(ranking, weights) });
  }

  /** The class against the rest, by its probability. */
  rankingOf(index: number): Ranking | null {
    const { probabilities, target, classes } = this;
    if (probabilities === null) return null;
    return (this.#rankings[index] ??= rankingOf(
      Float64Array.from(target, (_, row) => probabilities[row * classes.length + index]!),
      Uint8Array.from(target, (own) => Number(own === index)),
    ));
  }
}

const labelsOf = (classes: number | readonly ClassLabel[]): readonly ClassLabel[] =>
  typeof classes === 'number' ? Array.from({ length: classes }, (_, index) => index) : classes;

function largestOf(probabilities: Float64Array, rows: number, classes: number): Int32Array {
  return Int32Array.from({ length: rows }, (_, row) => {
    let largest = 0;
    for (let c = 1; c < classes; c++) {
      if (probabilities[row * classes + c]! > probabilities[row * classes + largest]!) largest = c;
    }
    return largest;
  });
}

function faultOf(
  { target, probabilities, predicted }: ClassificationInput,
  classes: number,
): LearningRefusal | undefined {
  if (classes < 2) return invalid('classes', `are ${classes}, expected at least 2`);
  if (target.length < 1) return invalid('target', 'has no rows, expected at least 1');
  if (probabilities === null && predicted === undefined) {
    return invalid('probabilities', 'are not given, expected them or the predicted classes');
  }
  return (
    classFault('target', target, classes) ??
    (predicted &&
      (lengthFault('predicted', predicted.length, target.length) ?? classFault('predicted', predicted, classes))) ??
    (probabilities === null ? undefined : probabilityFault(probabilities, target.length, classes))
  );
}

function classFault(where: string, values: ArrayLike<number>, classes: number): LearningRefusal | undefined {
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    if (Number.isInteger(value) && value >= 0 && value < classes) continue;
    return invalid(where, `is ${value} in row ${row + 1}, expected a class from 0 to ${classes - 1}`);
  }
  return undefined;
}

function probabilityFault(probabilities: Float64Array, rows: number, classes: number): LearningRefusal | undefined {
  const at = probabilities.findIndex((share) => !(share >= -float32Sum && share <= 1 + float32Sum));
  return (
    lengthFault('probabilities', probabilities.length, rows * classes) ??
    (at < 0
      ? undefined
      : invalid('probabilities', `are ${probabilities[at]!} in row ${Math.floor(at / classes) + 1}, expected 0 to 1`))
  );
}

const clipped = (probabilities: Float64Array): Float64Array =>
  probabilities.map((share) => Math.min(Math.max(share, 0), 1));
