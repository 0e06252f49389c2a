import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { Objm } from '@nats-io/obj';
import { createCipheriv } from 'node:crypto';
import { sha256Hex, systemClock, type Clock } from '#libs/kernel/index.js';
import { connectNats, createLogger } from '#libs/nest/index.js';
import { startNats } from '#tests/support/nats.js';
import { until } from '#tests/support/wait.js';
import {
  ArtifactDamaged,
  ArtifactNotFound,
  ArtifactStoreUnavailable,
  ArtifactTooLarge,
  DigestMismatch,
  openArtifactReader,
  openArtifactStore,
  removeLeftovers,
  type ArtifactStore,
} from './index.js';

const logger = createLogger({ component: 'test', instance: 'test', level: 'silent' });
const stream = 'OBJ_ARTIFACTS';
const megabyte = 1024 * 1024;

let server: Awaited<ReturnType<typeof startNats>>;
let connection: NatsConnection;
let manager: JetStreamManager;
let store: ArtifactStore;

beforeAll(async () => {
  server = await startNats();
  connection = await connectNats({ url: server.url, name: 'artifacts.spec', logger });
  manager = await jetstreamManager(connection);
  store = await openArtifactStore({ connection, replicas: 1, clock: systemClock, timeoutMs: 5_000 });
});

afterAll(async () => {
  await connection.close();
  await server.stop();
});

/** Bytes that no other call gives, the same in every run: one test never meets another's artifact. */
let made = 0;
function bytesOf(size: number): Buffer {
  const key = Buffer.alloc(16);
  key.writeUInt32LE((made += 1));
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

const digestOf = (bytes: Uint8Array): string => `sha256:${sha256Hex(bytes)}`;

/** The bytes in pieces that fit no chunk size. */
async function* pieces(bytes: Buffer, size = 100_003): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) {
    await Promise.resolve();
    yield bytes.subarray(from, from + size);
  }
}

