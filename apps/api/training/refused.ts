import { rejection, type ProblemCode } from '#libs/contracts/index.js';
import { ProblemException } from '#libs/nest/index.js';

/** A refusal that names one field of the request. */
export const refused = (path: string, message: string, code: ProblemCode = 'invalid_request'): ProblemException =>
  new ProblemException(rejection(code, `${path}: ${message}`, [{ path, message }]));
