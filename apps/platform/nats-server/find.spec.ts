import { createHash } from 'node:crypto';
import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeFolder } from '#tests/support/run-folder.js';
import { freePort } from '../processes/free-port.js';
import { notFound } from './attempt.js';
import { earlierDownload, fetchInto } from './bin-folder.js';
import { findNatsServer, firstFound } from './find.js';
import { archiveName, checksumOf, officialRelease } from './official-release.js';
import { onPath } from './on-path.js';
import { fileInTar } from './tar.js';
import { checkProgram, pinnedVersion, versionIn } from './version.js';

/** A program that prints a version, as nats-server does. */
const programText = (version: string): string => `#!/bin/sh\necho "nats-server: v${version}"\n`;

function program(folder: string, version: string, name = 'nats-server'): string {
  const path = join(folder, name);
  writeFileSync(path, programText(version));
  chmodSync(path, 0o755);
  return path;
}

function tar(name: string, content: string): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000755\0', 100);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('0', 156);
  const padded = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  padded.write(content);
  return Buffer.concat([header, padded, Buffer.alloc(1024)]);
}

describe('the version of a program', () => {
  it('is what it prints', () => {
    expect(versionIn('nats-server: v2.15.1\n')).toBe('2.15.1');
    expect(versionIn('nats-server: v2.15.0-RC.2')).toBe('2.15.0-RC.2');
    expect(versionIn('no version')).toBeUndefined();
  });

  it('must be 2.14 or newer', async () => {
    const folder = makeFolder('bin');
    expect(await checkProgram(program(folder, '2.14.0'), 'here')).toMatchObject({ found: true, version: '2.14.0' });
    expect(await checkProgram(program(folder, '2.9.10'), 'here')).toMatchObject({
      found: false,
      why: expect.stringContaining('is 2.9.10, at least 2.14.0 is needed'),
    });
    writeFileSync(join(folder, 'text'), 'no program');
    expect(await checkProgram(join(folder, 'text'), 'here')).toMatchObject({
      found: false,
      why: expect.stringContaining('EACCES'),
    });
  });
});

describe('looking on PATH and among downloads', () => {
  it('passes over an old program for a newer one further on', async () => {
    const [old, recent] = [makeFolder('bin'), makeFolder('bin')];
    program(old, '2.9.10');
    const path = program(recent, '2.15.1');
    expect(await onPath(`/no/such/folder:${old}:${recent}`)).toMatchObject({ found: true, path });
    expect(await onPath(old)).toMatchObject({ found: false, why: expect.stringContaining('2.9.10') });
    expect(await onPath('/no/such/folder')).toEqual(notFound('not on PATH'));
  });

  it('takes the newest download that runs', async () => {
    const folder = makeFolder('bin');
    program(folder, '2.14.3', 'nats-server-2.14.3');
    writeFileSync(join(folder, 'nats-server-2.15.1'), 'half a downl');
    expect(await earlierDownload(folder)).toMatchObject({ found: true, version: '2.14.3' });
    expect(await earlierDownload(makeFolder('bin'))).toMatchObject({ found: false });
  });

  it('keeps of a fetch the finished program or nothing', async () => {
    const folder = makeFolder('bin');
    const fetched = await fetchInto(folder, 'a test', (scratch) => Promise.resolve(program(scratch, '2.15.1')));
    expect(fetched).toMatchObject({ found: true, path: join(folder, 'nats-server-2.15.1') });
    expect(await fetchInto(folder, 'a test', (scratch) => Promise.resolve(program(scratch, '2.9.10')))).toMatchObject({
      found: false,
    });
    expect(await fetchInto(folder, 'a test', () => Promise.reject(new Error('the line broke')))).toEqual(
      notFound('the line broke'),
    );
    expect(readdirSync(folder)).toEqual(['nats-server-2.15.1']);
  });
});

describe('the official release', () => {
  const archive = archiveName(process.platform, process.arch)!;
  const bytes = gzipSync(tar(`${archive.replace('.tar.gz', '')}/nats-server`, programText(pinnedVersion)));
  let server: Server;
  let checksum: string;
  let redirected: typeof fetch;

  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/SHA256SUMS') response.end(`${'0'.repeat(64)}  other.zip\n${checksum}  ${archive}\n`);
      else if (request.url === `/${archive}`) response.end(bytes);
      else response.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    redirected = (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      return fetch(`http://127.0.0.1:${port}/${url.pathname.split('/').at(-1) ?? ''}`, init);
    };
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });

  it('is unpacked when its checksum is right', async () => {
    checksum = createHash('sha256').update(bytes).digest('hex');
    expect(await officialRelease(makeFolder('bin'), redirected)).toMatchObject({ found: true, version: pinnedVersion });
  });

  it('is refused when its checksum is wrong', async () => {
    checksum = 'f'.repeat(64);
    const folder = makeFolder('bin');
    expect(await officialRelease(folder, redirected)).toMatchObject({
      found: false,
      why: expect.stringMatching(/has SHA-256 .* not used/),
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('out of reach says why', async () => {
    const port = await freePort();
    const closed: typeof fetch = (_input, init) => fetch(`http://127.0.0.1:${port}/`, init);
    expect(await officialRelease(makeFolder('bin'), closed)).toMatchObject({
      found: false,
      why: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('needs a checksum listed for its very name', () => {
    expect(() => checksumOf(`${'a'.repeat(64)}  x-${archive}`, archive)).toThrow(`no checksum for ${archive}`);
    expect(archiveName('sunos', 'x64')).toBeUndefined();
  });

  it('whose archive is cut off or holds no program is refused', () => {
    const whole = tar('a/nats-server', 'content');
    expect(fileInTar(whole, '/nats-server').toString()).toBe('content');
    expect(() => fileInTar(whole.subarray(0, 515), '/nats-server')).toThrow('ends inside');
    expect(() => fileInTar(tar('a/README.md', 'x'), '/nats-server')).toThrow('no file that ends with /nats-server');
  });
});

describe('the search as a whole', () => {
  it('stops at the first way that works, telling only of slow ones', async () => {
    const told: string[] = [];
    const found = { found: true, path: '/x', version: '2.15.1', from: 'two' } as const;
    const steps = [
      { name: 'one', attempt: () => Promise.resolve(notFound('no')) },
      { name: 'two', slow: true as const, attempt: () => Promise.resolve(found) },
      { name: 'three', slow: true as const, attempt: () => Promise.reject(new Error('not reached')) },
    ];
    expect(await firstFound(steps, (step) => told.push(step))).toEqual(found);
    expect(told).toEqual(['two']);
  });

  it('that fails names the reason of each way and what would mend it', async () => {
    const steps = [{ name: 'PATH', attempt: () => Promise.resolve(notFound('too old')) }];
    await expect(firstFound(steps)).rejects.toThrow(
      /PATH: too old\n[^]*NATS_URL=[^]*MODELOG_NATS_SERVER=[^]*go install/,
    );
  });

  it('looks nowhere else when a program is named', async () => {
    const options = { binFolder: makeFolder('bin'), program: '/no/such/program', searchPath: process.env.PATH ?? '' };
    await expect(findNatsServer(options)).rejects.toThrow(/MODELOG_NATS_SERVER: \/no\/such\/program/);
  });
});
