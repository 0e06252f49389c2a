import { z } from 'zod';
import { confusionMatrix, metrics } from '../evaluation.js';

const interval = z.object({ low: z.number(), high: z.number() });

/** What the evaluation stage found on the hold-out; an artifact of the job, as JSON. */
export const evaluationReport = z.object({
  version: z.literal(1),
  rows: z.object({ train: z.int(), test: z.int() }),
  metrics,
  /** 95 % percentile intervals of a bootstrap over rows, for each metric it was computed for. */
  intervals: z.record(z.string(), interval),
  /** Classification, by class. */
  per_class: z.record(z.string(), metrics).nullable(),
  confusion_matrix: confusionMatrix.nullable(),
  slices: z.array(z.object({ slice: z.string(), rows: z.int(), metrics })),
  importances: z.object({
    /** Total gain of the splits on a feature's columns; null where the trainer tells none. */
    gain: z.record(z.string(), z.number()).nullable(),
    /** Mean fall of the score when the raw column is shuffled, and its spread. */
    permutation: z.record(z.string(), z.object({ mean: z.number(), sd: z.number() })),
  }),
  /** Score by rows of training, or by round of boosting. */
  learning_curve: z
    .object({
      unit: z.enum(['rows', 'rounds']),
      at: z.array(z.number()),
      train: z.array(z.number()),
      test: z.array(z.number()),
    })
    .nullable(),
  /** Against the champion, on the same rows. Positive: this version is better. */
  champion: z
    .object({
      version: z.string(),
      artifact: z.string(),
      metrics,
      test: z.enum(['mcnemar', 'paired_t']),
      statistic: z.number(),
      p_value: z.number(),
      /** null: the metric is not defined on these rows. */
      difference: z.object({ metric: z.string(), mean: z.number(), low: z.number(), high: z.number() }).nullable(),
      verdict: z.enum(['better', 'worse', 'no_difference']),
    })
    .nullable(),
});
export type EvaluationReport = z.infer<typeof evaluationReport>;
