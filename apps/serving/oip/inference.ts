import { emptyColumn, rejection, type Rejection } from '#libs/contracts/index.js';
import type { Column, ColumnData, CompletedRun } from '#libs/inference/index.js';
import { accept, reject } from '#libs/kernel/index.js';
import type { Servable } from '../models/servable.js';
import type { PredictContext } from '../prediction/context.js';
import { Prediction, type Asked } from '../prediction/prediction.js';
import type { RowIds } from '../recording/prediction-ids.js';
import { rowBytes } from '../recording/row-size.js';
import { bindingOf } from './bindings.js';
import { rowsOf } from './input-binding.js';
import { outputTensors, predictionIdOutput, selectOutputs, type OutputSelection } from './output-selection.js';
import type { InferDone, InferRequest, InferResponse } from './protocol.js';

/** A request of the protocol, whatever carried it, from its arrival to its answer. */
export class Inference extends Prediction {
  readonly #request: InferRequest;
  readonly #done: InferDone;
  /** Of each output of the graph: the rows so far, as the runs gave them. */
  readonly #outputs: ColumnData[][] = [];
  #selection: OutputSelection = [];
  #sequence = 0;

  constructor(context: PredictContext, asked: Asked, request: InferRequest, at: Arrival, done: InferDone) {
    super(context, asked, rowsOf(request.inputs), at.beganAt, at.deadlineAt);
    this.#request = request;
    this.#done = done;
  }

  override routed(servable: Servable, sequence: number): void {
    this.#sequence = sequence;
    super.routed(servable, sequence);
  }

  protected override submit(servable: Servable): Rejection | null {
    const { inputs, outputs } = this.#request;
    const selection = selectOutputs(servable.model.signature, outputs);
    if (!selection.ok) return selection.rejection;
    const bound = bindingOf(servable.model)(inputs);
    if (!bound.ok) return bound.rejection;
    this.#selection = selection.value;
    const { columns, rows, refusalOf } = bound.value;
    const oversized = this.#oversized(servable, columns, rows);
    if (oversized !== null) return oversized;
    const refusal = servable.batcher.submitColumns(columns, rows, this.ran, this.deadlineAt);
    return refusal === null ? null : refusalOf(refusal);
  }

  protected override take(_servable: Servable, run: CompletedRun, firstRow: number, rows: number): void {
    for (const [index, { width, data }] of run.outputs.entries())
      (this.#outputs[index] ??= []).push(rowsIn(data, firstRow * width, rows * width));
  }

  protected override keepIds(ids: RowIds, chunkRow: number, requestRow: number, rows: number): void {
    if (this.#selection.includes(predictionIdOutput)) super.keepIds(ids, chunkRow, requestRow, rows);
    else if (requestRow === 0) super.keepIds(ids, chunkRow, 0, 1);
  }

  protected override answer(servable: Servable): void {
    this.#done(accept(this.#response(servable)));
  }

  override refused(refusal: Rejection, predictionId?: string): void {
    this.#done(reject(predictionId === undefined ? refusal : { ...refusal, predictionId }));
  }

  #response({ rollout, model }: Servable): InferResponse {
    const { signature } = model;
    const data = this.#outputs.map((parts, index) => joined(signature.outputs[index]!.type, parts));
    return {
      model: rollout.deployment,
      version: rollout.version,
      id: this.#request.id,
      outputs: outputTensors(signature, this.#selection, data, this.ids, this.rows),
      parameters: {
        prediction_id: this.ids[0]!,
        registered_model: rollout.model,
        rollout_id: rollout.rolloutId,
        routing_seq: this.#sequence,
      },
    };
  }

  /** A row with texts may be larger than the log's largest message. */
  #oversized({ recorded }: Servable, columns: readonly Column[], rows: number): Rejection | null {
    if (recorded.rowBytes !== null) return null;
    const { maxRecordedBytes } = this.context;
    for (let row = 0; row < rows; row++) {
      const bytes = rowBytes(columns, row);
      if (bytes <= maxRecordedBytes) continue;
      const detail = `row ${row} of the tensors takes ${bytes} bytes, at most ${maxRecordedBytes} can be recorded`;
      return rejection('payload_too_large', detail, [
        { path: 'inputs', message: `expected at most ${maxRecordedBytes} bytes a row` },
      ]);
    }
    return null;
  }
}

/** Monotonic milliseconds: when a request had arrived, and when its caller stops waiting (Infinity: it does not). */
export interface Arrival {
  readonly beganAt: number;
  readonly deadlineAt: number;
}

const rowsIn = (data: ColumnData, first: number, count: number): ColumnData =>
  Array.isArray(data) ? data.slice(first, first + count) : data.subarray(first, first + count);

function joined(type: Column['type'], parts: readonly ColumnData[]): ColumnData {
  if (parts.length === 1) return parts[0]!;
  if (type === 'string') return (parts as string[][]).flat();
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const column = emptyColumn(type, length) as Float32Array;
  let at = 0;
  for (const part of parts) {
    column.set(part as Float32Array, at);
    at += part.length;
  }
  return column;
}
