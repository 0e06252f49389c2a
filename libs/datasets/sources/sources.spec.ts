import { createServer, type RequestListener, type Server } from 'node:http';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { accepted, refused } from '../testing/text-sources.js';
import { bytesSource, type DataSource } from './data-source.js';
import { fetchedSource, type FetchOptions } from './fetched-source.js';
import { formatOf } from './format-of.js';
import { openDataFile } from './open-data-file.js';

let folder = '';
let root = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modelog-sources-'));
  root = join(folder, 'datasets');
  await mkdir(join(root, 'inner'), { recursive: true });
  await mkdir(join(folder, 'datasets-other'));
  await writeFile(join(root, 'inner', 'a.csv'), 'x\n1\n');
  await writeFile(join(folder, 'secret.csv'), 'x\n2\n');
  await writeFile(join(folder, 'datasets-other', 'b.csv'), 'x\n3\n');
  await symlink(join(folder, 'secret.csv'), join(root, 'out.csv'));
  await symlink(join(root, 'inner', 'a.csv'), join(root, 'in.csv'));
  await symlink(join(folder, 'datasets-other'), join(root, 'other'));
  await symlink(join(root, 'loop'), join(root, 'loop'));
  execFileSync('mkfifo', [join(root, 'pipe.csv')]);
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function textOf(source: DataSource): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.stream()) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe("a file of the data sets' folder", () => {
  it.each(['inner/a.csv', './inner//a.csv', 'in.csv'])('%s', async (uri) => {
    const source = accepted(await openDataFile(root, uri));
    expect(source).toMatchObject({ size: 4, file: join(root, 'inner', 'a.csv') });
    expect([await textOf(source), await textOf(source)]).toEqual(['x\n1\n', 'x\n1\n']);
  });

  it.each([
    ['', 'is no relative path'],
    ['/etc/passwd', 'is no relative path'],
    ['file:///etc/passwd', 'is no relative path'],
    ['C:\\a.csv', 'is no relative path'],
    ['a\0.csv', 'is no relative path'],
    ['../secret.csv', "has '..' in it"],
    ['inner/../inner/a.csv', "has '..' in it"],
    ['inner\\..\\..\\secret.csv', "has '..' in it"],
    ['out.csv', "leads out of the data sets' folder"],
    ['other/b.csv', "leads out of the data sets' folder"],
    ['.', "leads out of the data sets' folder"],
    ['loop', 'is no path that can be followed'],
    ['inner', 'is no regular file'],
    ['pipe.csv', 'is no regular file'],
  ])('is not %j', async (uri, why) => {
    expect(refused(await openDataFile(root, uri))).toContain(`not_allowed '${uri}' ${why}`);
  });

  it.each(['none.csv', 'inner/a.csv/b', 'none/a.csv'])('is not found: %s', async (uri) => {
    expect(refused(await openDataFile(root, uri))).toBe(`not_found '${uri}' is not in the data sets' folder`);
  });
});

it('bytes can be read as often as is needed', async () => {
  const bytes = Buffer.alloc(3_000_000, 'abc');
  const source = bytesSource(bytes);
  expect(source.size).toBe(3_000_000);
  for (const _ of [1, 2]) expect(await textOf(source)).toBe(bytes.toString());
});

it('formats are known by their extensions', () => {
  const names = ['a.csv', 'a.JSONL', 'b/c.ndjson', 'http://h/x.parquet?y=.csv', 'a.arrow', 'a.feather', 'a.txt', 'csv'];
  expect(names.map(formatOf)).toEqual(['csv', 'jsonl', 'jsonl', 'parquet', 'arrow', 'arrow', null, null]);
});

describe('a URL', () => {
  let server: Server;
  let origin = '';

  const answers: Record<string, RequestListener> = {
    '/data/a.csv': (_, response) => response.end('x\n1\n'),
    '/data/away': (_, response) => response.writeHead(302, { location: '/secret.csv' }).end(),
    '/data/near': (_, response) => response.writeHead(307, { location: 'a.csv' }).end(),
    '/data/round': (_, response) => response.writeHead(302, { location: 'round' }).end(),
    '/data/fails': (_, response) => response.writeHead(503).end('no'),
    '/data/breaks': (_, response) =>
      response.writeHead(200, { 'content-length': 10 }).write('x', () => response.destroy()),
    '/data/waits': (_, response) => response.writeHead(200).write('x\n'),
    '/secret.csv': (_, response) => response.end('x\n2\n'),
  };

  beforeAll(async () => {
    server = createServer((request, response) => {
      const answer = answers[request.url ?? ''];
      if (answer === undefined) response.writeHead(404).end();
      else answer(request, response);
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });

  const fetched = async (path: string, options: Partial<FetchOptions> = {}) => {
    const work = await mkdtemp(join(folder, 'work-'));
    const allowed = options.allowed ?? [`${origin}/data`];
    const result = await fetchedSource(`${origin}${path}`, { ...options, allowed, folder: work });
    // What was refused leaves nothing behind.
    expect(await readdir(work)).toEqual(result.ok ? ['dataset'] : []);
    return result;
  };

  it.each(['/data/a.csv', '/data/near'])('is fetched: %s', async (path) => {
    const source = accepted(await fetched(path));
    expect(source.size).toBe(4);
    for (const _ of [1, 2]) expect(await textOf(source)).toBe('x\n1\n');
  });

  it.each([
    ['/secret.csv', 'not_allowed'],
    ['/database.csv', 'not_allowed'],
    ['/data/../secret.csv', 'not_allowed'],
    ['/data/%2e%2e/secret.csv', 'not_allowed'],
    ['/data/..%2fsecret.csv', 'not_allowed'],
    ['/data/away', 'not_allowed'],
    ['/data/none', 'not_found'],
    ['/data/round', 'unavailable'],
    ['/data/fails', 'unavailable'],
    ['/data/breaks', 'unavailable'],
  ])('is refused: %s', async (path, reason) => {
    expect(refused(await fetched(path))).toContain(`${reason} `);
  });

  it('is refused where another host, a password or no http is', async () => {
    const allowed = [`${origin}/data`];
    const { port } = server.address() as AddressInfo;
    for (const url of [
      ...[`http://localhost:${port}/data/a.csv`, `http://user@127.0.0.1:${port}/data/a.csv`, 'file:///etc/passwd'],
      ...[`${origin}@example.com/data/a.csv`, 'data:text/csv,x', 'not a URL'],
    ]) {
      expect(refused(await fetchedSource(url, { allowed, folder }))).toContain('not_allowed ');
    }
  });

  it('is refused beyond a size or a time', async () => {
    expect(refused(await fetched('/data/a.csv', { maxBytes: 3 }))).toBe(
      'too_large more than 3 bytes, the most fetched here',
    );
    expect(accepted(await fetched('/data/a.csv', { maxBytes: 4 })).size).toBe(4);
    expect(refused(await fetched('/data/waits', { timeoutMs: 50 }))).toContain('took more than 50 ms');
  });

  it('is given up when its caller does', async () => {
    const abort = new AbortController();
    const waiting = fetchedSource(`${origin}/data/waits`, { allowed: [origin], folder, signal: abort.signal });
    abort.abort(new Error('cancelled'));
    await expect(waiting).rejects.toThrow('cancelled');
  });
});
