import type { FeaturePipeline, Learner } from '#libs/contracts/index.js';
import { fitTransformFeatures, type FittedFeatures } from '#libs/datasets/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import type { TrainedModel, TrainingContext } from '#libs/learning/index.js';
import { at } from '../data/labelled.js';
import type { ComputeRefusal, LearningData } from './protocol.js';
import { trainLearner } from './train-learner.js';

export interface FitOptions {
  readonly data: LearningData;
  readonly rows: Int32Array;
  readonly pipeline: FeaturePipeline;
  readonly learner: Learner;
  readonly context: TrainingContext;
}

export interface Fit {
  readonly fitted: FittedFeatures;
  readonly model: TrainedModel;
}

/** Features and model, both learned from these rows alone. */
export async function fit({
  data,
  rows,
  pipeline,
  learner,
  context,
}: FitOptions): Promise<Result<Fit, ComputeRefusal>> {
  const classes = data.classes?.length ?? 0;
  const target = at(data.target, rows);
  const options = { target: data.target, classes, seed: context.seed };
  const features = fitTransformFeatures(data.table, rows, pipeline, options);
  if (!features.ok) return reject({ code: 'features_invalid', message: features.rejection.detail });
  const { fitted, matrix } = features.value;
  const trained = await trainLearner(learner, { features: matrix, target, classes }, context);
  if (!trained.ok) return reject({ code: 'training_refused', message: trained.rejection.detail });
  return accept({ fitted, model: trained.value });
}
