import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, HttpException, Module, Param, Post, Query } from '@nestjs/common';
import { fastify, type FastifyInstance } from 'fastify';
import { once } from 'node:events';
import { connect } from 'node:net';
import { z } from 'zod';
import { rejection, type Problem } from '#libs/contracts/index.js';
import {
  AppendContention,
  LogCorrupt,
  Overloaded,
  StreamMovedOn,
  StreamTimeout,
  StreamUnavailable,
} from '#libs/event-log/index.js';
import { idSource, ModelogError } from '#libs/kernel/index.js';
import { until } from '#tests/support/wait.js';
import {
  createHttpApp,
  createLogger,
  listen,
  ProblemException,
  problemServerOptions,
  sendProblem,
  useProblems,
  ZodPipe,
} from '../index.js';

const item = z.strictObject({ name: z.string().min(2), nested: z.strictObject({ size: z.int() }).optional() });
const bodyLimit = 1_000;

const thrown: Record<string, () => Error> = {
  problem: () => new ProblemException(rejection('no_change', 'it is so already'), { 'x-why': 'test' }),
  contention: () => new AppendContention('evt.model.a', 3, 5_000),
  movedOn: () => new StreamMovedOn('evt.model.a', 3, 5),
  decided: () => new ProblemException({ ...rejection('no_change', 'it is so already'), as_of_seq: 7 }),
  timeout: () => new StreamTimeout('append'),
  down: () => new StreamUnavailable('append', 'no responders'),
  overloaded: () => new Overloaded(9, 9, 'at most 8'),
  corrupt: () => new LogCorrupt('chain_broken', 7, 'secret detail'),
  damaged: () => new ModelogError('artifact_damaged', 'secret detail'),
  artifact: () => new ModelogError('artifact_not_found', 'no artifact has the digest sha256:0'),
  broken: () => Object.assign(new Error('secret detail'), { code: 'ECONNREFUSED' }),
  silent: () => new Error('Query read timeout'),
  unknown: () => new Error('secret detail'),
  teapot: () => new HttpException('secret detail', 418),
};

const throwOf = (what: string): never => {
  throw thrown[what]!();
};

@Controller('things')
class ThingsController {
  @Post()
  create(@Body(new ZodPipe(item)) body: z.output<typeof item>): unknown {
    return body;
  }
  @Get()
  list(@Query(new ZodPipe(z.object({ limit: z.coerce.number().int() }), 'query')) query: unknown): unknown {
    return query;
  }
  @Get(':what/throw')
  fail(@Param('what') what: string): never {
    return throwOf(what);
  }
}

@Module({ controllers: [ThingsController] })
class ThingsModule {}

const lines: string[] = [];
const logger = createLogger({
  ...{ component: 'test', instance: 'test', level: 'info' as const },
  destination: { write: (line) => lines.push(line) },
});
const ids = idSource((size) => new Uint8Array(size).fill(7));

async function nestApp(): Promise<{ url: string; close: () => Promise<void> }> {
  const app = await createHttpApp(ThingsModule, { logger, ids }, { bodyLimit });
  rawRoute(app.getHttpAdapter().getInstance());
  const { url } = await listen(app, { host: '127.0.0.1', port: 0 });
  return { url, close: () => app.close() };
}

async function fastifyApp(): Promise<{ url: string; close: () => Promise<void> }> {
  const app = fastify({ bodyLimit, ...problemServerOptions({ logger, ids }) });
  useProblems(app, { logger, ids });
  rawRoute(app);
  app.post('/things', (request) => new ZodPipe(item).transform(request.body));
  app.get('/things/:what/throw', (request) => throwOf((request.params as { what: string }).what));
  app.get('/things', (request) =>
    new ZodPipe(z.object({ limit: z.coerce.number().int() }), 'query').transform(request.query),
  );
  const { url } = await listen(app, { host: '127.0.0.1', port: 0 });
  return { url, close: () => app.close() };
}

