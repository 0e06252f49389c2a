import { z } from 'zod';

export const algorithm = z.enum(['random_forest', 'gradient_boosting', 'logistic_regression', 'linear_regression']);
export type Algorithm = z.infer<typeof algorithm>;

export const learningTask = z.enum(['classification', 'regression']);
export type LearningTask = z.infer<typeof learningTask>;

const positive = (most: number) => z.int().min(1).max(most);

export const randomForest = z.strictObject({
  n_estimators: positive(10_000).default(100),
  /** null: until leaves are pure or `min_samples_leaf` ends it. */
  max_depth: positive(64).nullable().default(null),
  min_samples_split: z.int().min(2).max(1_000_000).default(2),
  min_samples_leaf: positive(1_000_000).default(1),
  /** Features tried at each split: `sqrt` and `log2` of all, or a share of them. Left out: sqrt, of numbers 1.0. */
  max_features: z.union([z.enum(['sqrt', 'log2']), z.number().gt(0).max(1)]).optional(),
  bootstrap: z.boolean().default(true),
  max_bins: z.int().min(2).max(255).default(255),
});
export type RandomForest = z.infer<typeof randomForest>;

export const gradientBoosting = z.strictObject({
  /** Rounds of boosting; each has one tree, or one for each class where there are several. */
  n_estimators: positive(10_000).default(100),
  learning_rate: z.number().gt(0).max(1).default(0.1),
  max_leaves: z.int().min(2).max(4096).default(31),
  max_depth: positive(64).nullable().default(null),
  min_samples_leaf: positive(1_000_000).default(20),
  l2: z.number().min(0).default(0),
  max_bins: z.int().min(2).max(255).default(255),
  /** Stop after so many rounds without a better loss on rows held back; null: never. */
  early_stopping_rounds: positive(1000).nullable().default(null),
  validation_share: z.number().gt(0).lt(1).default(0.1),
});
export type GradientBoosting = z.infer<typeof gradientBoosting>;

/** Penalties as in the sum of losses + l1·|w| + ½·l2·|w|²: scikit-learn's C is 1 / l2. The intercept has none. */
const penalised = {
  l1: z.number().min(0).default(0),
  l2: z.number().min(0).default(1),
  max_iter: positive(100_000).default(1000),
  tolerance: z.number().gt(0).max(1).default(1e-6),
};
export const logisticRegression = z.strictObject(penalised);
export type LogisticRegression = z.infer<typeof logisticRegression>;
export const linearRegression = z.strictObject(penalised);
export type LinearRegression = z.infer<typeof linearRegression>;

/** The hyper-parameters of each algorithm, with their defaults. */
export const algorithmParameters = {
  random_forest: randomForest,
  gradient_boosting: gradientBoosting,
  logistic_regression: logisticRegression,
  linear_regression: linearRegression,
} as const satisfies Record<Algorithm, z.ZodType>;

/** An algorithm with every hyper-parameter it has. */
export type Learner =
  | { readonly algorithm: 'random_forest'; readonly parameters: RandomForest }
  | { readonly algorithm: 'gradient_boosting'; readonly parameters: GradientBoosting }
  | { readonly algorithm: 'logistic_regression'; readonly parameters: LogisticRegression }
  | { readonly algorithm: 'linear_regression'; readonly parameters: LinearRegression };

/** Given values of hyper-parameters, not yet read as one algorithm's. */
export const givenParameters = z.record(
  z.string().min(1).max(128),
  z.union([z.number(), z.string(), z.boolean(), z.null()]),
);
export type GivenParameters = z.infer<typeof givenParameters>;
