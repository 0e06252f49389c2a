import { rejection, type Rejection } from '#libs/contracts/index.js';
import { InputBatch, type Column } from '#libs/inference/index.js';
import type { Servable } from '../models/servable.js';
import { rowBytes } from '../recording/row-size.js';
import type { PredictContext } from './context.js';

/*
 * A row with texts may be larger than the log's largest message; of any other the version's size was checked at loading.
 * Outputs are known after the run only. Numbers and labels have their room all the same; a text that is no class has
 * what the inputs leave, and where that is too little the prediction is not recorded: 503 log_unavailable.
 */

/** A row as features by name; null also for one that the encoder refuses. `root`: what the request calls it. */
export function oversizedRow(
  context: PredictContext,
  servable: Servable,
  input: unknown,
  root: string,
): Rejection | null {
  if (servable.recorded.rowBytes !== null) return null;
  const { encoder } = servable.model;
  const batch = new InputBatch(encoder.inputColumns, 1);
  if (encoder.encode(input, batch, 0) !== null) return null;
  const bytes = rowBytes(batch.view(0, 1), 0);
  const most = mostInputBytes(context, servable);
  return bytes <= most ? null : oversized(root, root, bytes, most);
}

/** The first such row of columns. */
export function oversizedColumns(
  context: PredictContext,
  servable: Servable,
  columns: readonly Column[],
  rows: number,
): Rejection | null {
  if (servable.recorded.rowBytes !== null) return null;
  const most = mostInputBytes(context, servable);
  for (let row = 0; row < rows; row++) {
    const bytes = rowBytes(columns, row);
    if (bytes > most) return oversized(`row ${row} of the tensors`, 'inputs', bytes, most);
  }
  return null;
}

const mostInputBytes = (
  { maxRecordedBytes }: PredictContext,
  { recorded: { schemaBytes, outputBytes } }: Servable,
): number => maxRecordedBytes - schemaBytes - outputBytes;

const oversized = (what: string, path: string, bytes: number, most: number): Rejection =>
  rejection('payload_too_large', `${what} takes ${bytes} bytes, at most ${most} can be recorded`, [
    { path, message: `expected at most ${most} bytes` },
  ]);
