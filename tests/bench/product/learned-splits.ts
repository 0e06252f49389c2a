import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { check } from '#apps/training/compute/check.js';
import { fit } from '#apps/training/compute/fit.js';
import { metricsOf } from '#apps/training/compute/metrics-of.js';
import type { LearningData, Split } from '#apps/training/compute/protocol.js';
import { at, targetOf } from '#apps/training/data/labelled.js';
import { familyOfAlgorithm } from '#apps/training/stages/validate.js';
import {
  dataChecks,
  type DatasetProfile,
  type DatasetSchema,
  type Learner,
  type LearningTask,
} from '#libs/contracts/index.js';
import { automaticPipeline, bytesSource, loadTable, scanDataset, transformFeatures } from '#libs/datasets/index.js';
import type { Result } from '#libs/kernel/index.js';
import { holdOut } from '#libs/learning/index.js';

/** CSV, as it is or gzipped. */
export interface DataFile {
  readonly file: string;
  readonly target: string;
  readonly task: LearningTask;
}

/** A data set as a training job has it before it trains. */
export interface Learnable extends DataFile {
  readonly data: LearningData;
  readonly schema: DatasetSchema;
  readonly profile: DatasetProfile;
}

/** @throws Error with the refusal: the files are known to be fit. */
export async function openLearnable(from: DataFile): Promise<Learnable> {
  const bytes = readFileSync(from.file);
  const source = bytesSource(from.file.endsWith('.gz') ? gunzipSync(bytes) : bytes);
  const profile = accepted(await scanDataset(source, 'csv'));
  const { schema } = profile;
  const table = accepted(await loadTable(source, 'csv', schema, { shared: true }));
  const { target, task } = from;
  const checked = accepted(
    check({ kind: 'check', table, schema, checks: dataChecks.parse({}), target, task, features: null }),
  );
  const { classes } = checked;
  return { ...from, schema, profile, data: { table, target: targetOf(table, target, classes), classes } };
}

/** A fifth held out, of each class alike. @param seed of the split */
export function splitOf({ data, task }: Learnable, seed: number): Split {
  const split = task === 'classification' ? 'stratified' : 'random';
  return accepted(
    holdOut({
      ...{ rows: data.table.rows, target: data.target, classes: data.classes?.length ?? 0, seed },
      plan: { test_size: 0.2, cv_folds: 5, split, by: null },
    }),
  );
}

/** Features and model as a job makes them from the rows of training, measured on the others. */
export async function scoresOf(
  { data, schema, profile, target }: Learnable,
  learner: Learner,
  { train, test }: Split,
  seed: number,
): Promise<Readonly<Record<string, number>>> {
  const features = schema.columns.map(({ name }) => name).filter((name) => name !== target);
  const family = familyOfAlgorithm(learner.algorithm);
  const { pipeline } = accepted(automaticPipeline(schema, features, profile.columns, family));
  const { fitted, model } = accepted(
    await fit({ data, rows: train, pipeline, learner, context: { seed, threads: 1 } }),
  );
  const predicted = model.predict(transformFeatures(fitted, data.table, test));
  return metricsOf(at(data.target, test), predicted, data.classes);
}

function accepted<Value, Refusal>(result: Result<Value, Refusal>): Value {
  if (result.ok) return result.value;
  throw new Error(`a data set of the benchmark was refused: ${JSON.stringify(result.rejection)}`);
}
