import type { FastifyReply, FastifyRequest } from 'fastify';
import { rejection } from '#libs/contracts/index.js';
import { messageOf, randomIds, systemClock, type Clock, type IdSource } from '#libs/kernel/index.js';
import type { Logger } from '../logging.js';
import { failureOf, type Failure } from './failure.js';
import { RouteTable } from './route-table.js';
import { sendProblem } from './send-problem.js';

export interface ProblemOptions {
  readonly logger: Logger;
  /** Names the log line of an unexpected failure in its answer. */
  readonly ids?: IdSource;
  readonly clock?: Clock;
}

/** Answers whatever was thrown while a request was answered. */
export function answerFailure(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { logger, ids = randomIds, clock = systemClock }: ProblemOptions,
): void {
  const failure = request.is404 ? unknownAddress(request) : failureIn(thrown, request);
  let told = failure.rejection;
  if (failure.unexpected) {
    const id = ids.next(clock.now());
    logger.error({ err: asError(thrown), failure: id, method: request.method, url: request.url }, 'a request failed');
    told = rejection(told.code, `${told.detail}; the log tells more under ${id}`);
  }
  if (reply.raw.headersSent) {
    // Half an answer is out: only a broken connection tells the caller that it is not the whole.
    reply.raw.destroy();
    return;
  }
  void sendProblem(reply, told, failure.headers);
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(messageOf(thrown)));

const failureIn = (thrown: unknown, request: FastifyRequest): Failure =>
  failureOf(thrown, {
    method: request.method,
    url: request.url,
    bodyLimit: request.routeOptions.bodyLimit,
    complete: request.raw.complete || !announcesBody(request),
  });

const announcesBody = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

/** 405 where another method would be taken, else 404. */
function unknownAddress(request: FastifyRequest): Failure {
  const path = request.url.split('?', 1)[0] ?? request.url;
  const allowed = RouteTable.of(request.server)?.methodsAt(path) ?? [];
  if (allowed.length === 0) {
    return { rejection: rejection('not_found', `nothing is at ${path}`), headers: {}, unexpected: false };
  }
  const allow = allowed.join(', ');
  return {
    rejection: rejection('method_not_allowed', `${path} takes ${allow}, not ${request.method}`),
    headers: { allow },
    unexpected: false,
  };
}
