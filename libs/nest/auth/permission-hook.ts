import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Permission } from '#libs/contracts/index.js';
import { sendProblem } from '../http/send-problem.js';
import { challengeOf, permitted, type Authenticator } from './authenticator.js';
import type { Session, Verdict } from './token-verifier.js';

/** What a request needs: a permission, any token (`authenticated`), or nothing (null). */
export type Access = Permission | 'authenticated' | null;

const decorator = 'modelogSession';

/**
 * Refuses, before a byte of the body is read, whoever lacks what `accessOf` says that the request needs: 401 without a
 * token that holds, 403 with too little. Whoever passes has a `sessionOf`.
 */
export function requirePermissions(
  fastify: FastifyInstance,
  authenticator: Authenticator,
  accessOf: (request: FastifyRequest) => Access,
): void {
  fastify.decorateRequest(decorator, null);
  fastify.addHook('onRequest', (request, reply, done) => {
    const access = accessOf(request);
    if (access === null) {
      done();
      return;
    }
    const settle = (verdict: Verdict): void => {
      const admitted = access === 'authenticated' ? verdict : permitted(verdict, access);
      if (admitted.ok) {
        request.setDecorator(decorator, admitted.value);
        done();
      } else void sendProblem(reply, admitted.rejection, challengeOf(admitted.rejection));
    };
    const verdict = authenticator.authenticate(request.headers.authorization);
    if (verdict instanceof Promise) verdict.then(settle, done);
    else settle(verdict);
  });
}

/** Who sends the request. @throws TypeError for one whose access needs nobody */
export function sessionOf(request: FastifyRequest): Session {
  const session = request.getDecorator<Session | null>(decorator);
  if (session === null) throw new TypeError(`${request.method} ${request.url} is open: nobody is known there`);
  return session;
}
