import {
  classificationIntervals,
  meanInterval,
  rocAreaInterval,
  sampleMoments,
  wilsonInterval,
  type MetricInterval,
} from '#libs/statistics/index.js';

/** Labelled rows of a classifier, in the order of their predictions. */
export interface LabelledClasses {
  readonly rows: number;
  /** Rows whose answer is not the label. */
  readonly wrong: number;
  /** Classes that the version declares; 0: it does not name them. */
  readonly declared: number;
  /** Numbers of classes: those declared come first. */
  readonly classes: { readonly targets: Int32Array; readonly predictions: Int32Array };
  /**
   * Of two declared classes the probability of the second one, of up to ten [rows × classes], of more that of the true
   * class. NaN where there is none. Null: the model tells none.
   */
  readonly probabilities: Float64Array | null;
}

export type MetricIntervals = Readonly<Record<string, MetricInterval>>;

/** Classes whose probabilities are all kept. */
export const mostShares = 10;
/** Classes in a window above which there are no means over classes. */
const mostConfusionLabels = 200;

/** Probabilities kept of a row. */
export const sharesOf = (declared: number): number => (declared > 2 && declared <= mostShares ? declared : 1);

/** Those that are kept of a row, from all that were answered. */
export function sharesIn(
  { label, probabilities = {} }: { readonly label: string; readonly probabilities?: Readonly<Record<string, unknown>> },
  declared: readonly string[],
): number[] {
  const kept = declared.length === 2 ? declared.slice(1) : declared.length <= mostShares ? declared : [label];
  return kept.map((name) => shareOf(probabilities[name]));
}

/** Shares that a graph sums in single precision leave 0 to 1 by so little. */
const singleSum = 1e-4;

/** Within 0 to 1; NaN for what is no probability. */
export function shareOf(value: unknown): number {
  if (typeof value !== 'number' || !(value >= -singleSum && value <= 1 + singleSum)) return Number.NaN;
  return Math.min(Math.max(value, 0), 1);
}

/**
 * `accuracy` and `balanced_accuracy`; `precision`, `recall`, `f1`, of the second of two classes (and then `specificity`) or
 * as plain means over classes; with probabilities `roc_auc` (of more classes the mean of each against the rest) and `log_loss`.
 * Definitions are scikit-learn's. A label that is none of the declared classes is one more class, which is never answered.
 */
export function classMetrics(labelled: LabelledClasses): MetricIntervals {
  const { rows, wrong, declared, classes, probabilities } = labelled;
  const accuracy = wilsonInterval(rows - wrong, rows);
  const { targets, predictions } = classes;
  const matrix = confusionOf(targets, predictions);
  return {
    accuracy,
    ...(declared === 2 ? ofSecond(targets, predictions) : matrix === null ? {} : overClasses(matrix)),
    ...(matrix === null ? {} : { balanced_accuracy: balancedAccuracy(matrix) }),
    ...(probabilities === null ? {} : ofProbabilities(probabilities, targets, declared)),
  };
}

function ofSecond(targets: Int32Array, predictions: Int32Array): MetricIntervals {
  const counts = new Float64Array(4);
  for (let row = 0; row < targets.length; row++)
    counts[2 * Number(targets[row] === 1) + Number(predictions[row] === 1)]!++;
  const { precision, recall, f1, specificity } = classificationIntervals(counts, 2);
  return { precision, recall, f1, specificity };
}

interface Confusion {
  /** [classes × classes], rows by what was true. */
  readonly counts: Float64Array;
  readonly classes: number;
}

/** Null: more classes than a matrix has room for. */
function confusionOf(targets: Int32Array, predictions: Int32Array): Confusion | null {
  const present = [...new Set([...targets, ...predictions])].sort((a, b) => a - b);
  if (present.length > mostConfusionLabels) return null;
  const places = new Map(present.map((code, index) => [code, index]));
  // Of fewer than three the first of two is measured: a third that neither comes nor is answered has no say.
  const classes = Math.max(present.length, 3);
  const counts = new Float64Array(classes * classes);
  for (let row = 0; row < targets.length; row++)
    counts[places.get(targets[row]!)! * classes + places.get(predictions[row]!)!]!++;
  return { counts, classes };
}

