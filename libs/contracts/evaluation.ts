import { z } from 'zod';
import { sha256Digest } from './names.js';

/** Flat: metric name → value. */
export const metrics = z.record(z.string().min(1).max(128), z.number());

/** Rows: what was true; columns: what was predicted. Both in the order of `labels`. */
export const confusionMatrix = z
  .object({
    labels: z
      .array(z.union([z.string().max(256), z.number()]))
      .min(2)
      .max(200),
    counts: z.array(z.array(z.int().nonnegative())),
  })
  .refine(
    ({ labels, counts }) => counts.length === labels.length && counts.every((row) => row.length === labels.length),
    { message: 'expected one row and one column for each label', path: ['counts'] },
  );

/** A part of the data set, for example `country=DE`. */
const sliceMetrics = z.object({
  slice: z.string().min(1).max(256),
  rows: z.int().nonnegative().optional(),
  metrics,
});

export const curveKind = z.enum(['roc', 'pr', 'calibration']);
export type CurveKind = z.infer<typeof curveKind>;

const finite = z.array(z.number()).min(2).max(100_000);
const unit = z.array(z.number().min(0).max(1)).min(2).max(100_000);

/** What a curve's artifact holds, as JSON: arrays of one length, in order along the curve. */
export const curveData = {
  /** False positive rate does not fall. */
  roc: z.strictObject({ fpr: unit, tpr: unit, thresholds: finite.optional() }),
  /** Recall does not fall, or does not rise. */
  pr: z.strictObject({ precision: unit, recall: unit, thresholds: finite.optional() }),
  /** Per bin: mean predicted probability, observed share, number of rows. */
  calibration: z.strictObject({ predicted: unit, observed: unit, counts: z.array(z.int().nonnegative()).min(2) }),
} as const;

/** What the server itself computed from a curve's artifact. */
export const curveSummary = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('roc'), artifact: sha256Digest, points: z.int(), auc: z.number() }),
  z.object({ kind: z.literal('pr'), artifact: sha256Digest, points: z.int(), average_precision: z.number() }),
  z.object({
    kind: z.literal('calibration'),
    artifact: sha256Digest,
    bins: z.int(),
    /** Mean and largest distance of predicted and observed, the mean weighted by rows. */
    expected_calibration_error: z.number(),
    max_calibration_error: z.number(),
  }),
]);
export type CurveSummary = z.infer<typeof curveSummary>;

/** What was found when a version was run on a data set. */
export const evaluation = z.object({
  evaluation_id: z.uuid(),
  /** Name of the data set, as the policy names it; `name@version` where it has versions. */
  dataset: z.string().min(1).max(512),
  split: z.string().min(1).max(64).optional(),
  rows: z.int().nonnegative().optional(),
  metrics,
  confusion_matrix: confusionMatrix.optional(),
  slices: z.array(sliceMetrics).max(1000).optional(),
  curves: z.array(curveSummary).max(3).optional(),
  notes: z.string().max(10_000).optional(),
});
export type Evaluation = z.infer<typeof evaluation>;
