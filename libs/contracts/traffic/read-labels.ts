/**
 * Labels from their JSON, at a fraction of what their schema takes: it is asked only where something is not as it should be,
 * and then says what. What is read is what the schema gives, to the order of keys.
 */
import { deploymentName, modelName, modelVersion } from '../names.js';
import type { LabelRow, LabelsRecorded } from './labels.js';

type Json = Readonly<Record<string, unknown>>;

/** Null: for the schema to read or to refuse. */
export function readLabels(value: unknown): LabelsRecorded | null {
  if (!isObject(value)) return null;
  const { deployment, events_seq, rows } = value;
  if (!isDeployment(deployment) || !isCount(events_seq) || !Array.isArray(rows) || rows.length === 0) return null;
  const read: LabelRow[] = [];
  for (const each of rows) {
    const row = readLabelRow(each);
    if (row === null) return null;
    read.push(row);
  }
  return { deployment, events_seq, rows: read };
}

/** Null: for the schema to read or to refuse. */
export function readLabelRow(value: unknown): LabelRow | null {
  if (!isObject(value)) return null;
  const { prediction_id, traffic_seq, epoch, counter, row, model, version, predicted_at, observed_at, label } = value;
  if (typeof prediction_id !== 'string' || typeof epoch !== 'string') return null;
  if (typeof predicted_at !== 'string' || typeof observed_at !== 'string') return null;
  if (!isPositive(counter) || !isCount(row) || !isModel(model) || !isVersion(version)) return null;
  if (typeof label !== 'string' && typeof label !== 'boolean' && !isNumber(label)) return null;
  if (traffic_seq !== undefined && !isPositive(traffic_seq)) return null;
  const predicted = readOutput(value['predicted']);
  if (predicted === null) return null;
  const rest = { epoch, counter, row, model, version, predicted_at, observed_at, predicted, label };
  return traffic_seq === undefined ? { prediction_id, ...rest } : { prediction_id, traffic_seq, ...rest };
}

function readOutput(value: unknown): LabelRow['predicted'] | null {
  if (!isObject(value)) return null;
  const output: LabelRow['predicted'] = {};
  if (value['label'] !== undefined) output.label = value['label'] as NonNullable<typeof output.label>;
  const { probabilities } = value;
  if (probabilities !== undefined) {
    if (!isObject(probabilities) || Object.hasOwn(probabilities, '__proto__')) return null;
    output.probabilities = probabilities as NonNullable<typeof output.probabilities>;
  }
  if (value['value'] !== undefined) output.value = value['value'] as NonNullable<typeof output.value>;
  return output;
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isPositive = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 1;

/** Names follow one another: one that was right a row before is right now. */
function remembering(schema: { safeParse(text: unknown): { readonly success: boolean } }) {
  let known: string | undefined;
  return (value: unknown): value is string => {
    if (typeof value !== 'string') return false;
    if (value !== known && !schema.safeParse(value).success) return false;
    known = value;
    return true;
  };
}

const isDeployment = remembering(deploymentName);
const isModel = remembering(modelName);
const isVersion = remembering(modelVersion);