async function collect(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

async function storedSubjects(): Promise<Record<string, number>> {
  const { state } = await manager.streams.info(stream, { subjects_filter: '>' });
  return state.subjects ?? {};
}

const chunkSubjects = async (): Promise<string[]> =>
  Object.keys(await storedSubjects()).filter((subject) => subject.includes('.C.'));

/** Subject of an artifact's chunks, from its entry as any Object Store client reads it. */
async function subjectOf(digest: string): Promise<string> {
  const bucket = await new Objm(jetstream(connection)).open('ARTIFACTS');
  const info = await bucket.info(digest);
  if (info === null) throw new Error(`${digest} has no entry`);
  return `$O.ARTIFACTS.C.${info.nuid}`;
}

/** Puts other bytes of the same length where the last chunk was. */
async function corruptLastChunk(digest: string): Promise<void> {
  const subject = await subjectOf(digest);
  const last = await manager.streams.getMessage(stream, { last_by_subj: subject });
  if (last === null) throw new Error('there is no chunk');
  await manager.streams.deleteMessage(stream, last.seq);
  const changed = Buffer.from(last.data);
  changed[changed.length - 1]! ^= 1;
  await jetstream(connection).publish(subject, changed);
}

describe('an artifact store', () => {
  it.each([
    ['one byte', 1],
    ['exactly one chunk', 256 * 1024],
    ['one byte more than a chunk', 256 * 1024 + 1],
    ['many chunks', 5 * megabyte + 17],
  ])('gives back %s as it was put', async (_name, size) => {
    const bytes = bytesOf(size);
    const digest = digestOf(bytes);
    expect(await store.put(pieces(bytes))).toEqual({ digest, size, stored: true });
    const opened = await store.open(digest);
    expect(opened.size).toBe(size);
    expect((await collect(opened.stream)).equals(bytes)).toBe(true);
    expect(bytes.equals(await store.read(digest, { maxBytes: size }))).toBe(true);
    expect(await store.stat(digest)).toMatchObject({ digest, size });
  });

  it('takes no bytes at all for an artifact, and gives it back', async () => {
    const digest = digestOf(Buffer.alloc(0));
    expect(await store.put(pieces(Buffer.alloc(0)))).toEqual({ digest, size: 0, stored: true });
    expect(await collect((await store.open(digest)).stream)).toHaveLength(0);
    expect(await store.read(digest, { maxBytes: 0 })).toHaveLength(0);
  });

  it('keeps 32 MB byte for byte', async () => {
    const bytes = bytesOf(32 * megabyte);
    const { digest } = await store.put(pieces(bytes, 65_536));
    expect(digestOf(await collect((await store.open(digest)).stream))).toBe(digestOf(bytes));
  });

  it('lies in the bucket so that a plain Object Store client reads it', async () => {
    const bytes = bytesOf(700_000);
    const { digest } = await store.put(pieces(bytes));
    const bucket = await new Objm(jetstream(connection)).open('ARTIFACTS');
    expect(bytes.equals((await bucket.getBlob(digest)) ?? Buffer.alloc(0))).toBe(true);
  });

  it('stores the same bytes once', async () => {
    const bytes = bytesOf(megabyte);
    const first = await store.put(pieces(bytes));
    const before = await storedSubjects();
    expect(await store.put(pieces(bytes, 7_777))).toEqual({ ...first, stored: false });
    expect(await store.put(pieces(bytes), { expectedDigest: first.digest })).toEqual({ ...first, stored: false });
    expect(await storedSubjects()).toEqual(before);
  });

  it('lets uploads of the same bytes race: all succeed, one is stored', async () => {
    const bytes = bytesOf(megabyte + 5);
    const before = await chunkSubjects();
    const results = await Promise.all(Array.from({ length: 6 }, () => store.put(pieces(bytes))));
    expect(new Set(results.map(({ digest }) => digest))).toEqual(new Set([digestOf(bytes)]));
    expect(results.filter(({ stored }) => stored)).toHaveLength(1);
    expect(await chunkSubjects()).toHaveLength(before.length + 1);
    expect(bytes.equals(await store.read(digestOf(bytes), { maxBytes: bytes.length }))).toBe(true);
  });

  it('knows nothing of a digest that was never put', async () => {
    const digest = digestOf(bytesOf(10));
    await expect(store.open(digest)).rejects.toThrow(ArtifactNotFound);
    await expect(store.read(digest, { maxBytes: 10 })).rejects.toThrow(ArtifactNotFound);
    await expect(store.stat(digest)).rejects.toThrow(ArtifactNotFound);
  });

  it('refuses to read more than the caller allows', async () => {
    const { digest } = await store.put(pieces(bytesOf(1_000)));
    await expect(store.read(digest, { maxBytes: 999 })).rejects.toThrow(ArtifactTooLarge);
  });
});

describe('a failing upload leaves nothing behind', () => {
  async function leavesNothing(
    upload: () => Promise<unknown>,
    expected: new (...args: never[]) => Error,
  ): Promise<void> {
    const before = await storedSubjects();
    await expect(upload()).rejects.toThrow(expected);
    expect(await storedSubjects()).toEqual(before);
  }

  it('when the announced digest is another', async () => {
    const bytes = bytesOf(megabyte);
    const expectedDigest = digestOf(bytesOf(1));
    await leavesNothing(() => store.put(pieces(bytes), { expectedDigest }), DigestMismatch);
    await expect(store.stat(digestOf(bytes))).rejects.toThrow(ArtifactNotFound);
  });

  it('when the announced digest is there already, and the bytes are others', async () => {
    const { digest: expectedDigest } = await store.put(pieces(bytesOf(500)));
    await leavesNothing(() => store.put(pieces(bytesOf(500)), { expectedDigest }), DigestMismatch);
  });

  it('when it is larger than allowed, and the source stays open', async () => {
    const bytes = bytesOf(3 * megabyte);
    const source = pieces(bytes);
    await leavesNothing(() => store.put(source, { maxBytes: bytes.length - 1 }), ArtifactTooLarge);
    expect((await source.next()).done).toBe(true);
    expect(await store.put(pieces(bytes), { maxBytes: bytes.length })).toMatchObject({ stored: true });
  });

  it('when its source is cut off half-way, with the source’s own error', async () => {
    const bytes = bytesOf(3 * megabyte);
    async function* cutOff(): AsyncGenerator<Uint8Array> {
      yield* pieces(bytes.subarray(0, 2 * megabyte));
      throw new RangeError('the client is gone');
    }
    await leavesNothing(() => store.put(cutOff()), RangeError);
    await expect(store.stat(digestOf(bytes))).rejects.toThrow(ArtifactNotFound);
  });
});

describe('a damaged artifact', () => {
  it('is never read to its end when a byte of its last chunk changed', async () => {
    const bytes = bytesOf(2 * megabyte);
    const { digest } = await store.put(pieces(bytes));
    await corruptLastChunk(digest);
    const { stream: damaged, size } = await store.open(digest);
    let received = 0;
    const reading = (async () => {
      for await (const part of damaged) received += (part as Buffer).length;
    })();
    await expect(reading).rejects.toThrow(ArtifactDamaged);
    expect(received).toBeLessThan(size);
    await expect(store.read(digest, { maxBytes: size })).rejects.toThrow(ArtifactDamaged);
  });

  it('is refused before there is a stream when it is small', async () => {
    const { digest } = await store.put(pieces(bytesOf(1_000)));
    await corruptLastChunk(digest);
    await expect(store.open(digest)).rejects.toThrow(ArtifactDamaged);
  });

  it.each(['a chunk in the middle', 'every chunk'])('is refused when %s is lost', async (what) => {
    const { digest, size } = await store.put(pieces(bytesOf(2 * megabyte)));
    const subject = await subjectOf(digest);
    if (what === 'every chunk') {
      await manager.streams.purge(stream, { filter: subject });
    } else {
      const third = await manager.streams.getMessage(stream, { last_by_subj: subject });
      await manager.streams.deleteMessage(stream, third!.seq - 2);
    }
    await expect(store.read(digest, { maxBytes: size })).rejects.toThrow(ArtifactDamaged);
  });

  it('is refused when its entry is overwritten', async () => {
    const bytes = bytesOf(100);
    const { digest } = await store.put(pieces(bytes));
    const name = Buffer.from(digest).toString('base64url').padEnd(96, '=');
    await jetstream(connection).publish(`$O.ARTIFACTS.M.${name}`, '{"name":1}');
    await expect(store.stat(digest)).rejects.toThrow(/its entry cannot be read/);
    expect(await store.put(pieces(bytes))).toMatchObject({ stored: true });
    expect(bytes.equals(await store.read(digest, { maxBytes: 100 }))).toBe(true);
  });

  it('is mended by putting the same bytes again, with or without their digest announced', async () => {
    for (const announce of [false, true]) {
      const bytes = bytesOf(megabyte);
      const { digest } = await store.put(pieces(bytes));
      await corruptLastChunk(digest);
      const before = (await chunkSubjects()).length;
      const options = announce ? { expectedDigest: digest } : {};
      expect(await store.put(pieces(bytes), options)).toEqual({ digest, size: bytes.length, stored: true });
      expect(bytes.equals(await store.read(digest, { maxBytes: bytes.length }))).toBe(true);
      expect(await chunkSubjects()).toHaveLength(before);
    }
  });
});

describe('a store that is opened for reading', () => {
  it('has what is there, and makes no bucket where there is none', async () => {
    const bytes = bytesOf(1000);
    const { digest } = await store.put(pieces(bytes));
    const reader = await openArtifactReader({ connection, clock: systemClock });
    expect(bytes.equals(await reader.read(digest, { maxBytes: bytes.length }))).toBe(true);
    const empty = await openArtifactReader({ connection, clock: systemClock, bucket: 'NOBODY' });
    await expect(empty.read(digest, { maxBytes: 1 })).rejects.toThrow(ArtifactNotFound);
    await expect(manager.streams.info('OBJ_NOBODY')).rejects.toThrow('stream not found');
  });
});

describe('removeLeftovers', () => {
  const later = (milliseconds: number): Clock => ({
    now: () => systemClock.now() + milliseconds,
    monotonic: () => systemClock.monotonic(),
  });

  it('takes away what a dead upload left an hour ago, and nothing else', async () => {
    const bucket = 'LEFTOVERS';
    const kept = await openArtifactStore({ connection, replicas: 1, clock: systemClock, bucket });
    expect(await removeLeftovers({ connection, clock: later(61 * 60_000), bucket })).toEqual({ uploads: 0, chunks: 0 });
    const bytes = bytesOf(megabyte);
    const { digest } = await kept.put(pieces(bytes));
    await jetstream(connection).publish('$O.LEFTOVERS.C.dead', 'half an upload');
    await jetstream(connection).publish('$O.LEFTOVERS.C.dead', 'of a process that is gone');
    expect(await removeLeftovers({ connection, clock: later(59 * 60_000), bucket })).toEqual({ uploads: 0, chunks: 0 });
    expect(await removeLeftovers({ connection, clock: later(61 * 60_000), bucket })).toEqual({ uploads: 1, chunks: 2 });
    expect(bytes.equals(await kept.read(digest, { maxBytes: bytes.length }))).toBe(true);
    expect((await manager.streams.info(`OBJ_${bucket}`)).state.messages).toBe(5);
  });

  it('cannot meet a live upload: one that idled for half an hour gives up', async () => {
    let idle = 0;
    const clock: Clock = { now: () => systemClock.now(), monotonic: () => systemClock.monotonic() + idle };
    const slow = await openArtifactStore({ connection, replicas: 1, clock });
    const bytes = bytesOf(megabyte);
    async function* pausing(): AsyncGenerator<Uint8Array> {
      yield* pieces(bytes.subarray(0, megabyte / 2));
      idle = 31 * 60_000;
      yield* pieces(bytes.subarray(megabyte / 2));
    }
    await expect(slow.put(pausing())).rejects.toThrow(/nothing came for 30 minutes/);
    await expect(store.stat(digestOf(bytes))).rejects.toThrow(ArtifactNotFound);
  });
});

describe('a server that is killed', () => {
  it('keeps what was put, fails what cannot be done, and serves again after a restart', async () => {
    const own = await startNats();
    const link = await connectNats({ url: own.url, name: 'artifacts.spec', logger });
    try {
      const target = await openArtifactStore({ connection: link, replicas: 1, clock: systemClock, timeoutMs: 500 });
      const bytes = bytesOf(3 * megabyte);
      const { digest } = await target.put(pieces(bytes));
      await own.kill();
      await expect(target.stat(digest)).rejects.toThrow(ArtifactStoreUnavailable);
      await expect(target.put(pieces(bytesOf(megabyte)))).rejects.toThrow(ArtifactStoreUnavailable);
      await own.restart();
      await until(() => target.stat(digest), { what: 'the artifact after the restart' });
      expect(bytes.equals(await target.read(digest, { maxBytes: bytes.length }))).toBe(true);
    } finally {
      await link.close();
      await own.stop();
    }
  });
});
