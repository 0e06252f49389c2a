import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { countOf } from '../harness/histogram.js';
import { buildLoadGenerator, LoadGeneratorUnavailable, type LoadGenerator, type LoadReport } from './load-generator.js';
import { writeRequests } from './requests.js';

const hasCompiler = ['cc', 'gcc', 'clang'].some((name) => spawnSync(name, ['--version']).status === 0);
/** `npm test` runs on machines with nothing but Node; the generator itself is then reported as unavailable. */
const withCompiler = process.platform === 'linux' && hasCompiler ? describe : describe.skip;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'modelog-load-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('a machine without a compiler', () => {
  it('is told what to install', () => {
    const before = process.env['CC'];
    process.env['CC'] = 'no-such-compiler';
    try {
      expect(() => buildLoadGenerator(join(folder, 'none'))).toThrow(LoadGeneratorUnavailable);
      if (process.platform === 'linux') {
        expect(() => buildLoadGenerator(join(folder, 'none'))).toThrow(/tried no-such-compiler.*apt-get install gcc/);
      }
    } finally {
      if (before === undefined) delete process.env['CC'];
      else process.env['CC'] = before;
    }
  });
});

withCompiler('the load generator against real servers', () => {
  let load: LoadGenerator;
  let server: Server | undefined;
  beforeAll(() => {
    load = buildLoadGenerator(join(folder, 'cache'));
  });
  afterEach(() => {
    server?.close();
    server = undefined;
  });

  const listen = async (one: Server): Promise<number> => {
    server = one.listen(0, '127.0.0.1');
    await once(one, 'listening');
    return (one.address() as AddressInfo).port;
  };

  const run = async (one: Server, bodies: readonly unknown[], connections = 4, count = 60): Promise<LoadReport> => {
    const port = await listen(one);
    const requests = join(folder, 'requests');
    writeRequests(requests, '/api/predict', bodies);
    // The count ends it, however slow the machine is.
    return load.run({ port, connections, seconds: 20, count, requests });
  };

  const http = (answer: (body: string, response: ServerResponse, request: IncomingMessage) => void): Server =>
    createHttpServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        answer(body, response, request);
      });
    });

  const ok = (response: ServerResponse, status = 200, text = '{"ok":true}'): void => {
    response.writeHead(status, { 'content-length': Buffer.byteLength(text) }).end(text);
  };

  it('sends the prepared requests in turn, whole, and counts every answer', async () => {
    const seen = new Map<string, number>();
    const report = await run(
      http((body, response, request) => {
        expect(request.headers['content-type']).toBe('application/json');
        seen.set(body, (seen.get(body) ?? 0) + 1);
        ok(response);
      }),
      [{ row: 0 }, { row: 1, text: 'ü' }, { row: 2 }],
    );
    const served = [...seen.values()];
    const total = served.reduce((a, b) => a + b, 0);
    expect([...seen.keys()].sort()).toEqual(['{"row":0}', '{"row":1,"text":"ü"}', '{"row":2}']);
    expect(Math.max(...served) - Math.min(...served)).toBeLessThanOrEqual(1);
    expect(report.completed).toBeGreaterThanOrEqual(60);
    expect(report.completed + report.drained).toBe(total);
    expect(countOf(report.latency)).toBe(total);
    expect(report.status).toEqual({ '200': total });
    expect(report).toMatchObject({ not200: 0, unanswered: 0, reconnects: 0, firstFailure: null });
    expect(report.latency.maxNs * total).toBeGreaterThanOrEqual(report.latency.sumNs);
  });

  it('counts answers other than 200 and keeps the first of them', async () => {
    let count = 0;
    const report = await run(
      http((_body, response) => {
        count++;
        if (count % 3 === 0) ok(response, 503, '{"code":"overloaded"}');
        else ok(response);
      }),
      [{ row: 0 }],
    );
    expect(report.not200).toBe(Math.floor(count / 3));
    expect(report.status['503']).toBe(report.not200);
    expect(report.firstFailure).toBe('503: {"code":"overloaded"}');
  });

  it('carries bodies larger than the socket buffers both ways, and answers in pieces', async () => {
    const large = 'x'.repeat(3_000_000);
    const lengths = new Set<number>();
    const report = await run(
      http((body, response) => {
        lengths.add(body.length);
        response.writeHead(200, { 'content-length': large.length });
        response.write(large.slice(0, 100));
        response.end(large.slice(100));
      }),
      [{ large }],
      2,
      6,
    );
    expect([...lengths]).toEqual([JSON.stringify({ large }).length]);
    expect(report.not200).toBe(0);
    expect(report.completed).toBeGreaterThanOrEqual(6);
  });

  it('follows a server that closes after each answer, and counts an answer that is cut off as a failure', async () => {
    const closing = await run(
      http((_body, response) => {
        response.setHeader('connection', 'close');
        ok(response);
      }),
      [{ row: 0 }],
      1,
    );
    expect(closing.not200).toBe(0);
    expect(closing.reconnects).toBeGreaterThanOrEqual(closing.completed);
    server?.close();

    let answers = 0;
    const cut = await run(
      createServer((socket: Socket) => {
        socket
          .on('error', () => undefined)
          .on('data', () => {
            answers++;
            if (answers === 2) socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf');
            else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
          });
      }),
      [{ row: 0 }],
      1,
    );
    expect(cut.not200).toBe(1);
    expect(cut.status['0']).toBe(1);
    expect(cut.firstFailure).toMatch(/connection closed before its answer/);
    expect(cut.completed).toBeGreaterThan(1);
  });

  it('ends with its time, and counts what a silent server leaves unanswered', async () => {
    const requests = join(folder, 'unanswered');
    writeRequests(requests, '/', [{}]);
    const port = await listen(createServer((socket) => socket.on('error', () => undefined).resume()));
    const report = await load.run({ port, connections: 3, seconds: 0.05, drainSeconds: 0.05, requests });
    expect(report).toMatchObject({ completed: 0, drained: 0, unanswered: 3, not200: 0, status: {} });
  });

  it('says what it cannot do: no server, chunked answers, a file that is cut off', async () => {
    const requests = join(folder, 'one');
    writeRequests(requests, '/', [{}]);
    const port = await listen(createServer());
    server?.close();
    const options = { port, connections: 1, seconds: 0.1, requests };
    await expect(load.run(options)).rejects.toThrow(/cannot connect to 127\.0\.0\.1:\d+: Connection refused/);

    const chunked = http((_body, response) => {
      response.write('in ');
      response.end('chunks');
    });
    await expect(run(chunked, [{}])).rejects.toThrow('chunked answers are not supported');

    writeFileSync(join(folder, 'cut'), Buffer.from([200, 0, 0, 0, 71]));
    await expect(load.run({ ...options, requests: join(folder, 'cut') })).rejects.toThrow('cut off at byte 0');
  });
});
