import type { Learner } from '#libs/contracts/index.js';
import {
  trainBoosting,
  trainForest,
  trainLinear,
  trainLogistic,
  type LearningRefusal,
  type TrainedModel,
  type TrainingContext,
  type TrainingData,
} from '#libs/learning/index.js';
import { assertNever, type Result } from '#libs/kernel/index.js';

/** Any algorithm, with its own hyper-parameters. */
export function trainLearner(
  { algorithm, parameters }: Learner,
  data: TrainingData,
  context: TrainingContext,
): Promise<Result<TrainedModel, LearningRefusal>> {
  switch (algorithm) {
    case 'gradient_boosting':
      return trainBoosting(data, parameters, context);
    case 'random_forest':
      return trainForest(data, parameters, context);
    case 'logistic_regression':
      return trainLogistic(data, parameters, context);
    case 'linear_regression':
      return trainLinear(data, parameters, context);
    default:
      return assertNever(algorithm, 'algorithm');
  }
}
