import { byMetric, confusionOf, expectedMetrics, type ClassView, type EstimatedMetric } from './expected-metrics.js';

/** A metric on n rows of the reference's distribution has the variance `variance / (n · share)`. */
export interface ErrorPart {
  readonly variance: number;
  /** Of the rows that bear on the metric. */
  readonly share: number;
}

/** For each metric a part for each view; null: the reference has no rows that bear on it. */
export type SamplingErrors = Readonly<Record<EstimatedMetric, readonly (ErrorPart | null)[]>>;

/** Areas of several classes vary together; NannyML's figure for what the sum of variances leaves out. */
const severalAreas = 1.2;

/**
 * What a metric varies by from one sample of rows to another, from labelled rows of the reference: the variance of the mean
 * over the rows that bear on it (NannyML's "sampling error"). The area is a mean of placements, the share of the
 * others that each row of the rarer class has outranked; F1 is a share of the rows that are hits, misses or false alarms.
 */
export function samplingErrors(views: readonly ClassView[]): SamplingErrors {
  const parts = views.map((view) => partsOf(view));
  const { accuracy } = expectedMetrics(views);
  return {
    ...byMetric((metric) => parts.map((part) => (metric === 'accuracy' ? null : part[metric]))),
    accuracy: [accuracy === null ? null : { variance: accuracy * (1 - accuracy), share: 1 }],
  };
}

/**
 * Standard error of a metric on so many rows; null where the reference tells none. A reference on which the metric does
 * not vary, as every answer is right, does not tell that it never will: then what so many rows leave open of a share.
 */
export function samplingErrorOf(
  errors: SamplingErrors,
  metric: EstimatedMetric,
  value: number,
  rows: number,
): number | null {
  const parts = errors[metric].filter((part) => part !== null);
  if (parts.length === 0 || rows === 0) return null;
  const variance = parts.reduce((sum, part) => sum + part.variance / (rows * part.share), 0);
  if (variance === 0) {
    const share = parts.reduce((sum, part) => sum + part.share, 0) / parts.length;
    return leftOpen(value, rows * share);
  }
  const factor = metric === 'roc_auc' && parts.length > 1 ? severalAreas : 1;
  return (factor * Math.sqrt(variance)) / parts.length;
}

/** Standard error of a share with a row more of either kind (Laplace's rule of succession): never 0. */
function leftOpen(value: number, rows: number): number {
  const share = (value * rows + 1) / (rows + 2);
  return Math.sqrt((share * (1 - share)) / rows);
}

function partsOf(view: ClassView): Record<Exclude<EstimatedMetric, 'accuracy'>, ErrorPart | null> {
  const { hits, falseAlarms, misses, rejections } = confusionOf(view);
  const rows = view.positive.length;
  const share = (yes: number, no: number): ErrorPart | null => {
    const all = yes + no;
    return all === 0 ? null : { variance: (yes * no) / all ** 2, share: all / rows };
  };
  const missed = misses + falseAlarms;
  const f1 = share(hits, missed);
  return {
    roc_auc: areaPart(view),
    precision: share(hits, falseAlarms),
    recall: share(hits, misses),
    f1: f1 && { ...f1, variance: f1.variance * ((hits + missed) / (hits + missed / 2)) ** 2 },
    specificity: share(rejections, falseAlarms),
  };
}

function areaPart({ scores, positive }: ClassView): ErrorPart | null {
  const rows = positive.length;
  const positives = positive.reduce((sum, value) => sum + value, 0);
  const rarer = Math.min(positives, rows - positives);
  if (rarer === 0) return null;
  const wanted = positives * 2 > rows ? 0 : 1;
  const placements = placementsOf(scores, positive, wanted);
  const mean = placements.reduce((sum, value) => sum + value, 0) / rarer;
  const variance = placements.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rarer;
  return { variance, share: rarer / rows };
}

/** Of each row of the wanted label, the share of the others with a smaller score, equal ones half. */
export function placementsOf(scores: Float64Array, positive: ArrayLike<number>, wanted: 0 | 1): Float64Array {
  const others: number[] = [];
  for (let row = 0; row < scores.length; row++) if (positive[row] !== wanted) others.push(scores[row]!);
  const sorted = Float64Array.from(others).sort();
  const placements: number[] = [];
  for (let row = 0; row < scores.length; row++) {
    if (positive[row] !== wanted) continue;
    const score = scores[row]!;
    placements.push((countBelow(sorted, score, false) + countBelow(sorted, score, true)) / 2 / sorted.length);
  }
  return Float64Array.from(placements);
}

/** Values below the limit, or up to it. */
function countBelow(sorted: Float64Array, limit: number, orEqual: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const value = sorted[middle]!;
    if (value < limit || (orEqual && value === limit)) low = middle + 1;
    else high = middle;
  }
  return low;
}
