import { createSecretKey } from 'node:crypto';
import { SignJWT } from 'jose';
import { fieldErrorsOf, tokenClaims, type Role } from '#libs/contracts/index.js';
import { ModelogError } from '#libs/kernel/index.js';

export interface TokenRequest {
  readonly actor: string;
  readonly roles: readonly Role[];
  readonly secret: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Whole seconds. */
  readonly validForS: number;
}

/**
 * A token (JWT, HS256) that a `TokenVerifier` with the same secret takes.
 * @throws ModelogError `invalid_claims` naming each claim that cannot be, for example a reserved actor
 */
export async function signToken({ actor, roles, secret, now, validForS }: TokenRequest): Promise<string> {
  const iat = Math.floor(now / 1000);
  const parsed = tokenClaims.safeParse({
    ...{ iss: 'modelog', sub: actor, iat, exp: iat + validForS },
    roles: [...new Set(roles)],
  });
  if (!parsed.success) {
    const told = fieldErrorsOf(parsed.error).map(({ path, message }) => `claim ${path}: ${message}`);
    throw new ModelogError('invalid_claims', told.join('; '));
  }
  return new SignJWT(parsed.data).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(keyOf(secret));
}

/** The bytes of the text are the key. */
export const keyOf = (secret: string) => createSecretKey(Buffer.from(secret, 'utf8'));
