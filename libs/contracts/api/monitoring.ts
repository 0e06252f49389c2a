import { z } from 'zod';
import { deploymentName, modelName, modelVersion } from '../names.js';
import { readQuery, wholeNumber, asOfSeq } from './common.js';

export const metricsQuery = readQuery
  .extend({
    deployment: deploymentName.optional(),
    version: modelVersion.optional(),
    /** ISO-8601 instants (left out: the last hour). */
    from: z.iso.datetime({ offset: true }).optional(),
    to: z.iso.datetime({ offset: true }).optional(),
    /** Seconds of a window, a multiple of 10 (left out: 60). */
    window_s: wholeNumber(10, 86_400)
      .refine((seconds) => seconds % 10 === 0, 'expected a multiple of 10')
      .optional(),
  })
  .strict();
export type MetricsQuery = z.output<typeof metricsQuery>;

const latency = z.object({ p50: z.number(), p95: z.number(), p99: z.number(), mean: z.number(), max: z.number() });

/** Rows of one version in a span of the log's time. */
const operations = z.object({
  from: z.string(),
  to: z.string(),
  rows: z.int(),
  served: z.int(),
  failed: z.int(),
  refused: z.int(),
  /** Rows a second. */
  throughput: z.number(),
  /** Failed of those that reached the model; null without any. */
  error_rate: z.number().nullable(),
  /** Milliseconds, of rows that reached the model. Quantiles are within 2 % of the exact ones. */
  latency_ms: latency.nullable(),
  /** Rows waiting in a serving process whenever it recorded some. */
  queued_rows: z.object({ mean: z.number(), max: z.int() }).nullable(),
});
export type Operations = z.infer<typeof operations>;

export const metricsAnswer = z
  .object({
    items: z.array(
      z.object({
        deployment: deploymentName,
        model: modelName,
        version: modelVersion,
        total: operations,
        windows: z.array(operations),
      }),
    ),
    window_s: z.int(),
    as_of_cut: z.object({ events: z.int(), traffic: z.int() }),
    ...asOfSeq,
  })
  .meta({ id: 'OperationalMetrics' });
export type MetricsAnswer = z.infer<typeof metricsAnswer>;
