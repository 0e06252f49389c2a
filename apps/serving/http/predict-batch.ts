import { api, rejection, type Rejection } from '#libs/contracts/index.js';
import { InputBatch, type CompletedRun } from '#libs/inference/index.js';
import type { Servable } from '../models/servable.js';
import { admit } from '../prediction/admit.js';
import { oversizedRow, type PredictContext } from '../prediction/context.js';
import { rowRejection } from '../prediction/refusals.js';
import { HttpPrediction, receive, type Arrived } from './http-prediction.js';
import { refuseShape } from './refuse-shape.js';
import { explainBatch, readBatch, type BatchBody } from './request-shape.js';
import { respond } from './respond.js';

/** Rows that a refusal lists. */
const listedRows = 20;

/** POST /api/predict/batch: every row is valid and answered, or none is. */
export const predictBatch = (context: PredictContext) =>
  receive(context, api.batchLimits.bytes, (request) => {
    const body = readBatch(request.body);
    if (body === null) refuseShape(context, request, explainBatch(request.body));
    else admit(context, new BatchPrediction(context, request, body));
  });

class BatchPrediction extends HttpPrediction {
  readonly #inputs: readonly unknown[];
  readonly #outputs: string[] = [];

  constructor(context: PredictContext, request: Arrived, body: BatchBody) {
    super(context, request.response, body, body.inputs.length, request);
    this.#inputs = body.inputs;
  }

  protected override submit(servable: Servable): Rejection | null {
    const oversized = this.#firstOversized(servable);
    if (oversized !== null) return oversized;
    const refusal = servable.batcher.submitMany(this.#inputs, this.ran, this.deadlineAt);
    return refusal === null ? null : batchRejection(servable, this.#inputs);
  }

  protected override take({ writeOutput }: Servable, { outputs }: CompletedRun, firstRow: number, rows: number): void {
    for (let row = firstRow; row < firstRow + rows; row++) this.#outputs.push(writeOutput(outputs, row));
  }

  protected override answer({ rowMiddle }: Servable): void {
    const predictions = this.#outputs.map((output, row) => `{"prediction_id":"${this.ids[row]!}${rowMiddle}${output}}`);
    respond(this.response, `{"predictions":[${predictions.join(',')}]}`, this.context.admission.draining);
  }

  #firstOversized(servable: Servable): Rejection | null {
    if (servable.recorded.rowBytes !== null) return null;
    for (const [row, input] of this.#inputs.entries()) {
      const refusal = oversizedRow(this.context, servable, input, `inputs[${row}]`);
      if (refusal !== null) return refusal;
    }
    return null;
  }
}

/** Every offending row up to the twentieth, each with its fields. The code is the first one's. */
function batchRejection({ model }: Servable, inputs: readonly unknown[]): Rejection {
  const { encoder, signature } = model;
  const scratch = new InputBatch(encoder.inputColumns, 1);
  const refusals: Rejection[] = [];
  let offending = 0;
  for (const [row, input] of inputs.entries()) {
    const refusal = encoder.encode(input, scratch, 0);
    if (refusal === null) continue;
    offending += 1;
    if (refusals.length < listedRows) refusals.push(rowRejection(refusal, signature, `inputs[${row}]`));
  }
  const [first] = refusals;
  const more = offending > 1 ? `; ${offending} of ${inputs.length} rows are refused` : '';
  return rejection(
    first!.code,
    first!.detail + more,
    refusals.flatMap(({ errors = [] }) => errors),
  );
}
