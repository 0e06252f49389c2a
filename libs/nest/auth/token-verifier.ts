import type { KeyObject } from 'node:crypto';
import { errors, jwtVerify, type JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import { fieldErrorsOf, rejection, tokenClaims, type Identity, type Rejection } from '#libs/contracts/index.js';
import { accept, isoTime, reject, type Clock, type Result } from '#libs/kernel/index.js';
import { keyOf } from './sign-token.js';

/** Who asks, and for how long that holds. */
export interface Session {
  readonly identity: Identity;
  /** Milliseconds since the epoch from which the token is refused; null without a token. */
  readonly expiresAt: number | null;
}

export type Verdict = Result<Session, Rejection>;

export interface TokenVerifierOptions {
  readonly secret: string;
  readonly clock: Clock;
  /** Verified tokens that are remembered (default 4,096, of at most 4 KiB each). */
  readonly remembered?: number;
}

const longestToken = 4_096;
const rememberedTokens = 4_096;
/** How far the clock of who signed may be ahead of ours. */
const clockToleranceS = 60;

/** Verifies tokens. One that was verified is known until it expires: its next verdict is a look into a map. */
export class TokenVerifier {
  readonly #key: KeyObject;
  readonly #clock: Clock;
  readonly #verified: LRUCache<string, Verified>;

  constructor({ secret, clock, remembered = rememberedTokens }: TokenVerifierOptions) {
    this.#key = keyOf(secret);
    this.#clock = clock;
    this.#verified = new LRUCache({ max: remembered });
  }

  /** At once for a token that is known, a promise for any other. A refusal is `invalid_token` and never tells the token. */
  verify(token: string): Verdict | Promise<Verdict> {
    return this.known(token) ?? this.#check(token);
  }

  /** The verdict on a token that was verified before; undefined for any other. */
  known(token: string): Verdict | undefined {
    const found = this.#verified.get(token);
    if (found === undefined || this.#clock.now() < found.expiresAt) return found?.verdict;
    this.#verified.delete(token);
    return expired(found.expiresAt);
  }

  async #check(token: string): Promise<Verdict> {
    if (token.length > longestToken) return refused(`the token is longer than ${longestToken} characters`);
    const now = this.#clock.now();
    let payload: JWTPayload;
    try {
      const options = { algorithms: ['HS256'], issuer: 'modelog', currentDate: new Date(now) };
      ({ payload } = await jwtVerify(token, this.#key, options));
    } catch (error) {
      if (error instanceof errors.JOSEError) return refusalOf(error);
      throw error;
    }
    const verified = verifiedOf(payload, now);
    if (!verified.ok) return verified;
    this.#verified.set(token, verified.value);
    return verified.value.verdict;
  }
}

interface Verified {
  readonly verdict: Verdict;
  readonly expiresAt: number;
}

/** What a payload says whose signature holds. */
function verifiedOf(payload: JWTPayload, now: number): Result<Verified, Rejection> {
  const parsed = tokenClaims.safeParse(payload);
  if (!parsed.success) {
    const wrong = fieldErrorsOf(parsed.error, 'token');
    return refused(wrong.map(({ path, message }) => `${path}: ${message}`).join('; '), wrong);
  }
  const { sub: actor, roles, iat, exp } = parsed.data;
  if (iat * 1000 > now + clockToleranceS * 1000)
    return refused(`the token is issued in the future, at ${isoTime(iat * 1000)}: do the clocks agree?`);
  const expiresAt = exp * 1000;
  return accept({ expiresAt, verdict: accept({ identity: { actor, roles }, expiresAt }) });
}

/** jose looks at the algorithm, then at the signature, and only then at what the token says. */
function refusalOf(error: errors.JOSEError) {
  if (error instanceof errors.JOSEAlgNotAllowed) return refused('the token is not signed with HS256');
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return refused('the signature does not hold: the token was changed, or signed with another secret');
  if (error instanceof errors.JWTExpired) {
    const exp = tokenClaims.shape.exp.safeParse(error.payload.exp);
    return exp.success ? expired(exp.data * 1000) : refused('the token expired');
  }
  if (error instanceof errors.JWTClaimValidationFailed)
    return refused(
      error.claim === 'iss' ? 'the token is not issued by modelog' : `the claim ${error.claim} does not hold`,
    );
  return refused('the token is no signed JSON Web Token');
}

const expired = (at: number) => refused(`the token expired at ${isoTime(at)}`);

const refused = (detail: string, wrong?: Rejection['errors']) => reject(rejection('invalid_token', detail, wrong));
