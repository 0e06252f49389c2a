import type { IncomingMessage, ServerResponse } from 'node:http';
import { api, type Rejection } from '#libs/contracts/index.js';
import type { RequestOutcome } from '#libs/inference/index.js';
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
import { explainPredict, readPredict, type PredictBody } from './request-shape.js';
import { tooLarge } from './size-limits.js';

/** POST /api/predict. Callbacks and plain objects: this is the path that the throughput hangs on. */
export const predictSingle =
  (context: PredictContext) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    readBody(
      request,
      api.batchLimits.singleBytes,
      (bytes) => {
        answer(context, response, bytes);
      },
      () => {
        context.admission.count('too_large');
        refuseBody(request, response, tooLarge(api.batchLimits.singleBytes));
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
  const body = readPredict(parsed.value);
  if (body === null) {
    refuseShape(context, response, explainPredict(parsed.value), { body: parsed.value, beganAt });
    return;
  }
  const { routes, sequence } = admission.routing;
  const full = admission.refusal(beganAt, 1);
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
  const oversized = oversizedRow(context, servable, body.input, 'input');
  if (oversized !== null) {
    refuse(context, response, oversized, { servable, sequence, beganAt, traits: body });
    return;
  }
  const single = new SinglePrediction(context, response, servable, sequence, beganAt, body);
  const refusal = servable.batcher.submit(body.input, single.ran);
  if (refusal === null) {
    admission.enter(1);
    return;
  }
  const rejected = rowRejection(refusal, servable.model.signature, 'input');
  refuse(context, response, rejected, { servable, sequence, beganAt, traits: body });
}

/** One request, from routing to its answer; at the same time its row in the recorder. */
class SinglePrediction implements Recorded, RequestRows {
  readonly request = this;
  readonly requestRow = 0;
  readonly rows = 1;
  readonly requestId: string | undefined;
  readonly subjectId: string | undefined;
  readonly routingKey: string | undefined;
  readonly #input: object;
  #output = '';
  #failure: Rejection | null = null;

  constructor(
    private readonly context: PredictContext,
    private readonly response: ServerResponse,
    private readonly servable: Servable,
    private readonly sequence: number,
    readonly beganAt: number,
    body: PredictBody,
  ) {
    this.requestId = body.requestId;
    this.subjectId = body.subjectId;
    this.routingKey = body.routingKey;
    this.#input = body.input;
  }

  readonly ran = (outcome: RequestOutcome): void => {
    const { context, servable, sequence } = this;
    if (outcome.ok) {
      const { run, firstRow } = outcome.slices[0]!;
      this.#output = servable.writeOutput(run.outputs, firstRow);
      context.recorder.served(servable.recorded, sequence, this, run, firstRow);
    } else {
      this.#failure = modelFailure(servable, outcome.error);
      context.recorder.failed(servable.recorded, sequence, this, failureOf(servable, outcome.error, this.#input));
    }
  };

  stored(ids: RowIds, chunkRow: number): void {
    const { admission } = this.context;
    admission.leave(1);
    const id = ids(chunkRow);
    if (this.#failure === null)
      respond(
        this.response,
        `{"prediction_id":"${id}${this.servable.answerMiddle}${this.#output}}`,
        admission.draining,
      );
    else respondRefusal(this.context, this.response, this.#failure, id);
  }

  notStored(error: Error): void {
    this.context.admission.leave(1);
    respondRefusal(this.context, this.response, notRecorded(this.context, error));
  }
}
