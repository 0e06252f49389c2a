import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Rejection } from '#libs/contracts/index.js';
import type { PredictContext } from '../prediction/context.js';
import { Prediction, type Asked } from '../prediction/prediction.js';
import { parseJson, readBody } from './read-body.js';
import { refuseBody } from './refuse-body.js';
import { requestTimeout, unreadableTimeout } from './request-timeout.js';
import { respondRefusal } from './respond.js';
import { tooLarge } from './size-limits.js';

/** A request whose body is here. */
export interface Arrival {
  readonly response: ServerResponse;
  /** Monotonic milliseconds: when it had arrived, and when its caller stops waiting (Infinity: it does not). */
  readonly beganAt: number;
  readonly deadlineAt: number;
}

/** One whose body is JSON. */
export interface Arrived extends Arrival {
  readonly body: unknown;
}

/** Reads requests of at most `limit` bytes. Callbacks and plain objects: this is the path that the throughput hangs on. */
export const receive = (context: PredictContext, limit: number, arrived: (request: Arrived) => void) =>
  receiveBytes(context, limit, (bytes, arrival) => {
    const request = parsedBody(context, bytes, arrival);
    if (request !== null) arrived(request);
  });

/** Null for a body that is no JSON, or too much of it: its request is refused. */
export function parsedBody(context: PredictContext, bytes: Buffer, arrival: Arrival): Arrived | null {
  const parsed = parseJson(bytes);
  const { response, beganAt, deadlineAt } = arrival;
  if (parsed.ok) return { body: parsed.value, response, beganAt, deadlineAt };
  context.admission.count(parsed.rejection.code === 'payload_too_large' ? 'too_large' : 'malformed');
  respondRefusal(context, response, parsed.rejection);
  return null;
}

/** The same before anything is made of the body. */
export const receiveBytes =
  (context: PredictContext, limit: number, arrived: (bytes: Buffer, arrival: Arrival) => void) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    const { admission } = context;
    const timeoutMs = requestTimeout(request);
    if (timeoutMs === null) {
      admission.count('malformed');
      respondRefusal(context, response, unreadableTimeout());
      return;
    }
    readBody(
      request,
      limit,
      (bytes) => {
        const beganAt = admission.now();
        arrived(bytes, { response, beganAt, deadlineAt: beganAt + timeoutMs });
      },
      () => {
        admission.count('too_large');
        refuseBody(request, response, tooLarge(limit));
      },
    );
  };

/** A prediction that answers a request of node:http. */
export abstract class HttpPrediction extends Prediction {
  constructor(
    context: PredictContext,
    protected readonly response: ServerResponse,
    asked: Asked,
    rows: number,
    { beganAt, deadlineAt }: Arrival,
  ) {
    super(context, asked, rows, beganAt, deadlineAt);
  }

  override refused(refusal: Rejection, predictionId?: string): void {
    respondRefusal(this.context, this.response, refusal, predictionId);
  }
}
