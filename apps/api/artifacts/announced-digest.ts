import { rejection, sha256Digest } from '#libs/contracts/index.js';
import { ProblemException } from '#libs/nest/index.js';

/**
 * The digest that an upload announces, in the query or in the header `Digest`; undefined where it announces none.
 * @throws ProblemException 422 when the header is no digest, or the two differ.
 */
export function announcedDigest(inQuery: string | undefined, inHeader: string | undefined): string | undefined {
  if (inHeader === undefined) return inQuery;
  const parsed = sha256Digest.safeParse(inHeader);
  if (!parsed.success) throw refused(`expected 'sha256:' and 64 lower-case hexadecimal digits, found '${inHeader}'`);
  if (inQuery !== undefined && inQuery !== parsed.data) throw refused(`expected the query's digest, ${inQuery}`);
  return parsed.data;
}

const refused = (message: string): ProblemException =>
  new ProblemException(rejection('invalid_request', `header Digest: ${message}`, [{ path: 'header Digest', message }]));
