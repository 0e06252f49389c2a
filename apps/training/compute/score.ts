import { transformFeatures } from '#libs/datasets/index.js';
import { accept, type Result } from '#libs/kernel/index.js';
import { scoreOf } from '#libs/learning/index.js';
import { at } from '../data/labelled.js';
import { fit, type Fit } from './fit.js';
import { metricsOf } from './metrics-of.js';
import type { ComputeRefusal, LearningData, ScoreAnswer, ScoreTask } from './protocol.js';

/** In one thread: what is tried runs beside other trials. */
export async function score(
  { data, splits, pipeline, learner, seed, metric }: ScoreTask,
  onProgress: (share: number) => void,
): Promise<Result<ScoreAnswer, ComputeRefusal>> {
  const [train, test]: [number[], number[]] = [[], []];
  for (const [index, split] of splits.entries()) {
    const fitted = await fit({ data, rows: split.train, pipeline, learner, context: { seed, threads: 1 } });
    if (!fitted.ok) return fitted;
    train.push(scoreAt(fitted.value, data, split.train, metric));
    test.push(scoreAt(fitted.value, data, split.test, metric));
    onProgress((index + 1) / splits.length);
  }
  return accept({ train, test });
}

/** NaN where the metric is not defined on these rows. */
function scoreAt(
  { fitted, model }: Fit,
  { table, target, classes }: LearningData,
  rows: Int32Array,
  metric: string,
): number {
  const predicted = model.predict(transformFeatures(fitted, table, rows));
  const value = metricsOf(at(target, rows), predicted, classes)[metric];
  return value === undefined ? Number.NaN : scoreOf(metric, value);
}
