import { z } from 'zod';
import { columnSchema, columnType } from './schema.js';

export const severity = z.enum(['error', 'warning']);
export type Severity = z.infer<typeof severity>;

const share = z.number().min(0).max(1);

/** What one column has to be. A rule that is left out is not checked. */
export const columnCheck = z.strictObject({
  type: columnType.optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  allowed: z
    .array(z.union([z.string(), z.number(), z.boolean()]))
    .max(10_000)
    .optional(),
  unique: z.boolean().optional(),
  max_missing_share: share.optional(),
  severity: severity.default('error'),
});
export type ColumnCheck = z.infer<typeof columnCheck>;

/** What a data set has to be before a model is trained on it. */
export const dataChecks = z
  .strictObject({
    /** The expected schema: of a data set version (`name@1.0.0`), or written out. */
    schema: z
      .union([
        z.strictObject({ dataset: z.string().min(1) }),
        z.strictObject({ columns: z.array(columnSchema.strict()) }),
      ])
      .optional(),
    columns: z.record(z.string(), columnCheck).default({}),
    rows: z.strictObject({ min: z.int().min(1).default(10), max: z.int().min(1).optional() }).prefault({}),
    duplicated_rows: z
      .strictObject({ max_share: share.default(0.5), severity: severity.default('warning') })
      .prefault({}),
    label: z
      .strictObject({
        /** Of the rarest class. A class of a single row cannot be split and is an error in any case. */
        min_class_rows: z.int().min(2).default(2),
        min_class_share: share.default(0.01),
        severity: severity.default('warning'),
      })
      .prefault({}),
    leakage: z
      .strictObject({
        /** A feature that alone reaches this (ROC-AUC of classes, squared correlation of ranks for numbers). */
        threshold: share.default(0.999),
        severity: severity.default('warning'),
      })
      .prefault({}),
  })
  .prefault({});
export type DataChecks = z.infer<typeof dataChecks>;

export const dataFinding = z.object({
  check: z.enum([
    'missing_column',
    'unexpected_column',
    'column_type',
    'not_nullable',
    'range',
    'allowed_values',
    'unique',
    'missing_share',
    'row_count',
    'duplicated_rows',
    'label_balance',
    'label_missing',
    'label_constant',
    'label_type',
    'infinite_values',
    'constant_feature',
    'leakage',
  ]),
  severity,
  column: z.string().nullable(),
  message: z.string(),
  /** How many rows are concerned, and the first ten of them (0 is the first row of data). */
  rows: z.int().nonnegative(),
  examples: z.array(z.int().nonnegative()).max(10),
});
export type DataFinding = z.infer<typeof dataFinding>;
