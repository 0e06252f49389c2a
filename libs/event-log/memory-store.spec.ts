import { describe, expect, it } from '@jest/globals';
import { StreamConflict, StreamTimeout, StreamUnavailable } from './errors.js';
import { scriptedFaults } from './fault-plan.js';
import { FaultyStream } from './faulty-stream.js';
import { MemoryStream } from './memory-store.js';
import type { OutgoingMessage, StreamMessage } from './stream-store.js';

let now = 0;
const clock = { now: () => now, monotonic: () => now };
const message = (subject: string, extra: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  subject,
  headers: {},
  data: Buffer.from(subject),
  ...extra,
});

describe('MemoryStream', () => {
  it('forgets message ids after the duplicate window', async () => {
    const stream = new MemoryStream({ name: 'S', clock, duplicateWindowMs: 100 });
    const first = await stream.publish(message('a', { messageId: 'm' }));
    now += 100;
    expect(await stream.publish(message('b', { messageId: 'm' }))).toEqual({ seq: first.seq, duplicate: true });
    now += 1;
    expect(await stream.publish(message('b', { messageId: 'm' }))).toEqual({ seq: 2, duplicate: false });
  });

  it('checks the expectation first as one replica and the message id first as three', async () => {
    const repeat = message('a', { messageId: 'm', expectedLastSubjectSeq: 0 });
    const one = new MemoryStream({ name: 'S', clock, replicas: 1 });
    await one.publish(repeat);
    await expect(one.publish(repeat)).rejects.toMatchObject({ lastSeq: 1 });
    const three = new MemoryStream({ name: 'S', clock, replicas: 3 });
    await three.publish(repeat);
    expect(await three.publish(repeat)).toEqual({ seq: 1, duplicate: true });
  });

  it('keeps only the newest of each subject when told to', async () => {
    const stream = new MemoryStream({ name: 'S', clock, lastPerSubject: true });
    for (const subject of ['a', 'b', 'a']) await stream.publish(message(subject));
    expect(await stream.get(1, 'leader')).toBeUndefined();
    expect((await stream.readFrom(1, 10, 'leader')).map(({ seq }) => seq)).toEqual([2, 3]);
    expect((await stream.readSubject('a', 1, 'leader')).map(({ seq }) => seq)).toEqual([3]);
    expect(await stream.head()).toMatchObject({ firstSeq: 2, lastSeq: 3 });
  });

  it('stamps server time, and keeps its own copy of the data', async () => {
    const stream = new MemoryStream({ name: 'S', clock });
    now = 5_000;
    const data = Buffer.from('abc');
    await stream.publish(message('a', { data }));
    data.fill(0);
    const stored = (await stream.get(1, 'leader')) as StreamMessage;
    expect(stored.time).toBe(5_000);
    expect(Buffer.from(stored.data).toString()).toBe('abc');
  });
});

describe('FaultyStream', () => {
  it('loses, delays and repeats as scripted', async () => {
    const inner = new MemoryStream({ name: 'S', clock });
    const stream = new FaultyStream(
      inner,
      scriptedFaults({
        publish: [
          { kind: 'lost_ack' },
          { kind: 'lost_message' },
          { kind: 'late_message', afterOperations: 2 },
          { kind: 'in_flight' },
          { kind: 'unavailable' },
        ],
      }),
    );
    const stored = async (): Promise<string[]> => (await inner.readFrom(1, 10, 'leader')).map(({ subject }) => subject);
    await expect(stream.publish(message('lost-ack'))).rejects.toBeInstanceOf(StreamTimeout);
    await expect(stream.publish(message('lost'))).rejects.toBeInstanceOf(StreamTimeout);
    await expect(stream.publish(message('late'))).rejects.toBeInstanceOf(StreamTimeout);
    expect(await stored()).toEqual(['lost-ack']);
    await expect(stream.publish(message('clash'))).rejects.toMatchObject({ lastSeq: undefined });
    expect(await stored()).toEqual(['lost-ack']);
    await expect(stream.publish(message('away'))).rejects.toBeInstanceOf(StreamUnavailable);
    expect(await stored()).toEqual(['lost-ack', 'late']);
    expect(await stream.publish(message('fine'))).toEqual({ seq: 3, duplicate: false });
  });

  it('shows a lagging replica to every read but those through the leader', async () => {
    const inner = new MemoryStream({ name: 'S', clock });
    for (let index = 0; index < 3; index += 1) await inner.publish(message('a'));
    const stream = new FaultyStream(inner, { next: () => ({ kind: 'lagging_replica', messages: 1 }) });
    expect(await stream.get(3, 'replica')).toBeUndefined();
    expect((await stream.lastOf('a', 'replica'))?.seq).toBe(2);
    expect(await stream.readSubject('a', 1, 'replica')).toHaveLength(2);
    expect(await stream.readFrom(1, 10, 'replica')).toHaveLength(2);
    expect((await stream.get(3, 'leader'))?.seq).toBe(3);
    expect((await stream.lastOf('a', 'leader'))?.seq).toBe(3);
    expect(await stream.readSubject('a', 1, 'leader')).toHaveLength(3);
    expect((await stream.head()).lastSeq).toBe(3);
  });

  it('swallows the conflict of a message that comes too late, and nothing else', async () => {
    const inner = new MemoryStream({ name: 'S', clock });
    const stream = new FaultyStream(inner, scriptedFaults({ publish: [{ kind: 'late_message', afterOperations: 9 }] }));
    await expect(stream.publish(message('a', { expectedLastSubjectSeq: 0 }))).rejects.toBeInstanceOf(StreamTimeout);
    await inner.publish(message('a'));
    await stream.quiet();
    expect((await inner.head()).lastSeq).toBe(1);
    await expect(stream.publish(message('a', { expectedLastSubjectSeq: 0 }))).rejects.toBeInstanceOf(StreamConflict);
  });
});
