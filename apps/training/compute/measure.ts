import { accept, reject, type Result } from '#libs/kernel/index.js';
import {
  bootstrapIntervals,
  classificationMetrics,
  classificationRows,
  pairedTest,
  primaryMetric,
  regressionRows,
  sliceRows,
  type MeasuredRows,
} from '#libs/learning/index.js';
import { at, columnOf } from '../data/labelled.js';
import type { ComputeRefusal, MeasureAnswer, MeasureTask } from './protocol.js';

/** As many as an evaluation may have. */
const mostSlices = 1000;
const mostClassesInMatrix = 200;

export function measure(task: MeasureTask): Result<MeasureAnswer, ComputeRefusal> {
  const { data, rows, seed } = task;
  const measured = measuredOf(task, task.predicted);
  if (!measured.ok) return measured;
  return accept({
    metrics: { ...measured.value.metrics() },
    intervals: bootstrapIntervals(measured.value, { seed }),
    ...byClass(task),
    slices: task.slices
      .flatMap((name) => sliceRows(columnOf(data.table, name), rows))
      .slice(0, mostSlices)
      .map(({ slice, rows: positions }) => ({
        slice,
        rows: positions.length,
        metrics: { ...measured.value.take(positions).metrics() },
      })),
    ...championOf(task, measured.value),
  });
}

function measuredOf({ data, rows }: MeasureTask, predicted: Float64Array): Result<MeasuredRows, ComputeRefusal> {
  const target = at(data.target, rows);
  const measured =
    data.classes === null
      ? regressionRows({ target, predicted })
      : classificationRows({ target, probabilities: predicted, classes: data.classes });
  if (measured.ok) return accept(measured.value);
  return reject({ code: 'output_invalid', message: `the model's outputs: ${measured.rejection.detail}` });
}

function byClass({ data, rows, predicted }: MeasureTask): Pick<MeasureAnswer, 'per_class' | 'confusion_matrix'> {
  if (data.classes === null) return { per_class: null, confusion_matrix: null };
  const report = classificationMetrics({
    ...{ target: at(data.target, rows), probabilities: predicted, classes: data.classes },
  });
  const perClass = Object.entries(report.perClass).map(([name, metrics]) => [name, { ...metrics }] as const);
  return {
    per_class: Object.fromEntries(perClass),
    confusion_matrix: data.classes.length > mostClassesInMatrix ? null : report.confusion,
  };
}

/** What is wrong with the champion is not the job's fault. */
function championOf(task: MeasureTask, candidate: MeasuredRows): Pick<MeasureAnswer, 'champion' | 'championFault'> {
  if (task.champion === null) return { champion: null, championFault: null };
  const measured = measuredOf(task, task.champion);
  if (!measured.ok) return { champion: null, championFault: measured.rejection.message };
  const { classes } = task.data;
  const test = pairedTest(candidate, measured.value, {
    kind: classes === null ? 'regression' : 'classification',
    metric: primaryMetric(classes?.length ?? 0),
    seed: task.seed,
  });
  return { champion: { ...test, metrics: { ...measured.value.metrics() } }, championFault: null };
}
