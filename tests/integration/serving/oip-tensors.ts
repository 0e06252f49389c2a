/** Rows of /api/predict as tensors of the Open Inference Protocol, in the ways that a client may send them. */
import type { Signature } from '#libs/contracts/index.js';
import { InputBatch, rowEncoder, type Column } from '#libs/inference/index.js';
import { datatypeOf } from '#apps/serving/oip/datatypes.js';
import type { InputTensor, TensorData } from '#apps/serving/oip/protocol.js';

export type Rows = readonly Readonly<Record<string, unknown>>[];

/** What the model receives of these rows. */
export function columnsOf(signature: Signature, rows: Rows): readonly Column[] {
  const encoder = rowEncoder(signature);
  const batch = new InputBatch(encoder.inputColumns, rows.length);
  for (const [row, input] of rows.entries()) {
    const refusal = encoder.encode(input, batch, row);
    if (refusal !== null) throw new Error(refusal.message);
  }
  return batch.view(0, rows.length);
}

/** One tensor per graph input, of the graph's own types. */
export const byInput = (signature: Signature, rows: Rows): InputTensor[] =>
  columnsOf(signature, rows).map(({ name, type, data }, index) => ({
    name,
    datatype: datatypeOf[type],
    shape: [rows.length, ...signature.inputs[index]!.shape.slice(1).map((length) => length ?? 1)],
    data,
  }));

/** One tensor per feature, its values as they are in JSON. */
export const byFeature = (signature: Signature, rows: Rows): InputTensor[] =>
  signature.features.map(({ name, type, shape = [] }) => ({
    name,
    datatype: datatypeOf[type],
    shape: [rows.length, ...shape],
    data: rows.map((row) => row[name] ?? null).flat(8) as TensorData,
  }));

/** A tensor as JSON has it: flat. */
export const inJson = ({ name, datatype, shape, data }: InputTensor) => ({
  name,
  datatype,
  shape,
  data: Array.from<unknown, unknown>(data as readonly unknown[], (value) =>
    typeof value === 'bigint' ? Number(value) : datatype === 'BOOL' ? value === 1 || value === true : value,
  ).map((value) => (Number.isNaN(value) ? null : value)),
});
