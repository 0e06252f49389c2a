import { api, type Rejection } from '#libs/contracts/index.js';
import type { CompletedRun } from '#libs/inference/index.js';
import type { Servable } from '../models/servable.js';
import { admit } from '../prediction/admit.js';
import type { PredictContext } from '../prediction/context.js';
import { oversizedRow } from '../prediction/oversized.js';
import { rowRejection } from '../prediction/refusals.js';
import { HttpPrediction, receive, type Arrived } from './http-prediction.js';
import { refuseShape } from './refuse-shape.js';
import { explainPredict, readPredict, type PredictBody } from './request-shape.js';
import { respond } from './respond.js';

/** POST /api/predict. */
export const predictSingle = (context: PredictContext) =>
  receive(context, api.batchLimits.singleBytes, (request) => {
    const body = readPredict(request.body);
    if (body === null) refuseShape(context, request, explainPredict(request.body));
    else admit(context, new SinglePrediction(context, request, body));
  });

class SinglePrediction extends HttpPrediction {
  readonly #input: object;
  #output = '';

  constructor(context: PredictContext, request: Arrived, body: PredictBody) {
    super(context, request.response, body, 1, request);
    this.#input = body.input;
  }

  protected override submit(servable: Servable): Rejection | null {
    const oversized = oversizedRow(this.context, servable, this.#input, 'input');
    if (oversized !== null) return oversized;
    const refusal = servable.batcher.submit(this.#input, this.ran, this.deadlineAt);
    return refusal === null ? null : rowRejection(refusal, servable.model.signature, 'input');
  }

  protected override take({ writeOutput }: Servable, { outputs }: CompletedRun, row: number): void {
    this.#output = writeOutput(outputs, row);
  }

  protected override answer({ answerMiddle }: Servable): void {
    const text = `{"prediction_id":"${this.ids[0]!}${answerMiddle}${this.#output}}`;
    respond(this.response, text, this.context.admission.draining);
  }
}
