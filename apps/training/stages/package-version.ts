import { baselineFormat, type StageResult, type TrainingGate } from '#libs/contracts/index.js';
import { buildBaseline } from '#libs/datasets/index.js';
import { accept, type Result } from '#libs/kernel/index.js';
import { at, type Classes } from '../data/labelled.js';
import type { JobFailure } from '../job/failure.js';
import type { JobContext } from '../job/job-context.js';
import { storeJson } from './stored-json.js';
import { openTrained } from './trained-model.js';

/** What a version is registered with: its baseline, its signature, and whether the gate lets it through. */
export async function packageVersion(context: JobContext): Promise<Result<StageResult, JobFailure>> {
  const { spec, data, results, options, log } = context;
  const learning = await data.learning();
  if (!learning.ok) return learning;
  const split = data.split(learning.value);
  if (!split.ok) return split;
  const opened = await openTrained(context, learning.value);
  if (!opened.ok) return opened;
  const { signature } = opened.value;
  const { train: rows } = split.value;
  let predicted: Float64Array;
  try {
    predicted = await opened.value.predict(rows);
  } finally {
    await opened.value.dispose();
  }
  const { table, target, classes } = learning.value;
  const baseline = buildBaseline(table, {
    ...{ rows, features: signature.features.map(({ name }) => name), seed: spec.seed },
    outputs: outputsOf(predicted, classes),
    target: labelsOf(at(target, rows), classes),
  });
  const reasons = [
    ...(spec.register ? [] : ['the request says not to register']),
    ...failedGates(spec.gate, results.of('evaluate')),
  ];
  for (const reason of reasons) log.warn(`not to be registered: ${reason}`);
  return accept({
    stage: 'package',
    baseline: { artifact: await storeJson(options.artifacts, baseline), format: baselineFormat },
    signature,
    gate: { passed: reasons.length === 0, reasons },
  });
}

/** Why the gate does not let the version through. */
export function failedGates(gate: TrainingGate, evaluated: Evaluated): string[] {
  const { metrics, worse_than_champion: worse, champion_not_compared: notCompared } = evaluated;
  const failed = Object.entries(boundsOf(gate)).flatMap(([metric, { min, max }]) => {
    const value = Object.hasOwn(metrics, metric) ? metrics[metric] : undefined;
    if (value === undefined) return [`${metric} was not measured`];
    if (min !== undefined && value < min) return [`${metric} is ${value}: expected at least ${min}`];
    return max !== undefined && value > max ? [`${metric} is ${value}: expected at most ${max}`] : [];
  });
  if (!gate.not_worse_than_champion) return failed;
  if (worse === true) failed.push('it is worse than the champion');
  if (notCompared !== undefined) failed.push(`it cannot be compared with the champion: ${notCompared}`);
  return failed;
}

type Evaluated = Pick<
  Extract<StageResult, { stage: 'evaluate' }>,
  'metrics' | 'worse_than_champion' | 'champion_not_compared'
>;
type Bound = NonNullable<TrainingGate['metrics']>[string];

function boundsOf({ min_auc, min_accuracy, min_r2, max_rmse, metrics }: TrainingGate): Record<string, Bound> {
  const bounds: Record<string, Bound> = { ...metrics };
  const named = {
    roc_auc: { min: min_auc },
    accuracy: { min: min_accuracy },
    r2: { min: min_r2 },
    rmse: { max: max_rmse },
  };
  for (const [metric, bound] of Object.entries<Bound>(named))
    if (bound.min !== undefined || bound.max !== undefined) bounds[metric] = { ...bounds[metric], ...bound };
  return bounds;
}

/** Columns of the outputs: `value`, or `label` and `probabilities.<class>`. */
function outputsOf(predicted: Float64Array, classes: Classes): Readonly<Record<string, readonly (number | string)[]>> {
  if (classes === null) return { value: Array.from(predicted) };
  const width = classes.length;
  const column = (position: number): number[] =>
    Array.from({ length: predicted.length / width }, (_, row) => predicted[row * width + position]!);
  const columns = classes.map((_, position) => column(position));
  const best = columns[0]!.map((_, row) =>
    columns.reduce((top, each, position) => (each[row]! > columns[top]![row]! ? position : top), 0),
  );
  return {
    label: best.map((position) => classes[position]!),
    ...Object.fromEntries(classes.map((name, position) => [`probabilities.${name}`, columns[position]!])),
  };
}

const labelsOf = (target: Float64Array, classes: Classes): readonly (number | string)[] =>
  classes === null ? Array.from(target) : Array.from(target, (index) => classes[index]!);
