/**
 * `LabelsRecorded`: what was observed of predictions, as it was accepted, on `label.<deployment>` of TRAFFIC. Each row
 * carries what the prediction was, resolved once, so that no consumer reads back (EVENT_LOG.md 11).
 */
import { z } from 'zod';
import { messageOf } from '#libs/kernel/index.js';
import { predictionOutput } from '../api/predict.js';
import { deploymentName, modelName, modelVersion } from '../names.js';
import { readLabelRow, readLabels } from './read-labels.js';

export const labelRow = z.object({
  prediction_id: z.string(),
  /** Where its chunk stands in TRAFFIC; left out in labels of earlier builds, whose id says it. */
  traffic_seq: z.int().positive().optional(),
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
  const value = parsed(data);
  return readLabels(value) ?? fitting(labelsRecorded.schema, value);
}

const labelsUnread = labelsRecorded.schema.extend({ rows: z.array(z.unknown()).min(1) });

/**
 * The labels of one prediction, each with its row in the message: a message of 512 KiB holds thousands of others, and
 * only those asked for are validated.
 * @throws LabelsMalformed as `decodeLabels` does, for other rows only where they are no objects.
 */
export function decodeLabelsOf(
  data: Uint8Array,
  { epoch, counter, row }: Pick<LabelRow, 'epoch' | 'counter' | 'row'>,
): { readonly index: number; readonly label: LabelRow }[] {
  const found: { readonly index: number; readonly label: LabelRow }[] = [];
  for (const [index, each] of fitting(labelsUnread, parsed(data)).rows.entries()) {
    if (typeof each !== 'object' || each === null)
      throw new LabelsMalformed(`do not fit: rows.${index}: expected an object`);
    const named: Partial<Record<keyof LabelRow, unknown>> = each;
    if (named.row === row && named.counter === counter && named.epoch === epoch)
      found.push({ index, label: readLabelRow(each) ?? fitting(labelRow, each, `rows.${index}`) });
  }
  return found;
}

function parsed(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8'));
  } catch (error) {
    throw new LabelsMalformed(`are not JSON: ${messageOf(error)}`);
  }
}

/** @param at where the value stands in the message */
function fitting<Schema extends z.ZodType>(schema: Schema, value: unknown, ...at: string[]): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new LabelsMalformed(`do not fit: ${[...at, ...path].join('.') || 'the whole'}: ${message}`);
}

export class LabelsMalformed extends Error {
  constructor(detail: string) {
    super(`stored labels ${detail}`);
    this.name = 'LabelsMalformed';
  }
}
