import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { rejection } from '#libs/contracts/index.js';
import type { Authenticator } from '#libs/nest/index.js';
import { isProtocolPath } from '../oip/rest/addresses.js';
import type { PredictContext } from '../prediction/context.js';
import { clientErrorAnswerer } from './client-error.js';
import { limitConnections, type ConnectionRoom } from './connection-limit.js';
import { predictBatch } from './predict-batch.js';
import { respondRefusal } from './respond.js';
import { predictSingle } from './predict-single.js';
import { isJsonType } from './read-body.js';
import { refuseBody } from './refuse-body.js';
import { announcedBytes, bodyLimit, pathOf, tooLarge, type SizeLimits } from './size-limits.js';
import { requirePredict } from './require-permission.js';
import { refuseStalledBodies } from './stalled-body.js';
import { transportProblem } from './transport-problem.js';

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

export interface FrontServerOptions extends SizeLimits {
  readonly predict: PredictContext;
  readonly authenticator: Authenticator;
  /** Answers what stands below /v2: the Open Inference Protocol. */
  readonly protocol: RequestHandler;
  /** Answers everything but predictions. */
  readonly otherwise: RequestHandler;
  /** Milliseconds that a body may stand still (default 30,000). */
  readonly bodyIdleMs?: number | undefined;
  /** A connection for which there is none is refused. */
  readonly room: ConnectionRoom;
}

/** Milliseconds that an idle connection is kept: longer than common clients and load balancers keep theirs. */
const keepAliveMs = 72_000;

/** Milliseconds for the headers. Named, for Node takes no limit of its own where `requestTimeout` is none. */
const headersMs = 60_000;

/**
 * The public HTTP server. Predictions are answered here, in front of any framework: routing, hooks and reply objects
 * cost more than a prediction does. Announced sizes are enforced before a byte of a body is read.
 */
export function createFrontServer({
  predict,
  authenticator,
  protocol,
  otherwise,
  bodyIdleMs = 30_000,
  room,
  ...limits
}: FrontServerOptions): Server {
  const single = predictSingle(predict);
  const batch = predictBatch(predict);
  const { admission } = predict;

  const dispatch = (request: IncomingMessage, response: ServerResponse): void => {
    const path = pathOf(request.url ?? '/');
    const method = request.method ?? 'GET';
    if (request.headers.host === undefined && request.httpVersion === '1.1') {
      refuseBody(request, response, rejection('malformed_body', 'a request of HTTP/1.1 needs the header Host'));
      return;
    }
    if (isProtocolPath(path)) {
      protocol(request, response);
      return;
    }
    const announced = announcedBytes(request);
    if (announced !== undefined && announced > bodyLimit(method, path, limits)) {
      admission.count('too_large');
      refuseBody(request, response, tooLarge(bodyLimit(method, path, limits), announced));
      return;
    }
    const handler = path === '/api/predict' ? single : path === '/api/predict/batch' ? batch : null;
    if (handler === null) {
      if (admission.draining) response.setHeader('connection', 'close');
      otherwise(request, response);
    } else if (method !== 'POST') {
      response.setHeader('allow', 'POST');
      respondRefusal(predict, response, rejection('method_not_allowed', `${path} takes POST, not ${method}`));
    } else if (!isJsonType(request.headers['content-type'])) {
      admission.count('malformed');
      const refusal = rejection('unsupported_media_type', `${path} takes application/json`, [
        { path: 'header Content-Type', message: 'expected application/json' },
      ]);
      respondRefusal(predict, response, refusal);
    } else handler(request, response);
  };

  const server = createServer(
    {
      keepAliveTimeout: keepAliveMs,
      headersTimeout: headersMs,
      // A large upload takes longer than Node's five minutes: what limits it is that it moves.
      requestTimeout: 0,
      // Node's own refusal has no body.
      requireHostHeader: false,
    },
    requirePredict(authenticator, admission, dispatch),
  );
  limitConnections(server, room, () => {
    admission.count('overloaded');
  });
  refuseStalledBodies(server, bodyIdleMs, () => {
    admission.count('malformed');
  });
  const dispatchAfterContinue: RequestHandler = (request, response) => {
    const announced = announcedBytes(request) ?? 0;
    if (announced <= bodyLimit(request.method ?? 'GET', pathOf(request.url ?? '/'), limits)) response.writeContinue();
    dispatch(request, response);
  };
  server.on('checkContinue', requirePredict(authenticator, admission, dispatchAfterContinue));
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const refusal = rejection('invalid_request', 'no expectation but 100-continue can be met', [
      { path: 'header Expect', message: 'expected 100-continue' },
    ]);
    refuseBody(request, response, transportProblem(417, refusal));
  });
  server.on('clientError', clientErrorAnswerer());
  return server;
}
