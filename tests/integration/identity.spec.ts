import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Io } from '#apps/cli/io.js';
import { run as runCommand } from '#apps/cli/run.js';
import { routes } from '#apps/api/catalogue/routes.js';
import type { RouteSpec } from '#apps/api/catalogue/route.js';
import { rootFolder } from '#apps/platform/root-folder.js';
import { run } from '#apps/platform/processes/run.js';
import { permissionsOf, role, type Role } from '#libs/contracts/index.js';
import { signToken } from '#libs/nest/index.js';
import { startPlatform, type PlatformHandle } from '#tests/support/platform.js';
import { makeFolder } from '#tests/support/run-folder.js';
import { until } from '#tests/support/wait.js';

const secret = 'tests-sign-with-this-secret-of-forty-odd-characters';

let platform: PlatformHandle;
beforeAll(async () => {
  platform = await startPlatform({ env: { MODELOG_AUTH_SECRET: secret } });
});
afterAll(async () => {
  await platform.stop();
});

const tokenFor = (roles: Role[], change: Partial<Parameters<typeof signToken>[0]> = {}): Promise<string> =>
  signToken({ actor: 'grace', roles, secret, now: Date.now(), validForS: 600, ...change });

interface Answer {
  readonly status: number;
  readonly challenge: string | null;
  readonly body: Record<string, unknown>;
}

async function ask(method: string, path: string, token?: string, init: RequestInit = {}): Promise<Answer> {
  const headers = { ...(init.headers as Record<string, string>), ...(token === undefined ? {} : bearing(token)) };
  const response = await fetch(platform.url + path, { ...init, method, headers });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
  const body = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status: response.status, challenge: response.headers.get('www-authenticate'), body };
}

const bearing = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

const send = (path: string, body: unknown, token?: string): Promise<Answer> =>
  ask('POST', path, token, { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });

/** A call of the catalogue with nothing in it that could be carried out. */
function call(route: RouteSpec, token?: string): Promise<Answer> {
  const path = route.path.replaceAll(/\{.*?\}/g, 'x');
  const mediaType = route.body?.[0]?.mediaType;
  if (mediaType === undefined) return ask(route.method, path, token);
  return ask(route.method, `${path}?digest=x`, token, { body: '{}', headers: { 'content-type': mediaType } });
}

const guarded: readonly RouteSpec[] = routes.filter(({ permission }) => permission !== null);

describe('every call', () => {
  it('takes a token, but for health and the description', async () => {
    for (const route of routes) {
      const { status, challenge, body } = await call(route);
      const open = route.permission === null;
      expect([route.path, status === 401]).toEqual([route.path, !open]);
      if (!open) expect([challenge, body.code]).toEqual(['Bearer realm="modelog"', 'authentication_required']);
    }
    for (const path of ['/docs', '/docs/assets/swagger-ui.css']) expect((await ask('GET', path)).status).toBe(200);
  });

  it.each(role.options)('lets %s do what the role may', async (each) => {
    const token = await tokenFor([each]);
    for (const route of guarded) {
      const { status, challenge, body } = await call(route, token);
      const allowed = permissionsOf[each].includes(route.permission!);
      const told = [route.operationId, status === 403 && body.code === 'forbidden'];
      expect(told).toEqual([route.operationId, !allowed]);
      expect(status).not.toBe(401);
      if (!allowed) expect(challenge).toContain('error="insufficient_scope"');
    }
  });

  it('tells nobody without a token what there is', async () => {
    const token = await tokenFor(['viewer']);
    for (const [method, path, status] of [
      ['GET', '/api/nothing', 404],
      ['DELETE', '/api/models', 405],
      ['HEAD', '/api/whoami', 200],
      ['GET', '/nothing', 404],
      ['OPTIONS', '/api/deploy', 405],
    ] as const) {
      expect([method, path, (await ask(method, path)).status]).toEqual([method, path, 401]);
      expect([method, path, (await ask(method, path, token)).status]).toEqual([method, path, status]);
    }
  });

  it('says who calls', async () => {
    const token = await tokenFor(['scientist', 'approver']);
    expect((await ask('GET', '/api/whoami', token)).body).toEqual({
      ...{ actor: 'grace', roles: ['scientist', 'approver'], authentication: 'token' },
      permissions: ['read', 'predict', 'register', 'train', 'approve'],
      expires_at: expect.stringMatching(/^\d{4}-.*\.000Z$/),
    });
  });
});

