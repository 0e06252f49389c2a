import { api, rejection, type Rejection } from '#libs/contracts/index.js';
import { InputBatch, type CompletedRun } from '#libs/inference/index.js';
import type { Servable } from '../models/servable.js';
import { admit } from '../prediction/admit.js';
import type { PredictContext } from '../prediction/context.js';
import { oversizedRow } from '../prediction/oversized.js';
import { rowRejection } from '../prediction/refusals.js';
import type { RowIds } from '../recording/prediction-ids.js';
import { batchAnswer, type AnsweredRows, type StoredRows } from './batch-answer.js';
import { HttpPrediction, parsedBody, receiveBytes, type Arrival } from './http-prediction.js';
import { namedInputs, readPlainBatch, type PlainBatch } from './plain-batch.js';
import { refuseShape } from './refuse-shape.js';
import { explainBatch, readBatch, type BatchBody } from './request-shape.js';
import { respondBytes } from './respond.js';

/** Rows that a refusal lists. */
const listedRows = 20;

/** POST /api/predict/batch: every row is valid and answered, or none is. */
export const predictBatch = (context: PredictContext) =>
  receiveBytes(context, api.batchLimits.bytes, (bytes, arrival) => {
    const { routes } = context.admission.routing;
    const plain = readPlainBatch(bytes, (deployment) => routes.get(deployment)?.servable?.readRows);
    if (plain !== null) {
      admit(context, new PlainBatchPrediction(context, arrival, plain, bytes));
      return;
    }
    const request = parsedBody(context, bytes, arrival);
    if (request === null) return;
    const body = readBatch(request.body);
    if (body === null) refuseShape(context, request, explainBatch(request.body));
    else admit(context, new NamedBatchPrediction(context, request, body));
  });

abstract class BatchPrediction extends HttpPrediction {
  readonly #answered: AnsweredRows[] = [];
  readonly #stored: StoredRows[] = [];

  protected override take(_servable: Servable, { outputs }: CompletedRun, firstRow: number, rows: number): void {
    this.#answered.push({ outputs, firstRow, rows });
  }

  /** Of all but the first row when the answer is written. */
  protected override keepIds(ids: RowIds, chunkRow: number, requestRow: number, rows: number): void {
    if (requestRow === 0) super.keepIds(ids, chunkRow, 0, 1);
    this.#stored.push({ ids, chunkRow, requestRow, rows });
  }

  protected submitNamed(servable: Servable, inputs: readonly unknown[]): Rejection | null {
    const oversized = firstOversized(this.context, servable, inputs);
    if (oversized !== null) return oversized;
    const refusal = servable.batcher.submitMany(inputs, this.ran, this.deadlineAt);
    return refusal === null ? null : batchRejection(servable, inputs);
  }

  protected override answer(servable: Servable): void {
    // Chunks are acknowledged in any order.
    const stored = this.#stored.toSorted((one, other) => one.requestRow - other.requestRow);
    respondBytes(this.response, batchAnswer(servable, this.#answered, stored), this.context.admission.draining);
  }
}

/** Rows as objects of features by name. */
class NamedBatchPrediction extends BatchPrediction {
  readonly #inputs: readonly unknown[];

  constructor(context: PredictContext, arrival: Arrival, body: BatchBody) {
    super(context, arrival.response, body, body.inputs.length, arrival);
    this.#inputs = body.inputs;
  }

  protected override submit(servable: Servable): Rejection | null {
    return this.submitNamed(servable, this.#inputs);
  }
}

/** Rows that are columns already, of the version that the deployment served when they were read. */
class PlainBatchPrediction extends BatchPrediction {
  readonly #batch: PlainBatch;
  readonly #body: Buffer;

  constructor(context: PredictContext, arrival: Arrival, batch: PlainBatch, body: Buffer) {
    super(context, arrival.response, batch, batch.rows, arrival);
    this.#batch = batch;
    this.#body = body;
  }

  protected override submit(servable: Servable): Rejection | null {
    const { reader, columns } = this.#batch;
    // It has waited to be routed, and meets another version.
    if (servable.readRows !== reader) return this.submitNamed(servable, namedInputs(this.#body));
    const refusal = servable.batcher.submitColumns(columns, this.rows, this.ran, this.deadlineAt);
    if (refusal === null) return null;
    const path = `inputs[${refusal.row}].${refusal.feature}`;
    return rejection('invalid_request', refusal.message, [{ path, message: refusal.message }]);
  }
}

function firstOversized(context: PredictContext, servable: Servable, inputs: readonly unknown[]): Rejection | null {
  if (servable.recorded.rowBytes !== null) return null;
  for (const [row, input] of inputs.entries()) {
    const refusal = oversizedRow(context, servable, input, `inputs[${row}]`);
    if (refusal !== null) return refusal;
  }
  return null;
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
