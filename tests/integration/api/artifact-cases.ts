import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { openArtifactStore } from '#libs/artifacts/index.js';
import { systemClock } from '#libs/kernel/index.js';
import { digestOf, type ApiWorld } from './api-world.js';
import { expectRefused } from './refusals.js';

const octets = { 'content-type': 'application/octet-stream' };

export function artifactCases(world: () => ApiWorld): void {
  describe('artifacts', () => {
    const post = (path: string, bytes: Uint8Array, headers: Record<string, string> = {}) =>
      world().request('POST', path, { body: new Uint8Array(bytes), headers: { ...octets, ...headers } });

    it('keeps bytes under their digest, the same bytes once', async () => {
      const bytes = randomBytes(3_000_000);
      const first = await post('/api/artifacts', bytes);
      expect(first.status).toBe(201);
      expect(first.body).toEqual({ digest: digestOf(bytes), size: bytes.length });
      expect((await post('/api/artifacts', bytes)).body).toEqual(first.body);

      const response = await fetch(`${world().url}/api/artifacts/${digestOf(bytes)}`);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-length')).toBe(String(bytes.length));
      expect(response.headers.get('etag')).toBe(`"${digestOf(bytes)}"`);
      expect(digestOf(new Uint8Array(await response.arrayBuffer()))).toBe(digestOf(bytes));
    });

    it('takes no bytes at all, and a digest in the header or the query', async () => {
      const empty = new Uint8Array();
      expect((await post('/api/artifacts', empty)).body).toEqual({ digest: digestOf(empty), size: 0 });
      const bytes = randomBytes(10);
      expect((await post(`/api/artifacts?digest=${digestOf(bytes)}`, bytes)).status).toBe(201);
      expect((await post('/api/artifacts', bytes, { digest: digestOf(bytes) })).status).toBe(201);
    });

    it('tells what a client has already', async () => {
      const digest = await world().upload(randomBytes(10));
      const path = `/api/artifacts/${digest}`;
      const unchanged = await world().request('GET', path, { headers: { 'if-none-match': `"${digest}"` } });
      expect(unchanged.status).toBe(304);
      const head = await world().request('HEAD', path);
      expect([head.status, head.headers.get('content-length')]).toEqual([200, '10']);
    });

    it('refuses another digest than announced and stores nothing', async () => {
      const bytes = randomBytes(500_000);
      const wrong = digestOf(randomBytes(4));
      await expectRefused(world(), () => post(`/api/artifacts?digest=${wrong}`, bytes), {
        ...{ status: 422, code: 'digest_mismatch', says: digestOf(bytes) },
      });
      await expectRefused(world(), () => world().get(`/api/artifacts/${digestOf(bytes)}`), {
        ...{ status: 404, code: 'artifact_not_found', path: 'digest' },
      });
    });

    it('refuses what is no digest', async () => {
      await expectRefused(world(), () => post('/api/artifacts', randomBytes(4), { digest: 'md5:1' }), {
        ...{ status: 422, code: 'invalid_request', path: 'header Digest' },
      });
      await expectRefused(world(), () => world().get('/api/artifacts/sha256:1'), {
        ...{ status: 422, code: 'invalid_request', path: 'digest' },
      });
    });

    it('refuses another content type unread', async () => {
      await expectRefused(world(), () => post('/api/artifacts', randomBytes(4), { 'content-type': 'text/plain' }), {
        ...{ status: 415, code: 'unsupported_media_type', says: 'application/octet-stream' },
      });
    });

    it('refuses 10 GB on their announcement, before a byte is sent', async () => {
      const answer = await rawRequest(
        world().url,
        `POST /api/artifacts HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: ${10 * 2 ** 30}\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 413 /);
      expect(answer).toContain('"code":"payload_too_large"');
      expect(answer).toContain(String(2 * 2 ** 30));
    });

    it('keeps nothing of an upload that is cut off', async () => {
      const before = await world().head();
      const half = randomBytes(600_000);
      const socket = connect(portOf(world().url), '127.0.0.1');
      await once(socket, 'connect');
      socket.write(
        `POST /api/artifacts HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: ${2 * half.length}\r\n\r\n`,
      );
      socket.write(half);
      // Half-closed: the caller can still read what it is told.
      socket.end();
      const told = await textOf(socket);
      expect(told === '' || told.startsWith('HTTP/1.1 400 ')).toBe(true);
      expect((await world().get(`/api/artifacts/${digestOf(half)}`)).status).toBe(404);
      expect(await world().head()).toBe(before);
    });

    it('never serves damaged bytes as whole', async () => {
      const [small, large] = [randomBytes(1_000), randomBytes(2_000_000)];
      for (const bytes of [small, large]) {
        const digest = await world().upload(bytes);
        await damage(world(), digest);
        const response = await fetch(`${world().url}/api/artifacts/${digest}`);
        if (response.status === 200) await expect(response.arrayBuffer()).rejects.toThrow();
        else expect(await response.json()).toMatchObject({ status: 500, code: 'artifact_damaged' });
        // Uploading the same bytes again mends it.
        await world().upload(bytes);
        const mended = await fetch(`${world().url}/api/artifacts/${digest}`);
        expect(digestOf(new Uint8Array(await mended.arrayBuffer()))).toBe(digest);
      }
    });
  });
}

/** Takes the last chunk of an artifact out of its bucket, as a lost block of a disk would. */
async function damage(world: ApiWorld, digest: string): Promise<void> {
  const store = await openArtifactStore({ connection: world.connection, replicas: 1, clock: systemClock });
  const { size } = await store.stat(digest);
  expect(size).toBeGreaterThan(0);
  const { jetstreamManager } = await import('@nats-io/jetstream');
  const manager = await jetstreamManager(world.connection);
  const { state } = await manager.streams.info('OBJ_ARTIFACTS', { subjects_filter: '$O.ARTIFACTS.C.>' });
  let last: { seq: number } | undefined;
  for (const subject of Object.keys(state.subjects ?? {})) {
    const message = await manager.streams.getMessage('OBJ_ARTIFACTS', { last_by_subj: subject });
    if (message !== null && message.seq > (last?.seq ?? 0)) last = message;
  }
  await manager.streams.deleteMessage('OBJ_ARTIFACTS', last!.seq);
}

const portOf = (url: string): number => Number(new URL(url).port);

async function rawRequest(url: string, text: string): Promise<string> {
  const socket = connect(portOf(url), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(text);
  const answer = await textUntil(socket, (so_far) => so_far.includes('"code"'));
  socket.destroy();
  return answer;
}

async function textUntil(socket: AsyncIterable<Buffer>, enough: (text: string) => boolean): Promise<string> {
  let text = '';
  for await (const piece of socket) {
    text += piece.toString('utf8');
    if (enough(text)) break;
  }
  return text;
}

const textOf = (socket: AsyncIterable<Buffer>): Promise<string> => textUntil(socket, () => false);