describe('a token that does not hold', () => {
  const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const paths = ['/api/models', '/api/predict', '/api/predict/health', '/metrics'];

  it.each<[string, string, (valid: string) => string | Promise<string>]>([
    ['without a signature', 'not signed with HS256', (valid) => `${encoded({ alg: 'none' })}.${valid.split('.')[1]!}.`],
    ['of another secret', 'the signature does not hold', () => tokenFor(['admin'], { secret: secret.toUpperCase() })],
    ['that expired', 'the token expired at', () => tokenFor(['admin'], { now: Date.now() - 601_000 })],
    [
      'whose payload was changed',
      'the signature does not hold',
      (valid) => {
        const [head, payload, signature] = valid.split('.') as [string, string, string];
        const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
        return [head, encoded({ ...claims, roles: ['admin'] }), signature].join('.');
      },
    ],
    [
      'of an unknown role',
      'token.roles.0',
      (valid) => {
        const claims = JSON.parse(Buffer.from(valid.split('.')[1]!, 'base64url').toString()) as object;
        const text = `${encoded({ alg: 'HS256' })}.${encoded({ ...claims, roles: ['root'] })}`;
        return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
      },
    ],
    ['that is none', 'no signed JSON Web Token', () => 'x'],
  ])('is refused: one %s', async (_what, says, made) => {
    const token = await made(await tokenFor(['viewer']));
    for (const path of paths) {
      const answer = await (path === '/api/predict' ? send(path, {}, token) : ask('GET', path, token));
      expect(answer).toMatchObject({
        status: 401,
        body: { code: 'invalid_token', detail: expect.stringContaining(says) },
      });
      expect(answer.challenge).toMatch(/^Bearer realm="modelog", error="invalid_token", error_description="[^"\\]+"$/);
      if (token.length > 1) expect(JSON.stringify(answer)).not.toContain(token);
    }
  });
});

describe('who acts', () => {
  it('is in the event, and predicts only with the permission', async () => {
    const scientist = await tokenFor(['scientist'], { actor: 'ada' });
    const operator = await tokenFor(['operator'], { actor: 'olga' });
    const folder = join(rootFolder, 'tests/fixtures/models/mlp-iris');
    const { rows, feature_names } = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8')) as {
      rows: object[];
      feature_names: string[];
    };
    const stored = await ask('POST', '/api/artifacts', scientist, {
      body: new Uint8Array(readFileSync(join(folder, 'model.onnx'))),
      headers: { 'content-type': 'application/octet-stream' },
    });
    expect(stored.status).toBe(201);
    const registered = await send(
      '/api/models',
      { name: 'iris', artifact: stored.body.digest, feature_names },
      scientist,
    );
    expect(registered.status).toBe(201);
    const deployment = { deployment: 'garden', model: `iris@${String(registered.body.version)}` };
    expect((await send('/api/deploy', deployment, scientist)).status).toBe(403);
    expect((await send('/api/deploy', deployment, operator)).status).toBe(202);

    const actors = await until(
      async () => {
        const { items } = (await ask('GET', '/api/events', operator)).body as {
          items: { type: string; actor: string; aggregate: string }[];
        };
        const told = items.filter(({ type }) => type === 'VersionRegistered' || type.startsWith('Deployment'));
        return told.some(({ type }) => type === 'DeploymentWentLive') ? told : undefined;
      },
      { what: 'the deployment to be live' },
    );
    expect(actors.map(({ type, actor }) => [type, actor])).toEqual([
      ['VersionRegistered', 'ada'],
      ['DeploymentRequested', 'olga'],
      ['DeploymentWentLive', expect.stringMatching(/^system:/)],
    ]);

    const single = { deployment: 'garden', input: rows[0] };
    const batch = { deployment: 'garden', inputs: rows.slice(0, 2) };
    const viewer = await tokenFor(['viewer']);
    for (const [path, body] of [
      ['/api/predict', single],
      ['/api/predict/batch', batch],
    ] as const) {
      expect((await send(path, body)).body.code).toBe('authentication_required');
      expect((await send(path, body, viewer)).body.code).toBe('forbidden');
      expect((await send(path, body, scientist)).status).toBe(200);
    }
    const metrics = await (await fetch(`${platform.url}/metrics`, { headers: bearing(viewer) })).text();
    expect(metrics).toMatch(/modelog_predict_unrecorded_total\{[^}]*reason="unauthorised"[^}]*\} [1-9]/);
    expect(metrics).toContain('modelog_api_request_seconds_count');
  });
});

