import type { Rejection } from '#libs/contracts/index.js';
import { refuseUnread } from '../prediction/admit.js';
import type { PredictContext } from '../prediction/context.js';
import { HttpPrediction, type Arrived } from './http-prediction.js';
import { namedDeployment } from './request-shape.js';

/** Answers a body whose shape was refused; it may still name a deployment. */
export function refuseShape(context: PredictContext, request: Arrived, refusal: Rejection): void {
  refuseUnread(context, new UnreadPrediction(context, request), refusal);
}

/** No rows of it ever reach a model. */
class UnreadPrediction extends HttpPrediction {
  constructor(context: PredictContext, request: Arrived) {
    // No deployment has the empty name.
    const deployment = namedDeployment(request.body) ?? '';
    super(context, request.response, { ...noTraits, deployment }, 1, request);
  }

  protected override submit(): never {
    return neverRun();
  }

  protected override take(): never {
    return neverRun();
  }

  protected override answer(): never {
    return neverRun();
  }
}

const noTraits = { requestId: undefined, subjectId: undefined, routingKey: undefined };

function neverRun(): never {
  throw new TypeError('a request that was not read has no rows for a model');
}
