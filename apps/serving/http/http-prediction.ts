import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Rejection } from '#libs/contracts/index.js';
import type { PredictContext } from '../prediction/context.js';
import { Prediction, type Asked } from '../prediction/prediction.js';
import { parseJson, readBody } from './read-body.js';
import { refuseBody } from './refuse-body.js';
import { requestTimeout, unreadableTimeout } from './request-timeout.js';
import { respondRefusal } from './respond.js';
import { tooLarge } from './size-limits.js';

/** A request whose body is here and is JSON. */
export interface Arrived {
  readonly body: unknown;
  readonly response: ServerResponse;
  /** Monotonic milliseconds: when it had arrived, and when its caller stops waiting (Infinity: it does not). */
  readonly beganAt: number;
  readonly deadlineAt: number;
}

/** Reads requests of at most `limit` bytes. Callbacks and plain objects: this is the path that the throughput hangs on. */
export const receive =
  (context: PredictContext, limit: number, arrived: (request: Arrived) => void) =>
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
        const parsed = parseJson(bytes);
        if (parsed.ok) arrived({ body: parsed.value, response, beganAt, deadlineAt: beganAt + timeoutMs });
        else {
          admission.count('malformed');
          respondRefusal(context, response, parsed.rejection);
        }
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
    { beganAt, deadlineAt }: Arrived,
  ) {
    super(context, asked, rows, beganAt, deadlineAt);
  }

  override refused(refusal: Rejection, predictionId?: string): void {
    respondRefusal(this.context, this.response, refusal, predictionId);
  }
}
