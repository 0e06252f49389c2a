/** What only a real server can show: its configuration, its limits, holes in a stream. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NatsConnection } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import { streamDeclarations, streamNames } from '#config/streams.js';
import { catalogueOf } from '#libs/contracts/index.js';
import {
  ensureStreams,
  JetStreamStore,
  LogCorrupt,
  readDurability,
  type StreamDeclaration,
  StreamMismatch,
  StreamRefused,
  StreamUnavailable,
  verifyEvents,
} from '#libs/event-log/index.js';
import { startNats, type NatsHandle } from '#tests/support/nats.js';

let server: NatsHandle;
let connection: NatsConnection;

beforeAll(async () => {
  server = await startNats();
  connection = await connect({ ...server.connection });
  await ensureStreams(connection, streamDeclarations(1));
}, 30_000);

afterAll(async () => {
  await connection.close();
  await server.stop();
});

async function api<T>(subject: string, body: object = {}): Promise<T> {
  const reply = await connection.request(`$JS.API.${subject}`, JSON.stringify(body));
  const answer = reply.json<{ error?: { description: string } } & T>();
  if (answer.error !== undefined) throw new Error(answer.error.description);
  return answer;
}

const declaration = (changes: Partial<StreamDeclaration> = {}): StreamDeclaration => ({
  name: 'DECLARED',
  description: 'A stream of this suite',
  subjects: ['declared.>'],
  replicas: 1,
  permanent: false,
  maxAgeMs: 3_600_000,
  duplicateWindowMs: 1_000,
  compression: 's2',
  ...changes,
});

async function differencesOf(declared: StreamDeclaration): Promise<readonly string[]> {
  const failure: unknown = await ensureStreams(connection, [declared]).catch((error: unknown) => error);
  if (!(failure instanceof StreamMismatch)) throw new Error(`expected a StreamMismatch, got ${String(failure)}`);
  return failure.differences;
}

describe('durability', () => {
  it('is reported by the server itself: every acknowledged message is synced', async () => {
    expect(await readDurability(server.monitorUrl)).toMatchObject({ syncAlways: true });
  });

  it('is an error where the server cannot be asked', async () => {
    await expect(readDurability('http://127.0.0.1:1')).rejects.toBeInstanceOf(StreamUnavailable);
  });
});

describe('ensureStreams', () => {
  it('creates what is declared, so that nothing in EVENTS, TRAFFIC and WINDOWS can be deleted', async () => {
    for (const [name, compression] of [
      [streamNames.events, 'none'],
      [streamNames.traffic, 's2'],
      [streamNames.windows, 's2'],
    ] as const) {
      const { config } = await api<{ config: Record<string, unknown> }>(`STREAM.INFO.${name}`);
      expect(config).toMatchObject({
        storage: 'file',
        compression,
        discard: 'new',
        deny_delete: true,
        deny_purge: true,
        allow_direct: true,
        max_age: 0,
        num_replicas: 1,
      });
      expect(config['persist_mode'] ?? 'default').toBe('default');
      await expect(api(`STREAM.PURGE.${name}`)).rejects.toThrow(/purge/);
    }
    expect([...(await ensureStreams(connection, streamDeclarations(1))).values()]).toEqual([
      'unchanged',
      'unchanged',
      'unchanged',
      'unchanged',
      'unchanged',
    ]);
  });

  it('applies what can be changed without loss', async () => {
    expect(await ensureStreams(connection, [declaration()])).toEqual(new Map([['DECLARED', 'created']]));
    const changed = declaration({
      description: 'Renamed',
      compression: 'none',
      duplicateWindowMs: 2_000,
      maxAgeMs: 7_200_000,
    });
    expect(await ensureStreams(connection, [changed])).toEqual(new Map([['DECLARED', 'updated']]));
    expect(await ensureStreams(connection, [changed])).toEqual(new Map([['DECLARED', 'unchanged']]));
    const { config } = await api<{ config: object }>('STREAM.INFO.DECLARED');
    expect(config).toMatchObject({ description: 'Renamed', duplicate_window: 2e9, max_age: 7.2e12 });
    await ensureStreams(connection, [declaration({ maxAgeMs: 7_200_000 })]);
  });

  it('widens a permanent stream to more subjects, as a data folder of an earlier release needs, and keeps what it holds', async () => {
    const traffic = streamDeclarations(1).find(({ name }) => name === streamNames.traffic)!;
    const earlier = { ...traffic, name: 'EARLIER', subjects: ['earlier.pred.*'] };
    await ensureStreams(connection, [earlier]);
    const store = new JetStreamStore({ connection, stream: 'EARLIER' });
    const message = (subject: string) => ({ subject, headers: {}, data: new Uint8Array(1) });
    await store.publish(message('earlier.pred.churn'));
    await expect(store.publish(message('earlier.label.churn'))).rejects.toBeInstanceOf(StreamUnavailable);
    const widened = { ...earlier, subjects: [...earlier.subjects, 'earlier.label.*', 'earlier.tick.*'] };
    expect(await ensureStreams(connection, [widened])).toEqual(new Map([['EARLIER', 'updated']]));
    expect(await store.publish(message('earlier.label.churn'))).toEqual({ seq: 2, duplicate: false });
    expect((await store.readFrom(1, 9, 'leader')).map(({ subject }) => subject)).toEqual([
      'earlier.pred.churn',
      'earlier.label.churn',
    ]);
  });

  it.each<[string, Partial<StreamDeclaration>, RegExp]>([
    ['a shorter life of messages', { maxAgeMs: 1_000 }, /max_age is 7200000000000, declared 1000000000/],
    [
      'a limit per subject',
      { maxMessagesPerSubject: 1, maxAgeMs: 7_200_000 },
      /max_msgs_per_subject is -1, declared 1/,
    ],
    ['a subject less', { subjects: ['declared.a'], maxAgeMs: 7_200_000 }, /subjects is \["declared\.>"\]/],
  ])('leaves %s to a person, and names it', async (_what, changes, words) => {
    await ensureStreams(connection, [declaration({ maxAgeMs: 7_200_000 })]);
    const failure: unknown = await ensureStreams(connection, [declaration(changes)]).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StreamMismatch);
    expect((failure as StreamMismatch).message).toMatch(words);
  });

  it('names what the server does not let change', async () => {
    await api('STREAM.CREATE.FOREIGN', { name: 'FOREIGN', subjects: ['foreign.>'], storage: 'memory' });
    const { maxAgeMs: _maxAgeMs, ...foreign } = declaration({ name: 'FOREIGN', subjects: ['foreign.>'] });
    expect(await differencesOf(foreign)).toEqual(
      expect.arrayContaining([
        'storage is "memory", declared "file"',
        expect.stringMatching(/^the server says: .*storage/),
      ]),
    );
    expect(await differencesOf({ ...streamDeclarations(1)[0]!, permanent: false })).toContain(
      'deny_delete is true, declared false',
    );
  });

  it('names the error when one server is asked for three copies', async () => {
    const failure: unknown = await ensureStreams(connection, [
      declaration({ name: 'THREE', subjects: ['three.>'], replicas: 3 }),
    ]).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StreamRefused);
    expect(String(failure)).toMatch(/create stream THREE: .*replicas/);
  });
});

describe('a stream with a hole', () => {
  it('stops whoever follows it, naming the sequence, and is found by verification', async () => {
    await api('STREAM.CREATE.HOLED', { name: 'HOLED', subjects: ['holed.>'], storage: 'file', allow_direct: true });
    const store = new JetStreamStore({ connection, stream: 'HOLED' });
    for (let index = 0; index < 5; index += 1)
      await store.publish({ subject: `holed.${index}`, headers: {}, data: Buffer.from('{}') });
    await api('STREAM.MSG.DELETE.HOLED', { seq: 3 });

    const seen: number[] = [];
    const following = (async () => {
      for await (const batch of store.follow({ fromSeq: 1, signal: AbortSignal.timeout(20_000) }))
        seen.push(...batch.map(({ seq }) => seq));
    })();
    const failure: unknown = await following.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LogCorrupt);
    expect(failure).toMatchObject({ problem: 'sequence_gap', seq: 3 });
    expect(seen).toEqual([1, 2]);

    const gaps: number[] = [];
    for await (const { code, seq } of verifyEvents(store, catalogueOf([]))) if (code === 'sequence_gap') gaps.push(seq);
    expect(gaps).toEqual([3]);
  });

  it('has no place for a reader that begins before its oldest message', async () => {
    await api('STREAM.CREATE.CUT', { name: 'CUT', subjects: ['cut.>'], storage: 'file', max_msgs: 2 });
    const store = new JetStreamStore({ connection, stream: 'CUT' });
    for (let index = 0; index < 5; index += 1)
      await store.publish({ subject: 'cut.a', headers: {}, data: Buffer.from('{}') });
    expect(await store.head()).toMatchObject({ firstSeq: 4, lastSeq: 5 });
    const first = store
      .follow({ fromSeq: 1, signal: AbortSignal.timeout(20_000) })
      [Symbol.asyncIterator]()
      .next();
    await expect(first).rejects.toMatchObject({ problem: 'sequence_gap', seq: 1 });
  });
});

describe('errors', () => {
  it('says that a stream is not there', async () => {
    const store = new JetStreamStore({ connection, stream: 'MISSING' });
    await expect(store.head()).rejects.toMatchObject({ code: 'stream_refused', errorCode: 10059 });
    await expect(store.get(1, 'leader')).rejects.toBeInstanceOf(StreamRefused);
    await expect(store.get(1, 'replica')).rejects.toBeInstanceOf(StreamUnavailable);
    await expect(store.readSubject('a', 1, 'replica')).rejects.toBeInstanceOf(StreamUnavailable);
    await expect(
      store.publish({ subject: 'nobody.takes.this', headers: {}, data: Buffer.from('{}') }),
    ).rejects.toBeInstanceOf(StreamUnavailable);
    const next = store
      .follow({ fromSeq: 1, signal: AbortSignal.timeout(20_000) })
      [Symbol.asyncIterator]()
      .next();
    await expect(next).rejects.toMatchObject({ errorCode: 10059 });
  });

  it('says that the log is away once the connection is closed, to readers and followers', async () => {
    const closed = await connect({ ...server.connection });
    const store = new JetStreamStore({ connection: closed, stream: streamNames.events, timeoutMs: 100 });
    await closed.close();
    await expect(store.get(1, 'replica')).rejects.toBeInstanceOf(StreamUnavailable);
    await expect(store.readSubject('evt.a.b', 1, 'replica')).rejects.toBeInstanceOf(StreamUnavailable);
    const next = store
      .follow({ fromSeq: 1, signal: AbortSignal.timeout(20_000) })
      [Symbol.asyncIterator]()
      .next();
    await expect(next).rejects.toBeInstanceOf(StreamUnavailable);
  });

  it('ends a follower quietly that is told to stop before its connection is closed', async () => {
    const closing = await connect({ ...server.connection });
    const store = new JetStreamStore({ connection: closing, stream: streamNames.events });
    const abort = new AbortController();
    const next = store.follow({ fromSeq: 1, signal: abort.signal })[Symbol.asyncIterator]().next();
    abort.abort();
    await closing.close();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it('refuses a message that is too large', async () => {
    const store = new JetStreamStore({ connection, stream: streamNames.events });
    await expect(
      store.publish({
        subject: 'evt.large.a',
        headers: {},
        data: Buffer.alloc(9 * 2 ** 20),
        expectedLastSubjectSeq: 0,
      }),
    ).rejects.toBeInstanceOf(StreamRefused);
  });

  it('holds a slow reader back instead of reading ahead without end', async () => {
    const store = new JetStreamStore({ connection, stream: 'DECLARED' });
    await Promise.all(
      Array.from({ length: 300 }, (_, index) =>
        store.publish({ subject: 'declared.a', headers: {}, data: Buffer.from(String(index)) }),
      ),
    );
    const abort = new AbortController();
    const iterator = store.follow({ fromSeq: 1, signal: abort.signal, maxBatch: 10 })[Symbol.asyncIterator]();
    await iterator.next();
    const { consumers } = await api<{ consumers: { num_pending: number }[] | null }>('CONSUMER.LIST.DECLARED');
    expect(consumers).toHaveLength(1);
    expect(consumers![0]!.num_pending).toBeGreaterThanOrEqual(300 - 30);
    const seen: number[] = [];
    while (seen.length < 290) {
      const { value } = (await iterator.next()) as { value: readonly { seq: number }[] };
      seen.push(...value.map(({ seq }) => seq));
    }
    abort.abort();
    await iterator.return?.();
    expect(seen).toEqual(Array.from(seen, (_, index) => seen[0]! + index));
  });
});
