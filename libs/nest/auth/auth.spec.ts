import { createHmac, generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { SignJWT } from 'jose';
import { permission, permissionsOf, role, type Role } from '#libs/contracts/index.js';
import type { Clock } from '#libs/kernel/index.js';
import {
  authenticatorOf,
  challengeOf,
  ConfigurationInvalid,
  createLogger,
  listen,
  permitted,
  requireLoopback,
  requirePermissions,
  sessionOf,
  useProblems,
  signToken,
  TokenVerifier,
  type Access,
} from '../index.js';

const secret = 'a secret of thirty-two characters or more';
const begin = Date.parse('2026-01-02T03:04:05.678Z');

/** A clock that stands until it is told to move. */
class SetClock implements Clock {
  constructor(public at = begin) {}
  now(): number {
    return this.at;
  }
  monotonic(): number {
    return this.at;
  }
}

const signed = (change: Partial<Parameters<typeof signToken>[0]> = {}): Promise<string> =>
  signToken({ actor: 'grace', roles: ['approver'], secret, now: begin, validForS: 60, ...change });

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Any header and payload, signed as they are. */
function handMade(header: object, payload: object, key = secret): string {
  const text = `${encoded(header)}.${encoded(payload)}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

const claims = (change: object = {}): object => {
  const iat = Math.floor(begin / 1000);
  return { iss: 'modelog', sub: 'grace', roles: ['viewer'], iat, exp: iat + 60, ...change };
};

const verify = (token: string, clock = new SetClock()) => new TokenVerifier({ secret, clock }).verify(token);

describe('signToken', () => {
  it('makes a token of three parts that says who, as what and how long', async () => {
    const token = await signed({ roles: ['viewer', 'operator', 'viewer'] });
    const [header, payload] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
    expect(JSON.parse(header!)).toEqual({ alg: 'HS256', typ: 'JWT' });
    expect(JSON.parse(payload!)).toEqual(claims({ roles: ['viewer', 'operator'] }));
  });

  it.each<[string, Partial<Parameters<typeof signToken>[0]>]>([
    ['sub: this actor is reserved', { actor: 'local' }],
    ['sub: this actor is reserved', { actor: 'system:projector' }],
    ['sub: an actor is 1 to 128 printable ASCII characters', { actor: 'gräce' }],
    ['roles', { roles: [] }],
    ['exp', { validForS: 0.5 }],
  ])('refuses claim %s', async (told, change) => {
    await expect(signed(change)).rejects.toThrow(`claim ${told}`);
  });
});

describe('TokenVerifier', () => {
  it('knows who signed in, and until when', async () => {
    expect(await verify(await signed())).toEqual({
      ok: true,
      value: {
        identity: { actor: 'grace', roles: ['approver'] },
        expiresAt: Date.parse('2026-01-02T03:05:05Z'),
      },
    });
  });

  it('answers at once for a token that it knows, until the token expires', async () => {
    const clock = new SetClock();
    const verifier = new TokenVerifier({ secret, clock });
    const token = await signed();
    const first = verifier.verify(token);
    expect(first).toBeInstanceOf(Promise);
    const verdict = await first;
    clock.at = Date.parse('2026-01-02T03:05:04.999Z');
    expect(verifier.verify(token)).toBe(verdict);
    clock.at += 1;
    const late = {
      ok: false,
      rejection: { code: 'invalid_token', detail: 'the token expired at 2026-01-02T03:05:05.000Z' },
    };
    expect(verifier.verify(token)).toEqual(late);
    expect(await verifier.verify(token)).toEqual(late);
  });

  it('forgets the tokens that were used least recently', async () => {
    const verifier = new TokenVerifier({ secret, clock: new SetClock(), remembered: 2 });
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((actor) => signed({ actor })));
    for (const token of [a!, b!, a!, c!]) await verifier.verify(token);
    expect([a!, b!, c!].map((token) => verifier.verify(token) instanceof Promise)).toEqual([false, true, false]);
  });

  it('remembers no token that it refused', async () => {
    const verifier = new TokenVerifier({ secret, clock: new SetClock() });
    const token = handMade({ alg: 'HS256' }, claims(), 'another secret of thirty-two characters');
    await verifier.verify(token);
    expect(verifier.verify(token)).toBeInstanceOf(Promise);
  });

  const anotherSecret = 'another secret of thirty-two characters';
  const [head, , tail] = handMade({ alg: 'HS256' }, claims()).split('.');
  const publicKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
    type: 'spki',
    format: 'pem',
  });
  it.each<[string, string, string]>([
    ['of another secret', handMade({ alg: 'HS256' }, claims(), anotherSecret), 'the signature does not hold'],
    [
      'whose payload was changed',
      `${head}.${encoded(claims({ roles: ['admin'] }))}.${tail}`,
      'the signature does not hold',
    ],
    ['whose signature was cut', `${head}.${encoded(claims())}.${tail!.slice(0, -4)}`, 'the signature does not hold'],
    ['without a signature', `${encoded({ alg: 'none' })}.${encoded(claims())}.`, 'not signed with HS256'],
    ['that says none, signed', handMade({ alg: 'none' }, claims()), 'not signed with HS256'],
    ['of another algorithm', handMade({ alg: 'HS512' }, claims()), 'not signed with HS256'],
    ['of a public key', handMade({ alg: 'RS256' }, claims(), publicKey.toString()), 'not signed with HS256'],
    [
      'with a header that must be understood',
      handMade({ alg: 'HS256', crit: ['b64'], b64: false }, claims()),
      'no signed JSON Web Token',
    ],
    ['that is none', 'not-a-token', 'no signed JSON Web Token'],
    ['whose parts are no JSON', 'a.b.c', 'no signed JSON Web Token'],
    ['that is longer than any', `${head}.${'e'.repeat(5_000)}.${tail}`, 'longer than 4096 characters'],
    ['of another issuer', handMade({ alg: 'HS256' }, claims({ iss: 'elsewhere' })), 'not issued by modelog'],
    ['without an issuer', handMade({ alg: 'HS256' }, claims({ iss: undefined })), 'not issued by modelog'],
    ['that expired', handMade({ alg: 'HS256' }, claims({ exp: 1_767_323_045 })), 'expired at 2026-01-02T03:04:05.000Z'],
    ['that expired before time began', handMade({ alg: 'HS256' }, claims({ exp: -9e15 })), 'the token expired'],
    ['that expires after time ends', handMade({ alg: 'HS256' }, claims({ exp: 9e15 })), 'token.exp'],
    ['issued after time ends', handMade({ alg: 'HS256' }, claims({ iat: 9e15 })), 'token.iat'],
    ['that never expires', handMade({ alg: 'HS256' }, claims({ exp: undefined })), 'token.exp'],
    ['of an unknown role', handMade({ alg: 'HS256' }, claims({ roles: ['root'] })), 'token.roles.0'],
    ['without roles', handMade({ alg: 'HS256' }, claims({ roles: [] })), 'token.roles'],
    [
      'of a reserved actor',
      handMade({ alg: 'HS256' }, claims({ sub: 'system:api' })),
      'token.sub: this actor is reserved',
    ],
    ['of nobody', handMade({ alg: 'HS256' }, claims({ sub: undefined })), 'token.sub'],
    [
      'of the future',
      handMade({ alg: 'HS256' }, claims({ iat: 1_767_323_106 })),
      'issued in the future, at 2026-01-02T03:05:06',
    ],
  ])('refuses a token %s', async (_what, token, detail) => {
    const verdict = await verify(token);
    expect(verdict).toMatchObject({ ok: false, rejection: { code: 'invalid_token' } });
    if (verdict.ok) return;
    expect(verdict.rejection.detail).toContain(detail);
    expect(JSON.stringify(verdict.rejection)).not.toContain(token);
  });

  it('takes a clock that is up to a minute ahead', async () => {
    const token = handMade({ alg: 'HS256' }, claims({ iat: Math.floor(begin / 1000) + 60 }));
    expect((await verify(token)).ok).toBe(true);
  });

  it('takes what another program signed with the secret', async () => {
    const token = await new SignJWT({ roles: ['viewer'], scope: 'ignored' })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer('modelog')
      .setSubject('ada')
      .setIssuedAt(Math.floor(begin / 1000))
      .setExpirationTime(Math.floor(begin / 1000) + 5)
      .sign(new TextEncoder().encode(secret));
    expect(await verify(token)).toMatchObject({ ok: true, value: { identity: { actor: 'ada', roles: ['viewer'] } } });
  });
});

describe('authenticatorOf', () => {
  const guarded = authenticatorOf({ secret, clock: new SetClock() });

  it('knows everybody as local where there is no secret, whatever they send', () => {
    const open = authenticatorOf({ secret: undefined, clock: new SetClock() });
    expect(open.required).toBe(false);
    for (const header of [undefined, 'Bearer x'])
      expect(open.authenticate(header)).toEqual({
        ok: true,
        value: { identity: { actor: 'local', roles: ['admin'] }, expiresAt: null },
      });
  });

  it.each(['Bearer', 'bearer', 'BEARER', 'Bearer  '])('takes a token after "%s"', async (scheme) => {
    expect((await guarded.authenticate(`${scheme} ${await signed()}`)).ok).toBe(true);
  });

  it.each([
    [undefined, 'authentication_required', 'is missing'],
    ['', 'authentication_required', 'another scheme'],
    ['Basic YTpi', 'authentication_required', 'another scheme'],
    ['Bearers x', 'authentication_required', 'another scheme'],
    ['Bearer', 'invalid_token', 'one token'],
    ['Bearer ', 'invalid_token', 'one token'],
    ['Bearer a b', 'invalid_token', 'one token'],
    ['Bearer a, Bearer b', 'invalid_token', 'one token'],
    ['Bearer "a"', 'invalid_token', 'one token'],
  ])('refuses the header %p', (header, code, detail) => {
    expect(guarded.authenticate(header)).toMatchObject({
      ok: false,
      rejection: { code, detail: expect.stringContaining(detail), errors: [{ path: 'header Authorization' }] },
    });
  });
});

describe('permitted', () => {
  it.each(role.options)('lets %s do what the role may, and names who may do the rest', async (each: Role) => {
    const verdict = await verify(await signed({ roles: [each] }));
    for (const wanted of permission.options) {
      const decided = permitted(verdict, wanted);
      if (permissionsOf[each].includes(wanted)) expect(decided).toBe(verdict);
      else
        expect(decided).toMatchObject({
          ok: false,
          rejection: {
            code: 'forbidden',
            detail: expect.stringMatching(new RegExp(`permission ${wanted}, .* admin have; grace is ${each}$`)),
          },
        });
    }
  });

  it('adds up several roles, and leaves a refusal as it is', async () => {
    const both = await verify(await signed({ roles: ['scientist', 'approver'] }));
    for (const wanted of ['register', 'approve'] as const) expect(permitted(both, wanted).ok).toBe(true);
    const refused = await verify('x');
    expect(permitted(refused, 'read')).toBe(refused);
  });
});

describe('challengeOf', () => {
  it('names an error only where a token was sent', () => {
    expect(challengeOf({ code: 'authentication_required', detail: 'd' })).toEqual({
      'www-authenticate': 'Bearer realm="modelog"',
    });
    expect(challengeOf({ code: 'invalid_token', detail: 'expected "a" \\ ü' })).toEqual({
      'www-authenticate': 'Bearer realm="modelog", error="invalid_token", error_description="expected \'a\' ? ?"',
    });
    expect(challengeOf({ code: 'forbidden', detail: 'd' })['www-authenticate']).toContain('error="insufficient_scope"');
    expect(challengeOf({ code: 'not_found', detail: 'd' })).toEqual({});
  });
});

describe('requirePermissions', () => {
  let fastify: FastifyInstance;
  afterEach(async () => {
    await fastify.close();
  });

  const accesses: Record<string, Access> = { '/open': null, '/read': 'read', '/deploy': 'deploy' };
  let url: string;
  const start = async (withSecret: string | undefined): Promise<void> => {
    fastify = Fastify();
    useProblems(fastify, { logger: createLogger({ component: 'test', instance: 'test', level: 'silent' }) });
    const authenticator = authenticatorOf({ secret: withSecret, clock: new SetClock() });
    requirePermissions(fastify, authenticator, ({ routeOptions }) => {
      const access = accesses[routeOptions.url ?? ''];
      return access === undefined ? 'authenticated' : access;
    });
    for (const path of Object.keys(accesses))
      fastify.post(path, (request, reply) => reply.send(sessionOf(request).identity));
    url = (await listen(fastify, { host: '127.0.0.1', port: 0 })).url;
  };
  const ask = async (path: string, authorization?: string): Promise<[number, string | null, unknown]> => {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const response = await fetch(url + path, { method: 'POST', headers });
    const answer = (await response.json()) as { code?: string; actor?: string };
    return [response.status, response.headers.get('www-authenticate'), answer.code ?? answer.actor];
  };

  it('opens what needs nobody, and nothing else; where nothing is, a token is needed to learn so', async () => {
    await start(secret);
    // Nobody is known there: the handler fails, and is reached.
    expect((await ask('/open')).at(0)).toBe(500);
    for (const path of ['/read', '/deploy', '/nothing'])
      expect([path, await ask(path)]).toEqual([path, [401, 'Bearer realm="modelog"', 'authentication_required']]);
    const viewer = `Bearer ${await signed({ roles: ['viewer'] })}`;
    // The second time the token is known.
    for (let time = 0; time < 2; time++) {
      expect((await ask('/read', viewer)).at(2)).toBe('grace');
      expect((await ask('/deploy', viewer)).at(2)).toBe('forbidden');
      expect((await ask('/nothing', viewer)).at(0)).toBe(404);
    }
    const [status, challenge] = await ask('/read', 'Bearer x.y.z');
    expect([status, challenge]).toEqual([401, expect.stringContaining('error="invalid_token"')]);
  });

  it('asks nobody without a secret', async () => {
    await start(undefined);
    for (const path of ['/read', '/deploy']) expect(await ask(path)).toEqual([200, null, 'local']);
  });
});

describe('requireLoopback', () => {
  it('lets an app bind another address only with a secret', () => {
    const bind = (host: string, withSecret?: string) => (): void => {
      requireLoopback({ variable: 'MODELOG_HOST', host, secret: withSecret });
    };
    for (const host of ['127.0.0.1', '127.255.255.255', 'localhost', '::1', '[::1]']) expect(bind(host)).not.toThrow();
    for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.256', '127.0.0.1.example', 'localhost.example']) {
      expect(bind(host)).toThrow(ConfigurationInvalid);
      expect(bind(host)).toThrow(`environment: MODELOG_HOST: expected a loopback address`);
      expect(bind(host, secret)).not.toThrow();
    }
  });
});
