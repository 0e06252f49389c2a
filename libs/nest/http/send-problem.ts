import type { FastifyReply } from 'fastify';
import { problemOf, type Rejection } from '#libs/contracts/index.js';

/** Seconds after which a refused caller may try again, where the caller of `sendProblem` names none. */
const retryAfterSeconds = '1';

/** Answers with application/problem+json, from a raw Fastify route or hook. A 503 carries Retry-After. */
export function sendProblem(
  reply: FastifyReply,
  rejection: Rejection,
  headers: Readonly<Record<string, string>> = {},
): FastifyReply {
  const problem = problemOf(rejection);
  return reply
    .code(problem.status)
    .headers({ ...(problem.status === 503 ? { 'retry-after': retryAfterSeconds } : {}), ...headers })
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify(problem));
}
