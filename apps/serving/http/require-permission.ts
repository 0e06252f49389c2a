import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { rejection } from '#libs/contracts/index.js';
import { challengeOf, permitted, type Access, type Authenticator, type Verdict } from '#libs/nest/index.js';
import type { Admission } from './admission.js';
import type { RequestHandler } from './front-server.js';
import { refuseBody } from './refuse-body.js';
import { isPrediction, pathOf } from './size-limits.js';

/**
 * Lets pass to `next` the predictions whose token allows them, and all that is no prediction: it is judged where it is
 * answered. A known token costs one look into a map, and no promise.
 */
export function requirePredict(
  authenticator: Authenticator,
  admission: Admission,
  next: RequestHandler,
): RequestHandler {
  if (!authenticator.required) return next;
  const settle = (verdict: Verdict, request: IncomingMessage, response: ServerResponse): void => {
    const admitted = permitted(verdict, 'predict');
    if (admitted.ok) {
      next(request, response);
      return;
    }
    admission.count('unauthorised');
    for (const [name, value] of Object.entries(challengeOf(admitted.rejection))) response.setHeader(name, value);
    refuseBody(request, response, admitted.rejection);
  };
  return (request, response) => {
    if (!isPrediction(pathOf(request.url ?? '/'))) {
      next(request, response);
      return;
    }
    const verdict = authenticator.authenticate(request.headers.authorization);
    if (!(verdict instanceof Promise)) settle(verdict, request, response);
    else
      verdict.then(
        (found) => {
          settle(found, request, response);
        },
        () => {
          refuseBody(request, response, rejection('internal', 'the token could not be verified'));
        },
      );
  };
}

/** What this process answers through its framework. The rest is forwarded, and the api judges it. */
const ownRoutes: ReadonlyMap<string, Access> = new Map([
  ['/api/predict/health', 'read'],
  ['/metrics', 'read'],
]);

export const accessOf = ({ routeOptions: { url } }: FastifyRequest): Access => ownRoutes.get(url ?? '') ?? null;
