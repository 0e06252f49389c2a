import type { FastifyRequest } from 'fastify';
import type { Permission } from '#libs/contracts/index.js';
import { accept } from '#libs/kernel/index.js';
import { challengeOf, permitted, ProblemException, sessionOf } from '#libs/nest/index.js';

/** For a call of which the body says what it takes. @throws ProblemException `forbidden` */
export function requirePermission(request: FastifyRequest, wanted: Permission): void {
  const verdict = permitted(accept(sessionOf(request)), wanted);
  if (!verdict.ok) throw new ProblemException(verdict.rejection, challengeOf(verdict.rejection));
}
