import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { api, rejection } from '#libs/contracts/index.js';
import { ProblemException, sessionOf } from '#libs/nest/index.js';

/** Who sends a command, and what its request carries along. */
export interface Caller {
  readonly actor: string;
  readonly idempotencyKey: string | undefined;
  /** The caller's own X-Request-Id: the correlation of the command. */
  readonly correlationId: string | undefined;
  readonly traceparent: string | undefined;
}

/** The caller of a command. @throws ProblemException 422 naming the header that cannot be. */
export const CallerOf = createParamDecorator((_data: unknown, context: ExecutionContext): Caller => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  return callerOf(request.headers, sessionOf(request).identity.actor);
});

export function callerOf(headers: FastifyRequest['headers'], actor: string): Caller {
  const idempotencyKey = single(headers, 'idempotency-key');
  if (idempotencyKey !== undefined && !isPrintable(idempotencyKey, api.idempotencyKey.maxLength ?? 255))
    throw headerProblem('Idempotency-Key', 'expected 1 to 255 printable ASCII characters');
  const correlationId = single(headers, 'x-request-id');
  if (correlationId !== undefined && !isPrintable(correlationId, maxRequestId))
    throw headerProblem('X-Request-Id', `expected 1 to ${maxRequestId} printable ASCII characters`);
  return { actor, idempotencyKey, correlationId, traceparent: traceparentOf(headers) };
}

/** The request's id as answered and logged: the caller's own where it is one. */
export function requestIdOf(headers: FastifyRequest['headers'], generate: () => string): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && isPrintable(given, maxRequestId) ? given : generate();
}

const maxRequestId = 128;

const isPrintable = (text: string, most: number): boolean =>
  text.length >= 1 && text.length <= most && /^[\x20-\x7e]+$/.test(text);

/** Node joins repeated headers of this kind with a comma: a second one shows as part of the value. */
const single = (headers: FastifyRequest['headers'], name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
};

/** W3C Trace Context says that a malformed traceparent is to be ignored, not refused. */
function traceparentOf(headers: FastifyRequest['headers']): string | undefined {
  const value = single(headers, 'traceparent');
  return value !== undefined && /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(value) ? value : undefined;
}

const headerProblem = (name: string, expected: string): ProblemException =>
  new ProblemException(
    rejection('invalid_request', `header ${name}: ${expected}`, [{ path: `header ${name}`, message: expected }]),
  );
