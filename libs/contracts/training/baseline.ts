import { z } from 'zod';
import { columnProfile } from '../datasets/schema.js';
import { otherCategories } from './other-categories.js';

export const baselineFormat = 'modelog.baseline+json';

/**
 * What production data is compared with, the artifact of a version: per column the reference's bins, moments and
 * categories, of the features and of the outputs; and rows themselves, drawn with the job's seed.
 */
export const driftBaseline = z.object({
  version: z.literal(1),
  rows: z.int().positive(),
  features: z.array(columnProfile),
  /** `value`, or `label` and `probabilities.<class>`. */
  outputs: z.array(columnProfile),
  /** By feature; left out where its profile tells all of them, where they are too many, and by earlier builds. */
  categories: z.record(z.string(), otherCategories).optional(),
  sample: z.object({
    /** Row numbers of the data set, ascending; at most 5,000. */
    rows: z.array(z.int().nonnegative()).max(5000),
    /** Values by column, in the order of `rows`; null is a missing value. */
    features: z.record(z.string(), z.array(z.union([z.number(), z.string(), z.boolean(), z.null()]))),
    outputs: z.record(z.string(), z.array(z.union([z.number(), z.string()]))),
    /** What was true. */
    target: z.array(z.union([z.number(), z.string()])),
  }),
});
export type DriftBaseline = z.infer<typeof driftBaseline>;
