import { defined, mean, type Metrics } from './metrics.js';

/** `counts[i · classes + j]`: weight of the rows of class i that are taken for class j. */
export interface LabelCounts {
  readonly classes: number;
  readonly counts: Float64Array;
}

interface ClassCounts {
  /** Rows of the class. */
  readonly rows: number;
  /** Rows taken for it. */
  readonly taken: number;
  readonly hits: number;
}

/** Accuracy, balanced accuracy, precision, recall and F1: of the second of two classes, of more their plain mean. */
export function labelMetrics(labels: LabelCounts): Metrics {
  const each = Array.from({ length: labels.classes }, (_, index) => countsOf(labels, index));
  const total = each.reduce((sum, { rows }) => sum + rows, 0);
  if (total === 0) return {};
  const recalls = each.filter(({ rows }) => rows > 0).map(({ rows, hits }) => hits / rows);
  return defined({
    accuracy: each.reduce((sum, { hits }) => sum + hits, 0) / total,
    balanced_accuracy: mean(recalls),
    ...(labels.classes === 2 ? ofClass(each[1]!) : macro(each)),
  });
}

/** `support` is the weight of the class's rows. */
export function metricsOfClass(labels: LabelCounts, index: number): Metrics {
  const counts = countsOf(labels, index);
  return defined({ ...ofClass(counts), support: counts.rows });
}

/**
 * Precision of a class that nothing is taken for is 0 as long as there are rows of it, and F1 likewise; without rows of
 * the class, recall is not defined, and precision is not without rows taken for it.
 */
function ofClass({ rows, taken, hits }: ClassCounts) {
  return {
    precision: taken > 0 ? hits / taken : rows > 0 ? 0 : null,
    recall: rows > 0 ? hits / rows : null,
    f1: rows + taken > 0 ? (2 * hits) / (rows + taken) : null,
  };
}

/** Over the classes that have rows or are taken for one; what is not defined of one counts 0, as scikit-learn has it. */
function macro(each: readonly ClassCounts[]) {
  const found = each.filter(({ rows, taken }) => rows > 0 || taken > 0).map(ofClass);
  return {
    precision: mean(found.map(({ precision }) => precision ?? 0)),
    recall: mean(found.map(({ recall }) => recall ?? 0)),
    f1: mean(found.map(({ f1 }) => f1 ?? 0)),
  };
}

function countsOf({ classes, counts }: LabelCounts, index: number): ClassCounts {
  let rows = 0;
  let taken = 0;
  for (let other = 0; other < classes; other++) {
    rows += counts[index * classes + other]!;
    taken += counts[other * classes + index]!;
  }
  return { rows, taken, hits: counts[index * classes + index]! };
}
