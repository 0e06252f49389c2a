import { describe, expect, it } from '@jest/globals';
import { MemoryStream, type StreamStore } from '#libs/event-log/index.js';
import { systemClock } from '#libs/kernel/index.js';
import { recordedMessages } from './recorded-messages.js';

const subject = 'pred.wanted';

/** A stream in which every so many messages one is of the subject: its data begins with its number, 0 the first. */
async function streamOf(messages: number, { every = 1, bytes = 4 } = {}) {
  const stream = new MemoryStream({ name: 'TRAFFIC', clock: systemClock });
  const stored: Promise<unknown>[] = [];
  for (let at = 0; at < messages * every; at++) {
    const data = Buffer.alloc(bytes);
    data.writeUInt32LE(Math.floor(at / every));
    stored.push(stream.publish({ subject: at % every === 0 ? subject : 'pred.another', headers: {}, data }));
  }
  await Promise.all(stored);
  let reads = 0;
  const traffic: Pick<StreamStore, 'lastOf' | 'readSubject'> = {
    lastOf: (...asked) => stream.lastOf(...asked),
    readSubject: (...asked) => {
      reads += 1;
      return stream.readSubject(...asked);
    },
  };
  return { traffic, reads: () => reads };
}

async function numbersOf(traffic: Parameters<typeof recordedMessages>[0], most = Number.POSITIVE_INFINITY) {
  const numbers: number[] = [];
  for await (const data of recordedMessages(traffic, subject)) {
    numbers.push(Buffer.from(data).readUInt32LE());
    if (numbers.length === most) break;
  }
  return numbers;
}

const downFrom = (last: number, count: number) => Array.from({ length: count }, (_, at) => last - at);

describe('recorded messages', () => {
  it('come newest first, each once, as far as they go', async () => {
    const { traffic } = await streamOf(40);
    expect(await numbersOf(traffic)).toEqual(downFrom(39, 40));
    expect(await numbersOf((await streamOf(1)).traffic)).toEqual([0]);
    expect(await numbersOf((await streamOf(0)).traffic)).toEqual([]);
  });

  it('are read no further back than they are asked for', async () => {
    const { traffic, reads } = await streamOf(40);
    expect(await numbersOf(traffic, 1)).toEqual([39]);
    expect(reads()).toBe(0);
    expect(await numbersOf(traffic, 17)).toEqual(downFrom(39, 17));
    expect(reads()).toBe(1);
  });

  it('are at most 256, and some more than 4 MiB at most', async () => {
    expect(await numbersOf((await streamOf(400)).traffic)).toEqual(downFrom(399, 256));
    const large = await streamOf(30, { bytes: 2 ** 19 });
    expect(await numbersOf(large.traffic)).toEqual(downFrom(29, 8));
  });

  it('are found between those of other deployments', async () => {
    const { traffic, reads } = await streamOf(30, { every: 200 });
    expect(await numbersOf(traffic)).toEqual(downFrom(29, 30));
    expect(reads()).toBeLessThanOrEqual(4);
  });
});
