import type { MeasuredMetric } from '#libs/contracts/index.js';
import type { MetricInterval } from '#libs/statistics/index.js';
import type { AnswerForm } from './answer-form.js';
import type { ClassCodes } from './class-codes.js';
import { classMetrics, type LabelledClasses, type MetricIntervals } from './class-metrics.js';
import type { LabelTable } from './label-table.js';
import { numberMetrics } from './number-metrics.js';

export interface Measured {
  readonly metrics: Readonly<Record<string, MeasuredMetric>>;
  /** Of a classifier; null for fewer than two labels, too. */
  readonly noChange: number | null;
}

/**
 * How a version did on the labelled rows of a window. The same rows and labels give the same bits, in whatever order they
 * came.
 */
export function measure(form: AnswerForm, codes: ClassCodes, table: LabelTable): Measured {
  if (table.size === 0 || form.kind === 'other') return { metrics: {}, noChange: null };
  const order = table.order();
  if (form.kind === 'numbers') return { metrics: told(ofNumbers(table, order)), noChange: null };
  return { metrics: told(classMetrics(labelledClasses(codes, table, order))), noChange: noChangeOf(table, order) };
}

function ofNumbers(table: LabelTable, order: Uint32Array): MetricIntervals {
  const scored = order.filter((row) => !Number.isNaN(table.predicted(row)));
  return numberMetrics(
    Float64Array.from(scored, (row) => table.label(row)),
    Float64Array.from(scored, (row) => table.predicted(row)),
  );
}

function labelledClasses(codes: ClassCodes, table: LabelTable, order: Uint32Array): LabelledClasses {
  const { width } = table;
  const declared = codes.declared?.length ?? 0;
  const wrong = order.reduce((sum, row) => sum + Number(table.wrong(row)), 0);
  const numberOf = declared > 0 ? (code: number) => (code < 0 || code >= declared ? declared : code) : ranksOf(table);
  return {
    ...{ rows: table.size, wrong, declared },
    classes: numbersOf(table, order, numberOf),
    probabilities: width === 0 ? null : probabilitiesOf(table, order),
  };
}

function numbersOf(table: LabelTable, order: Uint32Array, numberOf: (code: number) => number) {
  const targets = new Int32Array(order.length);
  const predictions = new Int32Array(order.length);
  for (let at = 0; at < order.length; at++) {
    targets[at] = numberOf(table.label(order[at]!));
    predictions[at] = numberOf(table.predicted(order[at]!));
  }
  return { targets, predictions };
}

function probabilitiesOf(table: LabelTable, order: Uint32Array): Float64Array {
  const { width } = table;
  const probabilities = new Float64Array(order.length * width);
  for (let at = 0; at < order.length; at++)
    for (let index = 0; index < width; index++)
      probabilities[at * width + index] = table.probability(order[at]!, index);
  return probabilities;
}

/** Of classes that are not declared: the places of their codes among those of the window. */
function ranksOf(table: LabelTable): (code: number) => number {
  const codes = new Set<number>();
  for (let row = 0; row < table.size; row++) codes.add(table.label(row)).add(table.predicted(row));
  const ranks = new Map([...codes].sort((a, b) => a - b).map((code, rank) => [code, rank]));
  return (code) => ranks.get(code)!;
}

/** What answering as the label of the prediction before would have reached. */
function noChangeOf(table: LabelTable, order: Uint32Array): number | null {
  if (order.length < 2) return null;
  let same = 0;
  for (let at = 1; at < order.length; at++) {
    if (table.label(order[at]!) === table.label(order[at - 1]!)) same++;
  }
  return same / (order.length - 1);
}

/** Figures that are defined, each a finite number, with their intervals where there are enough rows for one. */
function told(intervals: MetricIntervals): Record<string, MeasuredMetric> {
  return Object.fromEntries(
    Object.entries(intervals).flatMap(([name, interval]): (readonly [string, MeasuredMetric])[] => {
      const { value } = interval;
      return value === null || !Number.isFinite(value) ? [] : [[name, { value, ...boundsOf(interval) }]];
    }),
  );
}

function boundsOf(interval: MetricInterval): Pick<MeasuredMetric, 'low' | 'high'> {
  if (!interval.enough || !Number.isFinite(interval.low) || !Number.isFinite(interval.high))
    return { low: null, high: null };
  return { low: interval.low, high: interval.high };
}
