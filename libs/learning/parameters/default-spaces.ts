import type { Algorithm, LearningTask, ParameterSpace, SearchSpaces } from '#libs/contracts/index.js';
import { assertNever } from '#libs/kernel/index.js';

/** What `defaultSpaces` knows of the data. */
export interface SearchedData {
  readonly task: LearningTask;
  /** Of a classification. */
  readonly classes?: number;
}

/** Above this many classes boosting, with a tree for each class in every round, gets fewer rounds. */
const manyClasses = 10;

/** The space of every algorithm that does the task: what `algorithm: auto` searches. */
export function defaultSpaces(data: SearchedData): SearchSpaces {
  return Object.fromEntries(algorithmsFor(data.task).map((algorithm) => [algorithm, defaultSpace(algorithm, data)]));
}

function algorithmsFor(task: LearningTask): readonly Algorithm[] {
  switch (task) {
    case 'classification':
      return ['gradient_boosting', 'logistic_regression', 'random_forest'];
    case 'regression':
      return ['gradient_boosting', 'linear_regression', 'random_forest'];
    default:
      return assertNever(task, 'task');
  }
}

/**
 * The space of one algorithm, for a search that gives none. Each range is around the algorithm's defaults; where orders of
 * magnitude matter more than differences it is a log range.
 */
export function defaultSpace(algorithm: Algorithm, { task, classes = 2 }: SearchedData): ParameterSpace {
  switch (algorithm) {
    case 'random_forest':
      return {
        n_estimators: { int: [50, 300], log: true },
        max_depth: { choice: [null, 6, 10, 16, 24] },
        min_samples_leaf: { int: [1, 50], log: true },
        max_features: { choice: task === 'classification' ? ['sqrt', 'log2', 0.3, 0.6] : [0.3, 0.6, 1] },
      };
    case 'gradient_boosting':
      return {
        n_estimators: { int: classes > manyClasses ? [30, 150] : [50, 500], log: true },
        learning_rate: { float: [0.02, 0.3], log: true },
        max_leaves: { int: [7, 127], log: true },
        min_samples_leaf: { int: [5, 100], log: true },
        l2: { float: [1e-3, 10], log: true },
      };
    case 'logistic_regression':
    case 'linear_regression':
      return {
        l1: { choice: [0, 0.1, 1, 10] },
        l2: { float: [1e-3, 1e3], log: true },
      };
    default:
      return assertNever(algorithm, 'algorithm');
  }
}
