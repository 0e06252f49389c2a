import { areaUnderRoc } from './roc.js';

export type EstimatedMetric = 'roc_auc' | 'accuracy' | 'precision' | 'recall' | 'f1' | 'specificity';

export function byMetric<T>(of: (metric: EstimatedMetric) => T): Record<EstimatedMetric, T> {
  const [roc_auc, accuracy, precision] = [of('roc_auc'), of('accuracy'), of('precision')];
  return { roc_auc, accuracy, precision, recall: of('recall'), f1: of('f1'), specificity: of('specificity') };
}

/** Null: not defined on these rows. */
export type MetricValues = Readonly<Record<EstimatedMetric, number | null>>;

/** One class against the rest. */
export interface ClassView {
  /** The model's own probability, by which rows are ranked. */
  readonly scores: Float64Array;
  /** Probability that the row is of the class: calibrated where labels are missing, 0 or 1 where they are there. */
  readonly positive: Float64Array;
  /** 1 where the class was answered. */
  readonly answered: Uint8Array;
}

/** Rows that may be parts of rows: an expected confusion matrix. */
export interface Confusion {
  readonly hits: number;
  readonly falseAlarms: number;
  readonly misses: number;
  readonly rejections: number;
}

/**
 * Metrics from the confusion matrix that is expected when each row is of a class with a probability (NannyML's CBPE), and
 * their measured values when the probabilities are labels. Two classes have one view, of class 1; of more, figures are the
 * plain mean over classes. Undefined figures follow scikit-learn: precision is 0 for a class that is never answered
 * as long as there are rows of it.
 */
export function expectedMetrics(views: readonly ClassView[]): MetricValues {
  const confusions = views.map((view) => confusionOf(view));
  const each = views.map((view, index) => ofView(view, confusions[index]!));
  const accuracy = accuracyOf(confusions);
  if (each.length === 1) return { ...each[0]!, accuracy };
  const found = each.filter(({ f1 }) => f1 !== null);
  const orZero = (name: 'precision' | 'recall' | 'f1') => meanOf(found.map((figures) => figures[name] ?? 0));
  return {
    roc_auc: meanOf(each.flatMap(({ roc_auc }) => roc_auc ?? [])),
    accuracy,
    precision: orZero('precision'),
    recall: orZero('recall'),
    f1: orZero('f1'),
    specificity: meanOf(each.flatMap(({ specificity }) => specificity ?? [])),
  };
}

export function confusionOf({ positive, answered }: ClassView): Confusion {
  let [hits, falseAlarms, misses, rejections] = [0, 0, 0, 0];
  for (let row = 0; row < positive.length; row++) {
    const share = positive[row]!;
    if (answered[row] === 1) {
      hits += share;
      falseAlarms += 1 - share;
    } else {
      misses += share;
      rejections += 1 - share;
    }
  }
  return { hits, falseAlarms, misses, rejections };
}

function ofView(view: ClassView, { hits, falseAlarms, misses, rejections }: Confusion): Omit<MetricValues, 'accuracy'> {
  const [rows, answered, others] = [hits + misses, hits + falseAlarms, rejections + falseAlarms];
  return {
    roc_auc: areaUnderRoc(view.scores, view.positive),
    precision: answered > 0 ? hits / answered : rows > 0 ? 0 : null,
    recall: rows > 0 ? hits / rows : null,
    f1: rows + answered > 0 ? (2 * hits) / (rows + answered) : null,
    specificity: others > 0 ? rejections / others : null,
  };
}

/** Of one view both answers can be right, of several each row's answer is a hit of one. */
function accuracyOf(confusions: readonly Confusion[]): number | null {
  const { hits, falseAlarms, misses, rejections } = confusions[0]!;
  const rows = hits + falseAlarms + misses + rejections;
  if (rows === 0) return null;
  if (confusions.length === 1) return (hits + rejections) / rows;
  return confusions.reduce((sum, confusion) => sum + confusion.hits, 0) / rows;
}

function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
