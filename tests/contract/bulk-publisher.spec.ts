import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { errors as natsErrors, type Msg, type NatsConnection, type SubscriptionOptions } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import { streamDeclarations, streamNames } from '#config/streams.js';
import { header } from '#libs/contracts/index.js';
import { systemClock } from '#libs/kernel/index.js';
import {
  type BulkMessage,
  BulkPublisher,
  type BulkPublisherOptions,
  ensureStreams,
  JetStreamStore,
  Overloaded,
  StreamRefused,
  StreamTimeout,
  StreamUnavailable,
} from '#libs/event-log/index.js';
import { startNats, type NatsHandle } from '#tests/support/nats.js';
import { until } from '#tests/support/wait.js';

let server: NatsHandle;
let connection: NatsConnection;
const connections: NatsConnection[] = [];

const open = async (): Promise<NatsConnection> => {
  const opened = await connect({ ...server.connection, maxReconnectAttempts: -1, reconnectTimeWait: 20 });
  connections.push(opened);
  return opened;
};

beforeAll(async () => {
  server = await startNats();
  connection = await open();
  await ensureStreams(connection, streamDeclarations(1));
}, 30_000);

afterAll(async () => {
  await Promise.all(connections.map((each) => each.close()));
  await server.stop();
});

const publisherOn = (options: Partial<BulkPublisherOptions> = {}): BulkPublisher =>
  new BulkPublisher({ connection, stream: streamNames.traffic, clock: systemClock, ...options });

const headers = { [header.type]: 'PredictionsRecorded', 'X-Text': 'Grüße' };
const chunk = (messageId: string, changes: Partial<BulkMessage> = {}): BulkMessage => ({
  subject: 'pred.churn',
  data: Buffer.from(messageId),
  messageId,
  headers,
  ...changes,
});

const traffic = (): JetStreamStore => new JetStreamStore({ connection, stream: streamNames.traffic });

/** What is stored, by text; a chunk may be there twice. */
async function storedSince(seq: number): Promise<ReadonlyMap<string, number[]>> {
  const stored = new Map<string, number[]>();
  for (const message of await traffic().readFrom(seq, 1_000_000, 'leader')) {
    const text = Buffer.from(message.data).toString();
    stored.set(text, [...(stored.get(text) ?? []), message.seq]);
  }
  return stored;
}

