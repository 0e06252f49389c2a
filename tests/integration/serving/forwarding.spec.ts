/** @jest-environment ./tests/support/onnx-environment.mjs */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect as connectSocket, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '#tests/support/wait.js';
import { Client } from './client.js';
import { startWorld, type World } from './world.js';

/** What reached the api, in order. */
interface Seen {
  readonly request: IncomingMessage;
  bytes: number;
  ended: boolean;
  aborted: boolean;
}

let world: World;
let api: Server;
let apiUrl: string;
let url: string;
let client: Client;
let seen: Seen[] = [];

beforeAll(async () => {
  api = createServer(answerAsApi);
  api.listen(0, '127.0.0.1');
  await once(api, 'listening');
  apiUrl = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  world = await startWorld();
  url = (await world.serve({ apiUrl, limits: { artifactBytes: 4_000_000, otherBytes: 100_000 } })).url;
  client = new Client(url);
});

beforeEach(() => {
  seen = [];
});

afterAll(async () => {
  client.close();
  await world.stop();
  api.closeAllConnections();
  api.close();
});

/** Reads whatever comes and says what it was; `/api/events` is a stream that the test writes to. */
function answerAsApi(request: IncomingMessage, response: ServerResponse): void {
  const entry: Seen = { request, bytes: 0, ended: false, aborted: false };
  seen.push(entry);
  request.on('data', (chunk: Buffer) => (entry.bytes += chunk.length));
  request.on('close', () => (entry.aborted = !request.complete));
  if (request.url === '/api/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': open\n\n');
    response.on('close', () => (entry.aborted = true));
    return;
  }
  if (request.url === '/health/ready') {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ready","components":{}}');
    return;
  }
  if (request.url === '/metrics') {
    response.end('modelog_api 7\n');
    return;
  }
  request.on('end', () => {
    entry.ended = true;
    response.writeHead(207, { 'content-type': 'application/json', 'x-from': 'api', connection: 'x-hop', 'x-hop': '1' });
    response.end(JSON.stringify({ method: request.method, url: request.url, bytes: entry.bytes }));
  });
}

/** Closes the client's end once an answer holds a text. */
const hangUpOn =
  (text: string) =>
  (socket: Socket): void => {
    socket.on('data', (chunk: Buffer) => {
      if (chunk.includes(text)) socket.end();
    });
  };

/** Everything a raw connection answers until it is closed. */
async function raw(head: string, then: (socket: Socket) => void = () => undefined, to: string = url): Promise<string> {
  const { hostname, port } = new URL(to);
  const socket = connectSocket(Number(port), hostname);
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  socket.on('error', () => undefined);
  socket.write(head);
  then(socket);
  await once(socket, 'close');
  return text;
}

