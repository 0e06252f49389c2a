import type { DataChecks, DataFinding, LearningTask, Table, TableColumn } from '#libs/contracts/index.js';
import { isMissing, keyOf } from './column-values.js';
import { finding } from './finding.js';
import { aucOf, explainedClasses, explainedValues, ranksOf, squaredCorrelation } from './association.js';

/** Rows that are looked at, evenly spaced: enough to tell 0.999 from less. */
const mostRows = 50_000;

/** Below it, a class is told apart by chance. */
const leastRows = 10;

/**
 * Features that alone tell the target almost perfectly: by ROC-AUC against each class, or by the squared correlation of
 * ranks; text by the share that the other rows of its category explain. Timestamps and booleans count as numbers, a missing
 * number as the smallest.
 */
export function leakageFindings(
  table: Table,
  features: readonly TableColumn[],
  target: TableColumn,
  task: LearningTask,
  { threshold, severity }: DataChecks['leakage'],
): DataFinding[] {
  const rows = labelledSample(table.rows, target);
  if (rows.length < leastRows) return [];
  const labels = Float64Array.from(rows, keyOf(target));
  const strengthOf = strengthAgainst(labels, task);
  return features.flatMap((column) => {
    const { measure, strength } = strengthOf(column, rows);
    if (!(strength >= threshold)) return [];
    const message = `'${column.name}' alone predicts '${target.name}': ${measure} ${Number(strength.toPrecision(6))}, expected less than ${threshold}; is it known when the prediction is made?`;
    return [finding({ check: 'leakage', severity, column: column.name, message, rows: rows.length })];
  });
}

function labelledSample(count: number, target: TableColumn): Int32Array {
  const lacks = isMissing(target);
  const labelled = new Int32Array(count);
  let found = 0;
  for (let row = 0; row < count; row++) if (!lacks(row)) labelled[found++] = row;
  if (found <= mostRows) return labelled.slice(0, found);
  return Int32Array.from({ length: mostRows }, (_, at) => labelled[Math.floor((at * found) / mostRows)]!);
}

interface Strength {
  readonly measure: string;
  readonly strength: number;
}

function strengthAgainst(
  labels: Float64Array,
  task: LearningTask,
): (column: TableColumn, rows: Int32Array) => Strength {
  const targetRanks = task === 'regression' ? ranksOf(labels) : labels;
  const explained = task === 'regression' ? explainedValues : explainedClasses;
  return (column, rows) => {
    if ('codes' in column) {
      const codes = Int32Array.from(rows, (row) => column.codes[row]!);
      return { measure: 'share explained', strength: explained(codes, labels) };
    }
    const ranks = ranksOf(Float64Array.from(rows, (row) => smallestIfMissing(column.values[row]!)));
    if (task === 'regression')
      return { measure: 'squared rank correlation', strength: squaredCorrelation(ranks, targetRanks) };
    return { measure: 'ROC-AUC', strength: aucOf(ranks, labels, leastRows) };
  };
}

const smallestIfMissing = (value: number): number => (Number.isNaN(value) ? -Infinity : value);