describe('BulkPublisher', () => {
  it('resolves each message with the sequence at which it is stored', async () => {
    const publisher = publisherOn();
    const from = (await traffic().head()).lastSeq + 1;
    const seqs = await Promise.all(
      Array.from({ length: 2_000 }, (_, index) => publisher.publish(chunk(`many-${index}`))),
    );
    const stored = await storedSince(from);
    expect(stored.size).toBe(2_000);
    for (const [index, seq] of seqs.entries()) expect(stored.get(`many-${index}`)).toEqual([seq]);
    const message = await traffic().get(seqs[0]!, 'leader');
    expect(Object.fromEntries(message!.headers)).toEqual({ ...headers, [header.messageId]: 'many-0' });
    await publisher.drain();
    expect(publisher.inFlight).toBe(0);
  });

  it('calls back once per message, and never before it has returned', async () => {
    const publisher = publisherOn({ maxInFlight: 1 });
    const calls: string[] = [];
    publisher.publishWith(chunk('callback-1'), (error, seq) => calls.push(`one ${String(error)} ${seq > 0}`));
    publisher.publishWith(chunk('callback-2'), (error) => calls.push(`two ${String(error?.code)}`));
    publisher.publishWith(chunk('bad id'), (error) => calls.push(`three ${String(error?.code)}`));
    expect(calls).toEqual([]);
    await publisher.drain();
    await until(() => calls.length === 3, { what: 'all callbacks' });
    expect(calls.sort()).toEqual(['one undefined true', 'three stream_refused', 'two overloaded']);
  });

  it('refuses more than it may have in flight, by number and by bytes', async () => {
    const few = publisherOn({ maxInFlight: 2 });
    const first = [few.publish(chunk('few-1')), few.publish(chunk('few-2'))];
    await expect(few.publish(chunk('few-3'))).rejects.toBeInstanceOf(Overloaded);
    await Promise.all(first);
    await few.publish(chunk('few-4'));
    await few.drain();

    const small = publisherOn({ maxInFlightBytes: 1_000 });
    const big = { data: Buffer.alloc(600) };
    const one = small.publish(chunk('small-1', big));
    await expect(small.publish(chunk('small-2', big))).rejects.toMatchObject({
      code: 'overloaded',
      inFlightBytes: 600,
    });
    await one;
    await small.publish(chunk('small-3', big));
    await small.drain();
  });

  it('tells apart what the server refuses, what nobody takes and what another stream takes', async () => {
    const publisher = publisherOn({ attemptTimeoutMs: 100, giveUpAfterMs: 400 });
    await expect(publisher.publish(chunk('huge', { data: Buffer.alloc(9 * 2 ** 20) }))).rejects.toBeInstanceOf(
      StreamRefused,
    );
    await expect(publisher.publish(chunk('nobody', { subject: 'nobody.listens' }))).rejects.toBeInstanceOf(
      StreamUnavailable,
    );
    const elsewhere: unknown = await publisher
      .publish(chunk('elsewhere', { subject: 'snap.elsewhere' }))
      .catch((error: unknown) => error);
    expect(elsewhere).toBeInstanceOf(StreamRefused);
    expect(String(elsewhere)).toMatch(/stream SNAPSHOTS took it, not TRAFFIC/);
    await publisher.drain();
  });

  it('takes nothing after it was drained', async () => {
    const publisher = publisherOn();
    const last = publisher.publish(chunk('last'));
    const drained = publisher.drain();
    await expect(publisher.publish(chunk('too late'))).rejects.toBeInstanceOf(StreamUnavailable);
    expect(await last).toBeGreaterThan(0);
    await drained;
  });

  it('refuses a header that would break out of its line', () => {
    const publisher = publisherOn();
    expect(() => {
      publisher.publishWith(chunk('injection', { headers: { A: 'b\r\nC: d' } }), () => undefined);
    }).toThrow(TypeError);
  });

  it('sends again when an answer does not come, and stores it once within the duplicate window', async () => {
    const deaf = await open();
    let published = 0;
    // The first answer is lost on its way back: the reply goes nowhere.
    const lossy = new Proxy(deaf, {
      get: (target, name) => {
        if (name === 'publish')
          return (subject: string, data: Uint8Array, options: { reply?: string }) => {
            published += 1;
            target.publish(subject, data, published === 1 ? { ...options, reply: '_INBOX.nowhere' } : options);
          };
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const from = (await traffic().head()).lastSeq + 1;
    const publisher = publisherOn({ connection: lossy, attemptTimeoutMs: 50 });
    const seq = await publisher.publish(chunk('lost-answer'));
    expect(published).toBe(2);
    expect((await storedSince(from)).get('lost-answer')).toEqual([seq]);
    await publisher.drain();
  });

  it('sends again what the server has no room for, or is still storing', async () => {
    const publisher = publisherOn({ attemptTimeoutMs: 100, giveUpAfterMs: 600 });
    const full = { error: { code: 429, err_code: 10167, description: 'too many requests' } };
    const storing = { error: { code: 409, err_code: 10158, description: 'duplicate message id is in process' } };
    const answers: object[] = [full, storing, { stream: streamNames.traffic, seq: 7 }];
    const subscription = connection.subscribe('answers.*', {
      callback: (_error, message) => {
        message.respond(JSON.stringify(answers.shift() ?? storing));
      },
    });
    await connection.flush();
    expect(await publisher.publish(chunk('busy', { subject: 'answers.busy' }))).toBe(7);
    // It is in process for ever: whether it is stored is not known.
    await expect(publisher.publish(chunk('storing', { subject: 'answers.storing' }))).rejects.toBeInstanceOf(
      StreamTimeout,
    );
    subscription.unsubscribe();
    await publisher.drain();
  });

  it('does not say that a message is not stored when only its answers are not let through', async () => {
    let deny: ((error: Error) => void) | undefined;
    const own = await open();
    const deaf = new Proxy(own, {
      get: (target, name) => {
        if (name === 'subscribe')
          return (subject: string, options: SubscriptionOptions) => {
            deny = (error) => void options.callback?.(error, {} as Msg);
            return target.subscribe(subject, options);
          };
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const publisher = publisherOn({ connection: deaf });
    const subscription = connection.subscribe('silent.denied', { callback: () => undefined });
    await connection.flush();
    const pending = publisher.publish(chunk('denied', { subject: 'silent.denied' }));
    deny!(new natsErrors.PermissionViolationError('Permissions Violation', 'subscription', '_INBOX.x'));
    await expect(pending).rejects.toBeInstanceOf(StreamTimeout);
    subscription.unsubscribe();
    await publisher.drain();
  });

  it('says StreamTimeout, not more, when no answer ever comes', async () => {
    const publisher = publisherOn({ attemptTimeoutMs: 40, giveUpAfterMs: 200 });
    // A plain subscriber: it takes the message and never answers.
    const subscription = connection.subscribe('silent.subject', { callback: () => undefined });
    await connection.flush();
    await expect(publisher.publish(chunk('silence', { subject: 'silent.subject' }))).rejects.toBeInstanceOf(
      StreamTimeout,
    );
    subscription.unsubscribe();
    await publisher.drain();
  });

  it('loses nothing that it acknowledged when the server is killed under load, and settles everything', async () => {
    const own = await open();
    const publisher = publisherOn({ connection: own, attemptTimeoutMs: 500, giveUpAfterMs: 15_000 });
    const from = (await traffic().head()).lastSeq + 1;
    const acknowledged = new Map<string, number>();
    let settled = 0;
    let sent = 0;
    const load = (async () => {
      while (sent < 3_000) {
        for (let index = 0; index < 50; index += 1) {
          const id = `kill-${sent}`;
          sent += 1;
          publisher.publishWith(chunk(id), (error, seq) => {
            settled += 1;
            if (error === undefined) acknowledged.set(id, seq);
          });
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await until(() => acknowledged.size > 100, { what: 'the first acknowledgements' });
    await server.kill();
    await server.restart();
    await load;
    await until(() => settled === sent, { what: 'every message to be settled', timeoutMs: 20_000 });
    await publisher.drain();
    // This connection was cut too: what it asks before it is back is lost.
    const stored = await until(() => storedSince(from), { what: 'the stream to be readable' });
    for (const [id, seq] of acknowledged) expect(stored.get(id)).toContain(seq);
    expect(acknowledged.size).toBe(3_000);
  }, 60_000);

  it('settles what is in flight when its connection is closed for good', async () => {
    const own = await open();
    const publisher = publisherOn({ connection: own });
    const subscription = connection.subscribe('silent.close', { callback: () => undefined });
    await connection.flush();
    const pending = publisher.publish(chunk('closing', { subject: 'silent.close' }));
    const outcome = expect(pending).rejects.toBeInstanceOf(StreamTimeout);
    await own.close();
    await outcome;
    await expect(publisher.publish(chunk('closed'))).rejects.toBeInstanceOf(StreamUnavailable);
    subscription.unsubscribe();
    await publisher.drain();
  });
});
