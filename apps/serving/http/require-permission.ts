import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { rejection, type Permission, type Rejection } from '#libs/contracts/index.js';
import { challengeOf, permitted, type Access, type Authenticator, type Verdict } from '#libs/nest/index.js';
import { accessTo, addressOf, isProtocolPath } from '../oip/rest/addresses.js';
import { refuseBeforeBody } from '../oip/rest/answers.js';
import type { Admission } from '../prediction/admission.js';
import type { RequestHandler } from './front-server.js';
import { refuseBody } from './refuse-body.js';
import { isPrediction, pathOf } from './size-limits.js';

/**
 * Lets pass to `next` what this process answers in front of its framework where the token allows it, and all the rest: it
 * is judged where it is answered. A known token costs one look into a map, and no promise.
 */
export function requirePredict(
  authenticator: Authenticator,
  admission: Admission,
  next: RequestHandler,
): RequestHandler {
  if (!authenticator.required) return next;
  const settle = (verdict: Verdict, access: Permission, request: IncomingMessage, response: ServerResponse): void => {
    const admitted = permitted(verdict, access);
    if (admitted.ok) {
      next(request, response);
      return;
    }
    admission.count('unauthorised');
    for (const [name, value] of Object.entries(challengeOf(admitted.rejection))) response.setHeader(name, value);
    refuse(request, response, admitted.rejection);
  };
  return (request, response) => {
    const access = accessInFront(pathOf(request.url ?? '/'));
    if (access === null) {
      next(request, response);
      return;
    }
    const verdict = authenticator.authenticate(request.headers.authorization);
    if (!(verdict instanceof Promise)) settle(verdict, access, request, response);
    else
      verdict.then(
        (found) => {
          settle(found, access, request, response);
        },
        () => {
          refuse(request, response, rejection('internal', 'the token could not be verified'));
        },
      );
  };
}

/** What a caller of this address has to be allowed; null: nothing, or it is judged elsewhere. */
function accessInFront(path: string): Permission | null {
  if (isPrediction(path)) return 'predict';
  return isProtocolPath(path) ? accessTo(addressOf(path)) : null;
}

function refuse(request: IncomingMessage, response: ServerResponse, refusal: Rejection): void {
  if (isProtocolPath(pathOf(request.url ?? '/'))) refuseBeforeBody(request, response, refusal);
  else refuseBody(request, response, refusal);
}

/** What this process answers through its framework. The rest is forwarded, and the api judges it. */
const ownRoutes: ReadonlyMap<string, Access> = new Map([['/api/predict/health', 'read']]);

export const accessOf = ({ routeOptions: { url } }: FastifyRequest): Access => ownRoutes.get(url ?? '') ?? null;