describe('a client that waits for a word before it sends the body', () => {
  const expectContinue = (headers: Record<string, string>): Promise<[boolean, number | undefined]> =>
    new Promise((resolve, reject) => {
      let continued = false;
      const request = httpRequest(`${platform.url}/api/predict`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': '2', expect: '100-continue', ...headers },
      });
      request.on('continue', () => {
        continued = true;
        request.end('{}');
      });
      request.on('response', (response) => {
        response.resume();
        resolve([continued, response.statusCode]);
        request.destroy();
      });
      request.on('error', reject);
      request.flushHeaders();
    });

  it('gets it only with a token', async () => {
    expect(await expectContinue({})).toEqual([false, 401]);
    expect(await expectContinue(bearing(await tokenFor(['viewer'])))).toEqual([false, 403]);
    expect(await expectContinue(bearing(await tokenFor(['scientist'])))).toEqual([true, 422]);
  });
});

describe('the live feed', () => {
  it("ends when its reader's token expires", async () => {
    const now = Math.floor(Date.now() / 1000) * 1000;
    const token = await tokenFor(['viewer'], { now, validForS: 3 });
    const headers = { ...bearing(token), accept: 'text/event-stream' };
    const feed = await fetch(`${platform.url}/api/events`, { headers });
    expect(feed.status).toBe(200);
    expect(await feed.text()).toContain('data: {');
    const again = await fetch(`${platform.url}/api/events`, { headers });
    expect([again.status, ((await again.json()) as { detail: string }).detail]).toEqual([
      401,
      expect.stringContaining('the token expired at'),
    ]);
  });
});