describe('whatever is no prediction', () => {
  it('is forwarded as it is: method, path, query, body, status; hop-by-hop headers are not', async () => {
    const answer = await client.send('PUT', '/api/models/a%20b/promote?x=1&y=%2F', '{"v":1}', {
      'content-type': 'application/json',
      'x-request-id': 'r-1',
      connection: 'keep-alive, x-mine',
      'x-mine': '1',
    });
    expect([answer.status, answer.headers['x-from'], answer.headers['x-hop']]).toEqual([207, 'api', undefined]);
    expect(answer.json).toMatchObject({ method: 'PUT', url: '/api/models/a%20b/promote?x=1&y=%2F', bytes: 7 });
    expect(seen[0]!.request.headers['x-request-id']).toBe('r-1');
    expect(seen[0]!.request.headers['x-mine']).toBeUndefined();
  });

  it('takes bodies of any content type, and none', async () => {
    for (const type of ['application/octet-stream', 'text/plain', 'multipart/form-data; boundary=x'])
      expect((await client.send('POST', '/api/models', 'bytes', { 'content-type': type })).json).toMatchObject({
        bytes: 5,
      });
    expect((await client.send('DELETE', '/api/models/m/aliases/a')).status).toBe(207);
  });

  it('is streamed: the api sees the beginning of an upload before its end was sent', async () => {
    let answered = '';
    const done = raw(
      `POST /api/artifacts HTTP/1.1\r\nhost: x\r\ncontent-length: 3000000\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n`,
      (socket) => {
        socket.on('data', (chunk: Buffer) => (answered += chunk.toString('utf8')));
        void until(() => answered.includes('100 Continue'), { what: '100 Continue' })
          .then(() => {
            socket.write(Buffer.alloc(1_000_000));
            return until(() => (seen[0]?.bytes ?? 0) === 1_000_000, { what: 'the first megabyte at the api' });
          })
          .then(() => socket.write(Buffer.alloc(2_000_000)));
      },
    );
    expect(await done).toContain('"bytes":3000000');
    expect(seen[0]!.request.headers.expect).toBeUndefined();
  });

  it('keeps an event stream open in both directions', async () => {
    const response = await fetch(`${url}/api/events`, { headers: { accept: 'text/event-stream' } });
    const reader = response.body!.getReader();
    const first = await reader.read();
    expect(Buffer.from(first.value).toString('utf8')).toBe(': open\n\n');
    await reader.cancel();
    await until(() => seen[0]!.aborted, { what: 'the api to see the reader leave' });
  });

  it('answers health for itself and the api', async () => {
    expect((await client.get('/health/live')).status).toBe(200);
    const ready = await client.get('/health/ready');
    expect([ready.status, ready.json]).toMatchObject([200, { components: { routing: {}, api: {} } }]);
  });

  it('leaves metrics to the api, which asks all serving processes', async () => {
    const { status, text } = await client.get('/metrics');
    expect([status, text]).toEqual([200, 'modelog_api 7\n']);
  });
});

describe('sizes', () => {
  it('announced too large are refused before the body is read, and never reach the api', async () => {
    const head = (path: string, length: number, more = ''): string =>
      `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n${more}\r\n`;
    for (const [path, length] of [
      ['/api/artifacts', 10_000_000_000],
      ['/api/deploy', 100_001],
      ['/api/predict', 1_048_577],
      ['/api/predict/batch', 16_777_217],
    ] as const) {
      const plain = await raw(head(path, length), hangUpOn('payload_too_large'));
      expect(plain).toMatch(/^HTTP\/1\.1 413 /);
      expect(plain).toContain('"code":"payload_too_large"');
      expect(plain.toLowerCase()).toContain('connection: close');
      const asked = await raw(head(path, length, 'expect: 100-continue\r\n'));
      expect(asked).toMatch(/^HTTP\/1\.1 413 /);
    }
    expect(seen).toEqual([]);
  });

  it('are seen by a client that sends the whole body without waiting', async () => {
    const answer = await client.send('POST', '/api/deploy', 'x'.repeat(3_000_000), {
      'content-type': 'application/json',
    });
    expect([answer.status, answer.json.code]).toEqual([413, 'payload_too_large']);
  });

  it('that are not announced are cut at the limit, and the api is told', async () => {
    const answer = await client.send('POST', '/api/deploy', 'x'.repeat(300_000), {
      'content-type': 'application/json',
      'transfer-encoding': 'chunked',
    });
    expect([answer.status, answer.json.code]).toEqual([413, 'payload_too_large']);
    await until(() => seen.every(({ ended, aborted }) => !ended && aborted), { what: 'the api to see a broken body' });
  });
});

