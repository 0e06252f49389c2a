import type { IncomingMessage, ServerResponse } from 'node:http';
import { api, rejection, type Rejection } from '#libs/contracts/index.js';
import { InputBatch, type RequestOutcome } from '#libs/inference/index.js';
import type { Servable } from '../models/servable.js';
import type { RowIds } from '../recording/prediction-ids.js';
import type { Recorded, RequestRows } from '../recording/row-section.js';
import {
  failureOf,
  modelFailure,
  notRecorded,
  oversizedRow,
  refuse,
  refuseShape,
  respond,
  respondRefusal,
  unknownDeployment,
  type PredictContext,
} from './predict-context.js';
import { parseJson, readBody } from './read-body.js';
import { refuseBody } from './refuse-body.js';
import { rowRejection } from './refusals.js';
import { explainBatch, readBatch, type BatchBody } from './request-shape.js';
import { tooLarge } from './size-limits.js';

/** Rows that a refusal lists. */
const listedRows = 20;

/** POST /api/predict/batch: every row is valid and answered, or none is. */
export const predictBatch =
  (context: PredictContext) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    readBody(
      request,
      api.batchLimits.bytes,
      (bytes) => {
        answer(context, response, bytes);
      },
      () => {
        context.admission.count('too_large');
        refuseBody(request, response, tooLarge(api.batchLimits.bytes));
      },
    );
  };

function answer(context: PredictContext, response: ServerResponse, bytes: Buffer): void {
  const { admission } = context;
  const beganAt = admission.now();
  const parsed = parseJson(bytes);
  if (!parsed.ok) {
    admission.count('malformed');
    respondRefusal(context, response, parsed.rejection);
    return;
  }
  const body = readBatch(parsed.value);
  if (body === null) {
    refuseShape(context, response, explainBatch(parsed.value), { body: parsed.value, beganAt });
    return;
  }
  const { routes, sequence } = admission.routing;
  const full = admission.refusal(beganAt, body.inputs.length);
  if (full !== null) {
    respondRefusal(context, response, full);
    return;
  }
  const route = routes.get(body.deployment);
  if (route === undefined) {
    respondRefusal(context, response, unknownDeployment(context, body.deployment));
    return;
  }
  if (route.servable === undefined) {
    respondRefusal(context, response, admission.unserved(route));
    return;
  }
  const { servable } = route;
  const oversized = firstOversized(context, servable, body.inputs);
  const batch = new BatchPrediction(context, response, servable, sequence, beganAt, body);
  const refused = oversized === null && servable.batcher.submitMany(body.inputs, batch.ran) !== null;
  if (oversized === null && !refused) {
    admission.enter(body.inputs.length);
    return;
  }
  const refusal = oversized ?? batchRejection(servable, body.inputs);
  refuse(context, response, refusal, { servable, sequence, beganAt, traits: body });
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

/** One batch, from routing until every one of its rows is recorded. */
class BatchPrediction implements Recorded {
  readonly #outputs: string[] = [];
  readonly #ids: string[] = [];
  #settled = 0;
  #failure: Rejection | null = null;
  #error: Error | null = null;

  constructor(
    private readonly context: PredictContext,
    private readonly response: ServerResponse,
    private readonly servable: Servable,
    private readonly sequence: number,
    private readonly beganAt: number,
    private readonly body: BatchBody,
  ) {}

  readonly ran = (outcome: RequestOutcome): void => {
    const { context, servable, sequence } = this;
    const { recorder } = context;
    if (!outcome.ok) {
      this.#failure = modelFailure(servable, outcome.error);
      for (const [row, input] of this.body.inputs.entries())
        recorder.failed(servable.recorded, sequence, this.#part(row, 1), failureOf(servable, outcome.error, input));
      return;
    }
    let row = 0;
    for (const { run, firstRow, rows } of outcome.slices) {
      for (let at = firstRow; at < firstRow + rows; at++) this.#outputs.push(servable.writeOutput(run.outputs, at));
      recorder.served(servable.recorded, sequence, this.#part(row, rows), run, firstRow);
      row += rows;
    }
  };

  stored(ids: RowIds, chunkRow: number, requestRow: number, rows: number): void {
    for (let row = 0; row < rows; row++) this.#ids[requestRow + row] = ids(chunkRow + row);
    this.#settle(rows);
  }

  notStored(error: Error, rows: number): void {
    this.#error ??= error;
    this.#settle(rows);
  }

  #part(requestRow: number, rows: number): RequestRows {
    const { requestId, subjectId, routingKey } = this.body;
    return { request: this, requestRow, rows, beganAt: this.beganAt, requestId, subjectId, routingKey };
  }

  #settle(rows: number): void {
    this.#settled += rows;
    const all = this.body.inputs.length;
    if (this.#settled < all) return;
    const { context, response, servable } = this;
    context.admission.leave(all);
    if (this.#error !== null) respondRefusal(context, response, notRecorded(context, this.#error));
    else if (this.#failure !== null) respondRefusal(context, response, this.#failure, this.#ids[0]);
    else {
      const predictions = this.#outputs.map(
        (output, row) => `{"prediction_id":"${this.#ids[row]!}${servable.rowMiddle}${output}}`,
      );
      respond(response, `{"predictions":[${predictions.join(',')}]}`, context.admission.draining);
    }
  }
}