describe('modelog', () => {
  const modelog = async (argv: readonly string[], env: Io['env']) => {
    const told = { out: [] as string[], err: [] as string[] };
    const io: Io = {
      out: (line) => told.out.push(line),
      err: (line) => told.err.push(line),
      progress: () => undefined,
      ...{ env, signal: new AbortController().signal },
    };
    const code = await runCommand(['--url', platform.url, ...argv], io);
    return { code, out: told.out.join('\n'), err: told.err.join('\n') };
  };
  const signing = { MODELOG_AUTH_SECRET: secret };

  it('token prints a token and nothing else, which the server takes', async () => {
    const argv = ['token', '--role', 'viewer', '--role', 'approver', '--actor', 'ada', '--expires', '5m'];
    const { ok, output, errors } = await platform.cli(argv);
    expect([ok, errors]).toEqual([true, '']);
    expect(output).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const { body } = await ask('GET', '/api/whoami', output.trim());
    expect(body).toMatchObject({ actor: 'ada', roles: ['viewer', 'approver'] });
    const asJson = await modelog(['--json', ...argv], signing);
    expect(JSON.parse(asJson.out)).toMatchObject({ actor: 'ada', expires_at: expect.stringMatching(/Z$/) });
  });

  it.each<[string, string[], Io['env'], string]>([
    ['no secret', ['--role', 'viewer', '--actor', 'ada'], {}, 'MODELOG_AUTH_SECRET is not set'],
    [
      'a short secret',
      ['--role', 'viewer', '--actor', 'ada'],
      { MODELOG_AUTH_SECRET: 'short' },
      'has 5 characters: expected at least 32',
    ],
    ['no actor', ['--role', 'viewer'], signing, "required option '--actor"],
    ['no role', ['--actor', 'ada'], signing, "required option '--role"],
    ['an unknown role', ['--role', 'root', '--actor', 'ada'], signing, 'Expected one of viewer, scientist'],
    ['a reserved actor', ['--role', 'viewer', '--actor', 'local'], signing, 'this actor is reserved'],
    [
      'no duration',
      ['--role', 'viewer', '--actor', 'ada', '--expires', '1w'],
      signing,
      'Expected a whole number and s, m, h or d',
    ],
  ])('token refuses %s', async (_what, argv, env, says) => {
    const told = await modelog(['token', ...argv], env);
    expect([told.code, told.out]).toEqual([1, '']);
    expect(told.err).toContain(says);
    expect(told.err).not.toContain(secret);
  });

  it('commands send MODELOG_TOKEN, and tell how to get one', async () => {
    const viewer = await tokenFor(['viewer']);
    const told = await modelog(['status'], { MODELOG_TOKEN: viewer });
    expect([told.code, told.err]).toEqual([0, '']);
    for (const argv of [['status'], ['events'], ['events', '--follow'], ['why', 'x']])
      for (const env of [{}, { MODELOG_TOKEN: '' }, { MODELOG_TOKEN: 'x' }]) {
        const refused = await modelog(argv, env);
        expect([argv, refused.code, refused.out]).toEqual([argv, 1, '']);
        expect(refused.err).toMatch(/^(A token is required|The token does not hold): .*\nCommands send MODELOG_TOKEN/);
      }
    const spaced = await modelog(['status'], { MODELOG_TOKEN: 'a b' });
    expect([spaced.code, spaced.err]).toEqual([1, expect.stringContaining('MODELOG_TOKEN holds spaces')]);
  });
});

describe('the secret', () => {
  it('is in no output, log, file of the run, answer or argument, and with the apps alone', async () => {
    const told = [platform.output(), await (await fetch(`${platform.url}/openapi.json`)).text()];
    const admin = bearing(await tokenFor(['admin']));
    for (const path of ['/metrics', '/api/events', '/api/predict/health'])
      told.push(await (await fetch(platform.url + path, { headers: admin })).text());
    for (const folder of ['run', 'logs'])
      for (const file of readdirSync(join(platform.dataDir, folder), { withFileTypes: true }))
        if (file.isFile()) told.push(readFileSync(join(platform.dataDir, folder, file.name), 'utf8'));
    const processes = platform.processes();
    if (process.platform === 'linux')
      for (const pid of [platform.pid, ...processes.map((each) => each.pid)])
        told.push(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    expect(told.filter((text) => text.includes(secret))).toEqual([]);
    expect(told.every((text) => text.length > 0)).toBe(true);
    if (process.platform !== 'linux') return;
    const holders = processes.filter(({ pid }) => readFileSync(`/proc/${pid}/environ`, 'utf8').includes(secret));
    expect(holders.map(({ component }) => component).sort()).toEqual(['control', 'serving-0']);
  });

  it('is needed for any address but loopback', async () => {
    const started = await run(process.execPath, [join(rootFolder, 'dist/apps/platform/main.js')], {
      cwd: rootFolder,
      env: { ...process.env, MODELOG_HOST: '0.0.0.0', MODELOG_PORT: '0', MODELOG_DATA_DIR: makeFolder('refused') },
      timeoutMs: 60_000,
    });
    expect(started.outcome).toEqual({ kind: 'exited', code: 1 });
    expect(started.stdout).toBe('');
    expect(started.stderr).toMatch(
      /^Modelog cannot start: MODELOG_HOST is "0\.0\.0\.0": expected 127\.0\.0\.1, ::1 or localhost as long as MODELOG_AUTH_SECRET is not set/,
    );
  });
});