describe('a body that is cut off half-way', () => {
  it.each(['/api/predict', '/api/predict/batch'])('to %s gets a problem', async (path) => {
    const answer = await raw(
      `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"deployment"`,
      (socket) => socket.end(),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"code":"malformed_body"');
  });

  it('to the api never looks whole there', async () => {
    await raw(
      `POST /api/artifacts HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: 100000\r\n\r\nhalf`,
      (socket) => {
        void until(() => seen.length > 0, { what: 'the upload to begin' }).then(() => socket.destroy());
      },
    );
    await until(() => seen[0]!.aborted, { what: 'the api to see it break' });
    expect(seen[0]!.ended).toBe(false);
  });
});

describe('without the api', () => {
  it('what it would answer is 503 with Retry-After, and readiness names it', async () => {
    const away = createServer();
    away.listen(0, '127.0.0.1');
    await once(away, 'listening');
    const { port } = away.address() as AddressInfo;
    away.close();
    await once(away, 'close');
    const alone = new Client((await world.serve({ apiUrl: `http://127.0.0.1:${port}` })).url);
    const answer = await alone.get('/api/models');
    expect([answer.status, answer.json.code, answer.headers['retry-after']]).toEqual([503, 'unavailable', '1']);
    const posted = await alone.post('/api/deploy', { a: 1 });
    expect([posted.status, posted.json.code]).toEqual([503, 'unavailable']);
    const ready = await alone.get('/health/ready');
    expect([ready.status, ready.json.errors.map(({ path }) => path)]).toEqual([503, ['api']]);
    // What one process counts would look like the sum of all.
    const metrics = await alone.get('/metrics');
    expect([metrics.status, metrics.json.code]).toEqual([503, 'unavailable']);
    expect(metrics.json.detail).toContain('the api does not answer');
    alone.close();
  });
});

describe('a request that cannot be taken as HTTP', () => {
  const lines = (...head: string[]): string => `${head.join('\r\n')}\r\n\r\n`;
  const host = 'host: x';
  const last = 'connection: close';
  const get = (path: string): string => lines(`GET ${path} HTTP/1.1`, host, last);

  it.each([
    ['a lone percent sign', get('/api/models/%'), 404, 'not_found'],
    ['an impossible escape', get('/api/models/%zz'), 404, 'not_found'],
    ['a way out of the folder', get('/api/models/..%2f..%2fetc'), 404, 'not_found'],
    ['two slashes', get('//api/models'), 404, 'not_found'],
    ['a segment of 15 KB', get(`/api/models/${'x'.repeat(15_000)}`), 404, 'not_found'],
    [
      'an empty content type',
      lines('POST /api/deploy HTTP/1.1', host, last, 'content-type: ', 'content-length: 2') + '{}',
      415,
      'unsupported_media_type',
    ],
    ['no host', lines('GET /api/models HTTP/1.1', last), 400, 'malformed_body'],
    ['another expectation', lines('GET /api/models HTTP/1.1', host, 'expect: foo'), 417, 'invalid_request'],
    ['a header of 100 KB', lines('GET / HTTP/1.1', host, `x: ${'y'.repeat(100_000)}`), 431, 'malformed_body'],
  ])('%s: is answered with a problem', async (_what, head, status, code) => {
    const answer = await raw(head, hangUpOn('"code"'));
    expect(answer.slice(0, 12)).toBe(`HTTP/1.1 ${status}`);
    expect(answer.toLowerCase()).toContain('content-type: application/problem+json');
    const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as object;
    expect(body).toMatchObject({ status, code });
    expect(seen).toEqual([]);
  });
});

describe('a body that stands still', () => {
  it.each(['/api/predict', '/api/predict/batch', '/api/artifacts'])('to %s is given up: 408', async (path) => {
    const impatient = await world.serve({ apiUrl, bodyIdleMs: 100 });
    const answer = await raw(
      `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"a"`,
      undefined,
      impatient.url,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"malformed_body"');
    await until(() => seen.every(({ aborted }) => aborted), { what: 'the api to see a broken body' });
    await impatient.stop();
  });

  it('is not an event stream that is silent for longer', async () => {
    const impatient = await world.serve({ apiUrl, bodyIdleMs: 50 });
    const stream = await fetch(`${impatient.url}/api/events`);
    const reader = stream.body!.getReader();
    await reader.read();
    const stalled = `POST /api/predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n`;
    for (let times = 0; times < 3; times++) expect(await raw(stalled, undefined, impatient.url)).toContain(' 408 ');
    expect(seen[0]!.aborted).toBe(false);
    await reader.cancel();
    await impatient.stop();
  });
});
