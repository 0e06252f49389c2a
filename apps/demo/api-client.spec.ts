import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { ApiClient } from './api-client.js';

const answer = z.object({ got: z.string() });

describe('calls of the platform', () => {
  let server: Server;
  let url: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const got = `${request.method} ${request.headers['content-type'] ?? 'nothing'} ${Buffer.concat(pieces).toString()}`;
        response.writeHead(request.url === '/busy' ? 503 : 200);
        response.end(JSON.stringify(request.url === '/odd' ? {} : { got }));
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('are answered, and every one that is not well is counted and ends the demo', async () => {
    const client = new ApiClient(url, new AbortController().signal);
    expect(await client.get('/', answer)).toEqual({ got: 'GET nothing ' });
    expect(await client.send('PUT', '/', { a: 1 }, answer)).toEqual({ got: 'PUT application/json {"a":1}' });
    expect(client.tally).toEqual({ requests: 2, errors: 0 });
    await expect(client.get('/busy', answer)).rejects.toThrow('GET /busy was answered with 503: {"got":');
    await expect(client.get('/odd', answer)).rejects.toThrow('GET /odd was answered with something else than expected');
    expect(client.tally).toEqual({ requests: 4, errors: 2 });
  });

  it('are counted where nobody answers', async () => {
    // Nothing listens on the discard port.
    const client = new ApiClient('http://127.0.0.1:9', new AbortController().signal);
    await expect(client.get('/', answer)).rejects.toThrow('GET / was not answered');
    expect(client.tally).toEqual({ requests: 1, errors: 1 });
  });

  it('are repeated until a condition holds, or the time is over', async () => {
    const client = new ApiClient(url, new AbortController().signal);
    let turns = 0;
    const third = () => Promise.resolve(++turns === 3 ? turns : undefined);
    expect(await client.until('the third', third, { everyMs: 1 })).toBe(3);
    await expect(client.until('nothing', () => Promise.resolve(undefined), { timeoutMs: 0 })).rejects.toThrow(
      'waited 0 s for nothing',
    );
  });
});