function rawRoute(app: FastifyInstance): void {
  app.get('/raw/refused', (_request, reply) => sendProblem(reply, rejection('overloaded', 'too much')));
  app.get('/raw/broken', () => throwOf('unknown'));
  app.get('/raw/half', (_request, reply) => {
    reply.raw.writeHead(200, { 'content-length': '10' });
    reply.raw.write('half');
    return throwOf('unknown');
  });
}

describe.each([
  ['a Nest app', nestApp],
  ['a bare Fastify instance', fastifyApp],
])('problems of %s', (_name, start) => {
  let app: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  async function call(path: string, init?: RequestInit): Promise<Problem & { headers: Headers }> {
    const response = await fetch(`${app.url}${path}`, init);
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    const problem = (await response.json()) as Problem;
    expect(problem).toMatchObject({ status: response.status, type: `urn:modelog:problem:${problem.code}` });
    return { ...problem, headers: response.headers };
  }
  const post = (body: string | Uint8Array<ArrayBuffer>, type = 'application/json') =>
    call('/things', { method: 'POST', body, headers: { 'content-type': type } });

  it('takes what is right', async () => {
    const body = JSON.stringify({ name: 'ab' });
    const response = await fetch(`${app.url}/things`, {
      ...{ method: 'POST', body, headers: { 'content-type': 'application/json' } },
    });
    expect(response.ok).toBe(true);
    expect(await response.text()).toBe(body);
  });

  it.each([
    ['{"a": }', 'line 1, column 7: expected a value, found "}"'],
    ['{\n  "a": 1,\n}', 'line 3, column 1: expected a name in double quotes, found "}"'],
    ['[1, 2', "line 1, column 6: expected ',' or ']', the body ends"],
    ['{"a" 1}', `line 1, column 6: expected ':', found "1"`],
    ['{"a": 01}', `line 1, column 8: expected ',' or '}', found "1"`],
    ['"abc\n"', `line 1, column 5: expected '"' at the end of a string, found "\\n"`],
    ['"\\x"', 'line 1, column 2: expected a valid escape, found "\\\\"'],
    ['{} {}', 'line 1, column 4: expected the end of the body, found "{"'],
    ['NaN', 'line 1, column 1: expected a value, found "N"'],
    ['['.repeat(800), 'line 1, column 801: expected a value, the body ends'],
  ])('names the place where %j is not JSON', async (body, detail) => {
    expect(await post(body)).toMatchObject({ status: 400, code: 'malformed_json', detail });
  });

  it('takes an empty body and bytes that are not UTF-8 for malformed JSON', async () => {
    expect(await post(Uint8Array.of(0x22, 0xff, 0x22))).toMatchObject({ status: 400, code: 'malformed_json' });
    expect(await post('')).toMatchObject({ status: 400, code: 'malformed_json' });
    expect(await post('{"a": [{"__proto__": 1}]}')).toMatchObject({
      ...{ status: 400, code: 'malformed_json', detail: 'no field can be named __proto__' },
    });
  });

  it.each(['[]', '3', 'null', '"text"'])('takes %s for a malformed body where an object must be', async (body) => {
    expect(await post(body)).toMatchObject({ status: 400, code: 'malformed_body' });
  });

  it('names the path of every impossible value', async () => {
    const answer = await post(JSON.stringify({ name: 'a', other: 1, nested: { size: 1.5, more: true } }));
    expect(answer).toMatchObject({ status: 422, code: 'invalid_request' });
    expect(answer.errors?.map(({ path }) => path).sort()).toEqual(['name', 'nested.more', 'nested.size', 'other']);
    expect((await call('/things?limit=x')).errors?.map(({ path }) => path)).toEqual(['query.limit']);
  });

  it('says of a parameter given twice that one value was expected', async () => {
    const answer = await call('/things?limit=1&limit=2');
    expect(answer.errors).toEqual([{ path: 'query.limit', message: expect.stringContaining('a single value') }]);
  });

  it('refuses a body that is too large with the limit', async () => {
    const answer = await post(JSON.stringify({ name: 'a'.repeat(bodyLimit) }));
    expect(answer).toMatchObject({ status: 413, code: 'payload_too_large', detail: 'the limit is 1000 bytes' });
  });

  it('refuses a content type it does not take', async () => {
    expect(await post('a: 1', 'application/yaml')).toMatchObject({ status: 415, code: 'unsupported_media_type' });
  });

  it('tells an unknown address from an unknown method', async () => {
    expect(await call('/nothing/here?x=1')).toMatchObject({ status: 404, detail: 'nothing is at /nothing/here' });
    const answer = await call('/things/a/throw', { method: 'DELETE' });
    expect(answer).toMatchObject({ status: 405, code: 'method_not_allowed' });
    expect(answer.headers.get('allow')).toBe('GET, HEAD');
  });

  it('gives each refusal and each failure of the log its code', async () => {
    const refused = await call('/things/problem/throw');
    expect(refused).toMatchObject({ status: 409, code: 'no_change', detail: 'it is so already' });
    expect(refused.headers.get('x-why')).toBe('test');
    expect(refused).not.toHaveProperty('as_of_seq');
    expect(await call('/things/decided/throw')).toMatchObject({ code: 'no_change', as_of_seq: 7 });
    expect(await call('/things/artifact/throw')).toMatchObject({ status: 404, code: 'artifact_not_found' });
    for (const [what, code] of [
      ['contention', 'append_contention'],
      ['movedOn', 'append_contention'],
      ['timeout', 'log_unavailable'],
      ['down', 'log_unavailable'],
      ['overloaded', 'overloaded'],
      ['broken', 'unavailable'],
      ['silent', 'unavailable'],
    ] as const) {
      const answer = await call(`/things/${what}/throw`);
      expect(answer).toMatchObject({ status: 503, code });
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(await call('/raw/refused')).toMatchObject({ status: 503, code: 'overloaded' });
  });

  it.each(['corrupt', 'damaged', 'unknown', 'teapot'])(
    'tells nothing of an unexpected failure (%s) but where the log tells more',
    async (what) => {
      lines.length = 0;
      const { headers: _headers, ...answer } = await call(`/things/${what}/throw`);
      expect(answer.status).toBe(500);
      expect(JSON.stringify(answer)).not.toContain('secret');
      const id = /under (\S+)$/.exec(answer.detail)?.[1] ?? 'none';
      expect(lines.filter((line) => line.includes(id) && line.includes('secret detail'))).toHaveLength(1);
    },
  );

  it('breaks the connection when half an answer is out', async () => {
    const reading = (async () => (await fetch(`${app.url}/raw/half`)).text())();
    await expect(reading).rejects.toThrow();
  });

  it('survives a body that is cut off half-way, and logs no failure of its own', async () => {
    lines.length = 0;
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      'POST /things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"na',
    );
    socket.end();
    let answer = '';
    for await (const part of socket.setEncoding('utf8')) answer += part as string;
    await until(async () => (await fetch(`${app.url}/things?limit=1`)).ok, { what: 'the next answer' });
    expect(lines.join('')).not.toContain('a request failed');
    expect(answer === '' || answer.includes('400')).toBe(true);
  });

  it('answers what is not HTTP with a problem', async () => {
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    socket.write('BLURB\r\n\r\n');
    let answer = '';
    for await (const part of socket.setEncoding('utf8')) answer += part as string;
    expect(answer).toMatch(/^HTTP\/1.1 400 [\s\S]*application\/problem\+json[\s\S]*"code":"malformed_body"/);
  });

  it('answers a path that cannot be decoded with a problem', async () => {
    expect(await call('/things/%zz')).toMatchObject({ status: 404, code: 'not_found' });
  });
});
