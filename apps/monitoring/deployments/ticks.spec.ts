import { expect, it } from '@jest/globals';
import { decodeTick, subjects } from '#libs/contracts/index.js';
import { MemoryStream, StreamTimeout, type StreamStore } from '#libs/event-log/index.js';
import { isoTime } from '#libs/kernel/index.js';
import { WatchLost } from '../errors.js';
import { TickWriter } from './ticks.js';

const clock = { now: () => 1_000, monotonic: () => 1_000 };
const stream = () => new MemoryStream({ name: 'TRAFFIC', clock });
const start = Date.parse('2026-11-23T10:00:00Z');
const ticksIn = async (traffic: StreamStore) =>
  (await traffic.readSubject(subjects.ticks('d'), 1, 'leader')).map(({ data }) => decodeTick(data));

it('ticks never run back, and go on behind those that there are', async () => {
  const traffic = stream();
  const writer = await TickWriter.open(traffic, 'd', 'w');
  await writer.write(start, 3);
  await writer.write(start - 60_000, 3);
  await writer.write(start, 4);
  const next = await TickWriter.open(traffic, 'd', 'another life');
  await next.write(start - 1, 5);
  await next.write(start + 60_000, 5);
  expect(await ticksIn(traffic)).toEqual([
    { deployment: 'd', at: isoTime(start), events_seq: 3 },
    { deployment: 'd', at: isoTime(start + 60_000), events_seq: 5 },
  ]);
});

it('ticks go on behind what is no tick', async () => {
  const traffic = stream();
  await traffic.publish({ subject: subjects.ticks('d'), headers: {}, data: Buffer.from('no tick') });
  const writer = await TickWriter.open(traffic, 'd', 'w');
  await writer.write(start, 1);
  const [, tick] = await traffic.readSubject(subjects.ticks('d'), 1, 'leader');
  expect(decodeTick(tick!.data).at).toBe(isoTime(start));
});

it('of two writers the one behind loses by name', async () => {
  const traffic = stream();
  const [one, other] = [await TickWriter.open(traffic, 'd', 'one'), await TickWriter.open(traffic, 'd', 'other')];
  await one.write(start, 1);
  await expect(other.write(start, 1)).rejects.toBeInstanceOf(WatchLost);
  await one.write(start + 1, 1);
  expect(await ticksIn(traffic)).toHaveLength(2);
});

it('a tick whose answer was lost is its own', async () => {
  const traffic = stream();
  let isLost = true;
  const losing: StreamStore = Object.assign(Object.create(traffic) as StreamStore, {
    async publish(message: Parameters<StreamStore['publish']>[0]) {
      const ack = await traffic.publish(message);
      if (isLost) throw new StreamTimeout('publish');
      return ack;
    },
  });
  const writer = await TickWriter.open(losing, 'd', 'w');
  await expect(writer.write(start, 1)).rejects.toBeInstanceOf(StreamTimeout);
  isLost = false;
  await writer.write(start + 60_000, 1);
  await writer.write(start + 120_000, 1);
  expect((await ticksIn(traffic)).map(({ at }) => Date.parse(at) - start)).toEqual([0, 120_000]);
});

it('of several ticks without an answer the one that is stored is its own', async () => {
  const traffic = stream();
  let sent = 0;
  const losing: StreamStore = Object.assign(Object.create(traffic) as StreamStore, {
    async publish(message: Parameters<StreamStore['publish']>[0]) {
      sent += 1;
      // The first one arrives, the next two do not, and nothing is answered.
      if (sent === 1) await traffic.publish(message);
      if (sent <= 3) throw new StreamTimeout('publish');
      return traffic.publish(message);
    },
  });
  const writer = await TickWriter.open(losing, 'd', 'w');
  for (const minute of [0, 1, 2])
    await expect(writer.write(start + 60_000 * minute, 1)).rejects.toBeInstanceOf(StreamTimeout);
  await writer.write(start + 180_000, 1);
  await writer.write(start + 240_000, 1);
  expect((await ticksIn(traffic)).map(({ at }) => Date.parse(at) - start)).toEqual([0, 240_000]);
});
