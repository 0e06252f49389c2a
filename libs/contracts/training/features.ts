import { z } from 'zod';

const columns = z.array(z.string().min(1)).min(1).max(10_000);

/** How missing numbers are filled; `none` leaves them missing, for trainers that take them. */
const impute = z.union([z.enum(['none', 'mean', 'median', 'most_frequent']), z.strictObject({ constant: z.number() })]);

const scale = z.enum(['none', 'standard', 'min_max', 'robust']);

/** Of UTC. `month` from 1, `weekday` from 0, a Monday; `epoch_days`: whole days since 1970-01-01. */
export const datePart = z.enum(['year', 'month', 'day', 'weekday', 'hour', 'minute', 'epoch_days']);
export type DatePart = z.infer<typeof datePart>;

/**
 * One step of a feature pipeline: raw columns into columns of float32. A category that was not seen in training, or is
 * missing, goes to the unknown bucket.
 */
export const featureStep = z.discriminatedUnion('type', [
  /** Numbers, integers and booleans as they are; `indicator` adds a column that is 1 where the value is missing. */
  z.strictObject({
    type: z.literal('numeric'),
    columns,
    impute: impute.default('none'),
    indicator: z.boolean().default(false),
    scale: scale.default('none'),
  }),
  /** One column for each category seen at least `min_count` times, most frequent first, and one for all others. */
  z.strictObject({
    type: z.literal('one_hot'),
    columns,
    min_count: z.int().min(1).default(1),
    max_categories: z.int().min(1).max(10_000).default(100),
  }),
  /** The rank of the category in order of its text, from 0; -1 is the unknown bucket. */
  z.strictObject({ type: z.literal('ordinal'), columns }),
  /**
   * The mean of the target over the category's rows, drawn towards the overall mean by `smoothing` rows. Rows of training
   * get the mean of the other folds' rows. One column, or one for each class but the first where there are several.
   */
  z.strictObject({
    type: z.literal('target'),
    columns,
    smoothing: z.number().min(0).default(10),
    folds: z.int().min(2).max(50).default(5),
  }),
  z.strictObject({
    type: z.literal('date_parts'),
    columns,
    parts: z.array(datePart).min(1).default(['year', 'month', 'day', 'weekday', 'hour']),
    impute: impute.default('none'),
    scale: scale.default('none'),
  }),
  /** The number of the bin, from 0. */
  z.strictObject({
    type: z.literal('bins'),
    columns,
    bins: z.int().min(2).max(255).default(10),
    strategy: z.enum(['quantile', 'uniform']).default('quantile'),
  }),
  /** The product of two numeric columns. */
  z.strictObject({ type: z.literal('interaction'), columns: z.tuple([z.string().min(1), z.string().min(1)]) }),
]);
export type FeatureStep = z.infer<typeof featureStep>;

/** Steps in the order of the columns they give. A raw column may feed several steps. */
export const featurePipeline = z.array(featureStep).min(1).max(1000);
export type FeaturePipeline = z.infer<typeof featurePipeline>;
