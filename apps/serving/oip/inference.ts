import type { Rejection } from '#libs/contracts/index.js';
import { sliceOf, type ColumnData, type CompletedRun } from '#libs/inference/index.js';
import { accept, reject } from '#libs/kernel/index.js';
import { joined } from '../joined-columns.js';
import type { Servable } from '../models/servable.js';
import type { PredictContext } from '../prediction/context.js';
import { oversizedColumns } from '../prediction/oversized.js';
import { Prediction, type Asked } from '../prediction/prediction.js';
import type { RowIds } from '../recording/prediction-ids.js';
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

  override routed(servable: Servable, sequence: number, now: number): void {
    this.#sequence = sequence;
    super.routed(servable, sequence, now);
  }

  protected override submit(servable: Servable): Rejection | null {
    const { inputs, outputs } = this.#request;
    const selection = selectOutputs(servable.model.signature, outputs);
    if (!selection.ok) return selection.rejection;
    const bound = bindingOf(servable.model)(inputs);
    if (!bound.ok) return bound.rejection;
    this.#selection = selection.value;
    const { columns, rows, refusalOf } = bound.value;
    const oversized = oversizedColumns(this.context, servable, columns, rows);
    if (oversized !== null) return oversized;
    const refusal = servable.batcher.submitColumns(columns, rows, this.ran, this.deadlineAt);
    return refusal === null ? null : refusalOf(refusal);
  }

  protected override take(_servable: Servable, run: CompletedRun, firstRow: number, rows: number): void {
    for (const [index, { width, data }] of run.outputs.entries())
      (this.#outputs[index] ??= []).push(sliceOf(data, firstRow * width, rows * width));
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
}

/** Monotonic milliseconds: when a request had arrived, and when its caller stops waiting (Infinity: it does not). */
export interface Arrival {
  readonly beganAt: number;
  readonly deadlineAt: number;
}
