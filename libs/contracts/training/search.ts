import { z } from 'zod';
import { algorithm, givenParameters } from './algorithms.js';

const value = z.union([z.number(), z.string(), z.boolean(), z.null()]);

/** What one hyper-parameter may be: a choice, or a range of numbers; `log` draws evenly over orders of magnitude. */
export const parameterRange = z.union([
  z.strictObject({ choice: z.array(value).min(1).max(1000) }),
  z
    .strictObject({ int: z.tuple([z.int(), z.int()]), log: z.boolean().default(false) })
    .refine(({ int: [low, high] }) => low <= high, 'expected the lower bound first'),
  z
    .strictObject({ float: z.tuple([z.number(), z.number()]), log: z.boolean().default(false) })
    .refine(({ float: [low, high] }) => low <= high, 'expected the lower bound first'),
]);
export type ParameterRange = z.infer<typeof parameterRange>;

export const parameterSpace = z.record(z.string().min(1).max(128), parameterRange);
export type ParameterSpace = z.infer<typeof parameterSpace>;

export const searchStrategy = z.enum(['random', 'successive_halving', 'bayesian']);
export type SearchStrategy = z.infer<typeof searchStrategy>;

/** A space for each algorithm that is searched. */
export const searchSpaces = z.partialRecord(algorithm, parameterSpace);
export type SearchSpaces = z.infer<typeof searchSpaces>;

export const searchPlan = z.strictObject({
  strategy: searchStrategy,
  /** Trials in all: the budget. */
  trials: z.int().min(1).max(10_000),
  /** So many trials may run at once: a proposal rests on those before it but for the last so many less one. */
  lookback: z.int().min(1).max(64),
  spaces: searchSpaces,
  /** Seconds after which no further trial begins; null: none. */
  time_limit_s: z.number().positive().nullable(),
});
export type SearchPlan = z.infer<typeof searchPlan>;

/** What is tried: its number, and what it is trained with. */
export const proposal = z.object({
  index: z.int().nonnegative(),
  algorithm,
  hyperparameters: givenParameters,
  /** Share of the rows of training that it gets (successive halving). */
  budget: z.number().gt(0).max(1),
});
export type Proposal = z.infer<typeof proposal>;

export const trial = proposal.extend({
  status: z.enum(['completed', 'failed']),
  /** Mean of the folds, larger is better (losses are negated); null where it failed. */
  score: z.number().nullable(),
  fold_scores: z.array(z.number()).max(100),
  error: z.string().nullable(),
  duration_s: z.number().nonnegative(),
});
export type Trial = z.infer<typeof trial>;
