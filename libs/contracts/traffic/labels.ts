/**
 * `LabelsRecorded`: what was observed of predictions, as it was accepted, on `label.<deployment>` of TRAFFIC. Each row
 * carries what the prediction was, resolved once, so that no consumer reads back (EVENT_LOG.md 11).
 */
import { z } from 'zod';
import { messageOf } from '#libs/kernel/index.js';
import { predictionOutput } from '../api/predict.js';
import { deploymentName, modelName, modelVersion } from '../names.js';

export const labelRow = z.object({
  prediction_id: z.string(),
  /** Identity of the prediction: consumers join by it. */
  epoch: z.string(),
  counter: z.int().positive(),
  row: z.int().nonnegative(),
  model: modelName,
  version: modelVersion,
  /** ISO-8601 instants: when the prediction began, and of what moment the label is. */
  predicted_at: z.string(),
  observed_at: z.string(),
  predicted: predictionOutput,
  label: z.union([z.string(), z.number(), z.boolean()]),
});
export type LabelRow = z.infer<typeof labelRow>;

/** Version 1, JSON. Of the labels of one prediction the largest (`observed_at`, event id, row) counts. */
export const labelsRecorded = {
  type: 'LabelsRecorded',
  version: 1,
  schema: z.object({
    deployment: deploymentName,
    /** EVENTS position when they were accepted. */
    events_seq: z.int().nonnegative(),
    rows: z.array(labelRow).min(1),
  }),
} as const;
export type LabelsRecorded = z.infer<typeof labelsRecorded.schema>;

/** @throws LabelsMalformed for bytes that are not labels of version 1, naming what was expected where. */
export function decodeLabels(data: Uint8Array): LabelsRecorded {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8'));
  } catch (error) {
    throw new LabelsMalformed(`are not JSON: ${messageOf(error)}`);
  }
  const parsed = labelsRecorded.schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new LabelsMalformed(`do not fit: ${path.join('.') || 'the whole'}: ${message}`);
}

export class LabelsMalformed extends Error {
  constructor(detail: string) {
    super(`stored labels ${detail}`);
    this.name = 'LabelsMalformed';
  }
}
