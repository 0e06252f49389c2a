import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { problemOf, rejection } from '#libs/contracts/index.js';
import { predictBatch } from './predict-batch.js';
import { respondRefusal, type PredictContext } from './predict-context.js';
import { predictSingle } from './predict-single.js';
import { isJsonType } from './read-body.js';
import { refuseBody } from './refuse-body.js';
import { announcedBytes, bodyLimit, pathOf, tooLarge, type SizeLimits } from './size-limits.js';

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

export interface FrontServerOptions extends SizeLimits {
  readonly predict: PredictContext;
  /** Answers everything but predictions. */
  readonly otherwise: RequestHandler;
}

/** Milliseconds that an idle connection is kept: longer than common clients and load balancers keep theirs. */
const keepAliveMs = 72_000;

/**
 * The public HTTP server. Predictions are answered here, in front of any framework: routing, hooks and reply objects
 * cost more than a prediction does. Announced sizes are enforced before a byte of a body is read.
 */
export function createFrontServer({ predict, otherwise, ...limits }: FrontServerOptions): Server {
  const single = predictSingle(predict);
  const batch = predictBatch(predict);
  const { admission } = predict;

  const dispatch = (request: IncomingMessage, response: ServerResponse): void => {
    const path = pathOf(request.url ?? '/');
    const method = request.method ?? 'GET';
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

  // A large upload takes longer than Node's five minutes; headers keep their limit of a minute.
  const server = createServer({ keepAliveTimeout: keepAliveMs, requestTimeout: 0 }, dispatch);
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    const announced = announcedBytes(request) ?? 0;
    if (announced <= bodyLimit(request.method ?? 'GET', pathOf(request.url ?? '/'), limits)) response.writeContinue();
    dispatch(request, response);
  });
  server.on('clientError', answerClientError);
  return server;
}

/** What node:http itself could not read: a body cut off half-way, a broken header. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket & { _httpMessage?: ServerResponse }): void {
  if (error.code === 'ECONNRESET' || !socket.writable || socket._httpMessage?.headersSent === true) {
    socket.destroy(error);
    return;
  }
  const problem = problemOf(rejection('malformed_body', `the request cannot be read: ${error.code ?? error.message}`));
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
