import { z } from 'zod';
import { sha256Digest } from '../names.js';

/**
 * What a column holds. `category`: text of few distinct values; `text`: of many. `timestamp`: ISO-8601 dates or instants.
 */
export const columnType = z.enum(['numeric', 'integer', 'boolean', 'category', 'timestamp', 'text']);
export type ColumnType = z.infer<typeof columnType>;

export const dataFormat = z.enum(['csv', 'jsonl', 'parquet', 'arrow']);
export type DataFormat = z.infer<typeof dataFormat>;

export const columnSchema = z.object({
  name: z.string().min(1).max(256),
  type: columnType,
  /** Some value is missing. */
  nullable: z.boolean(),
});
export type ColumnSchema = z.infer<typeof columnSchema>;

/** Columns in the file's order. */
export const datasetSchema = z.object({ columns: z.array(columnSchema).min(1).max(10_000) });
export type DatasetSchema = z.infer<typeof datasetSchema>;

export const quantileNames = ['p01', 'p05', 'p25', 'p50', 'p75', 'p95', 'p99'] as const;

/** Numbers of a column without its missing values; `sd` is the sample's (n − 1). */
export const numericProfile = z.object({
  min: z.number(),
  max: z.number(),
  mean: z.number(),
  sd: z.number().nullable(),
  quantiles: z.record(z.enum(quantileNames), z.number()),
});
export type NumericProfile = z.infer<typeof numericProfile>;

/** `counts[i]` values v with `edges[i] < v <= edges[i + 1]`; the first bin has its lower edge too. */
export const histogram = z.object({
  edges: z.array(z.number()).min(2).max(1001),
  counts: z.array(z.int().nonnegative()).min(1).max(1000),
});
export type Histogram = z.infer<typeof histogram>;

export const columnProfile = z.object({
  name: z.string(),
  type: columnType,
  /** Rows, missing ones included. */
  count: z.int().nonnegative(),
  missing: z.int().nonnegative(),
  distinct: z.int().nonnegative(),
  /** False where there were too many to count one by one: then `distinct` is an estimate, and so are quantiles. */
  exact: z.boolean(),
  numeric: numericProfile.nullable(),
  /** The most frequent values, most frequent first; ties in order of their text. */
  top: z.array(z.object({ value: z.string(), count: z.int().positive() })).max(100),
  /** Of numbers, for comparing later data with: about as many values in each bin. */
  histogram: histogram.nullable(),
});
export type ColumnProfile = z.infer<typeof columnProfile>;

/** What a data set version's profile artifact holds, as JSON. */
export const datasetProfile = z.object({
  version: z.literal(1),
  digest: sha256Digest,
  format: dataFormat,
  bytes: z.int().nonnegative(),
  rows: z.int().nonnegative(),
  columns: z.array(columnProfile),
});
export type DatasetProfile = z.infer<typeof datasetProfile>;
