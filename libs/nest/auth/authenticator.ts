import {
  isAllowed,
  localIdentity,
  permissionsOf,
  rejection,
  role,
  type Permission,
  type Rejection,
} from '#libs/contracts/index.js';
import { accept, reject, type Clock } from '#libs/kernel/index.js';
import { TokenVerifier, type Verdict } from './token-verifier.js';

export interface Authenticator {
  /** False: there is no secret, and everybody is `localIdentity`. */
  readonly required: boolean;
  /**
   * Who sends a request with this header Authorization. A promise only for a token that is not known yet.
   * Refusals: `authentication_required` where no token was sent, else `invalid_token`; `challengeOf` has their header.
   */
  authenticate(authorization: string | undefined): Verdict | Promise<Verdict>;
}

export interface AuthenticatorOptions {
  /** MODELOG_AUTH_SECRET; undefined: no authentication. */
  readonly secret: string | undefined;
  readonly clock: Clock;
}

export function authenticatorOf({ secret, clock }: AuthenticatorOptions): Authenticator {
  if (secret === undefined) return { required: false, authenticate: () => anybody };
  const verifier = new TokenVerifier({ secret, clock });
  return {
    required: true,
    authenticate(authorization) {
      if (authorization === undefined) return missing;
      // As nearly all send it: to read the header by its grammar takes longer than to look the token up.
      const known = authorization.startsWith(usual) ? verifier.known(authorization.slice(usual.length)) : undefined;
      if (known !== undefined) return known;
      const token = bearer.exec(authorization)?.[1];
      return token === undefined ? malformed(authorization) : verifier.verify(token);
    },
  };
}

/** The verdict, or `forbidden` with the roles that have the permission. */
export function permitted(verdict: Verdict, wanted: Permission): Verdict {
  if (!verdict.ok || isAllowed(verdict.value.identity, wanted)) return verdict;
  const { actor, roles } = verdict.value.identity;
  const able = role.options.filter((each) => permissionsOf[each].includes(wanted));
  return reject(
    rejection(
      'forbidden',
      `this takes the permission ${wanted}, which the roles ${able.join(', ')} have; ${actor} is ${roles.join(', ')}`,
    ),
  );
}

/**
 * The header WWW-Authenticate of a refusal (RFC 6750, 3): an error is named only where a token was sent. No header for
 * other refusals.
 */
export function challengeOf({ code, detail }: Rejection): Readonly<Record<string, string>> {
  switch (code) {
    case 'authentication_required':
      return { 'www-authenticate': realm };
    case 'invalid_token':
      return { 'www-authenticate': `${realm}, error="invalid_token", error_description="${quotable(detail)}"` };
    case 'forbidden':
      return { 'www-authenticate': `${realm}, error="insufficient_scope", error_description="${quotable(detail)}"` };
    default:
      return {};
  }
}

const anybody: Verdict = accept({ identity: localIdentity, expiresAt: null });

/** RFC 6750, 2.1; the name of a scheme is case-insensitive (RFC 9110, 11.1). */
const bearer = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

const usual = 'Bearer ';

const expectedHeader = [{ path: 'header Authorization', message: 'expected Bearer and a token' }];

const missing: Verdict = reject(
  rejection('authentication_required', 'header Authorization is missing: expected Bearer and a token', expectedHeader),
);

const malformed = (authorization: string): Verdict =>
  /^bearer(?: |$)/i.test(authorization)
    ? reject(rejection('invalid_token', 'header Authorization: expected Bearer and one token', expectedHeader))
    : reject(
        rejection(
          'authentication_required',
          'header Authorization names another scheme: expected Bearer and a token',
          expectedHeader,
        ),
      );

const realm = 'Bearer realm="modelog"';

/** What a quoted string of RFC 6750 may hold. */
const quotable = (text: string): string => text.replaceAll('"', "'").replaceAll(/[^\x20-\x7e]|\\/g, '?');