function overClasses({ counts, classes }: Confusion): MetricIntervals {
  const { precision, recall, f1 } = classificationIntervals(counts, classes);
  return { precision, recall, f1 };
}

/** The mean recall of the classes that have rows. Which class a row is taken for instead has no bearing on it. */
function balancedAccuracy({ counts, classes }: Confusion): MetricInterval {
  const recalls = Array.from({ length: classes }, (_, index) => {
    const row = counts.subarray(index * classes, (index + 1) * classes);
    return { rows: row.reduce((sum, count) => sum + count, 0), hits: row[index]! };
  }).filter(({ rows }) => rows > 0);
  const [first] = recalls;
  if (first === undefined) return wilsonInterval(0, 0);
  if (recalls.length === 1) return wilsonInterval(first.hits, first.rows);
  const size = Math.max(recalls.length, 3);
  const own = new Float64Array(size * size);
  for (const [index, { rows, hits }] of recalls.entries()) {
    own[index * size + index] = hits;
    own[index * size + ((index + 1) % recalls.length)] = rows - hits;
  }
  return classificationIntervals(own, size).recall;
}

function ofProbabilities(probabilities: Float64Array, targets: Int32Array, declared: number): MetricIntervals {
  const width = sharesOf(declared);
  const losses: number[] = [];
  for (let row = 0; row < targets.length; row++) {
    const target = targets[row]!;
    if (target >= declared) continue;
    const share = probabilities[row * width + (width > 1 ? target : 0)]!;
    if (!Number.isNaN(share)) losses.push(lossOf(declared === 2 && target === 0 ? 1 - share : share));
  }
  const log_loss = meanInterval(sampleMoments(losses));
  if (declared > mostShares) return { log_loss };
  const areas = Array.from({ length: width }, (_, index) => {
    const wanted = declared === 2 ? 1 : index;
    const scores = new Float64Array(targets.length);
    const positive = new Uint8Array(targets.length);
    let whole = 0;
    for (let row = 0; row < targets.length; row++) {
      const score = probabilities[row * width + index]!;
      if (Number.isNaN(score)) continue;
      scores[whole] = score;
      positive[whole++] = Number(targets[row] === wanted);
    }
    return rocAreaInterval(scores.subarray(0, whole), positive.subarray(0, whole));
  });
  return { roc_auc: meanOf(areas), log_loss };
}

/** Kept float64's precision away from 0 and 1, as where versions are compared. */
const lossOf = (share: number): number => -log(min(max(share, epsilon), 1 - epsilon));

const { log, min, max } = Math;
const epsilon = Number.EPSILON;

/** The interval is none too narrow: the deviation of a mean is no more than the mean of the deviations. */
function meanOf(areas: readonly MetricInterval[]): MetricInterval {
  const [only, ...others] = areas;
  if (only !== undefined && others.length === 0) return only;
  const found = areas.filter(({ value }) => value !== null);
  const mean = (of: (area: MetricInterval) => number) =>
    found.reduce((sum, area) => sum + of(area), 0) / Math.max(found.length, 1);
  const rows = Math.min(...areas.map((area) => area.rows));
  const value = found.length === 0 ? null : mean((area) => area.value ?? 0);
  const enough = found.filter((area) => area.enough);
  if (value === null || enough.length < found.length)
    return { enough: false, value, rows, needed: Math.max(...found.map((area) => (area.enough ? 0 : area.needed)), 1) };
  return {
    ...{ enough: true, value, rows },
    low: enough.reduce((sum, { low }) => sum + low, 0) / enough.length,
    high: enough.reduce((sum, { high }) => sum + high, 0) / enough.length,
  };
}
