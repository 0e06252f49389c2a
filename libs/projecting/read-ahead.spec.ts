import { describe, expect, it } from '@jest/globals';
import { readAhead } from './read-ahead.js';

async function* batches(
  signal: AbortSignal,
  ...given: readonly (readonly number[])[]
): AsyncIterable<readonly number[]> {
  for (const batch of given) {
    await Promise.resolve();
    if (signal.aborted) return;
    yield batch;
  }
}

async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of iterable) items.push(item);
  return items;
}

const never = (): AbortSignal => new AbortController().signal;

describe('readAhead', () => {
  it('gives every item once, in order, in batches no larger than asked for', async () => {
    const read = await collect(readAhead((signal) => batches(signal, [1, 2, 3, 4, 5], [6], [7, 8]), 3, never()));
    expect(read.flat()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(Math.max(...read.map((batch) => batch.length))).toBeLessThanOrEqual(3);
  });

  it('merges what arrives while the consumer works', async () => {
    const read: (readonly number[])[] = [];
    for await (const batch of readAhead((signal) => batches(signal, [1], [2], [3], [4]), 10, never())) {
      read.push(batch);
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    }
    expect(read).toEqual([[1], [2, 3, 4]]);
  });

  it('reads no further than one batch beyond what waits', async () => {
    let given = 0;
    async function* endless(signal: AbortSignal): AsyncIterable<readonly number[]> {
      while (!signal.aborted) {
        await Promise.resolve();
        yield [++given];
      }
    }
    const reading = readAhead(endless, 5, never());
    await reading.next();
    for (let turn = 0; turn < 200; turn++) await Promise.resolve();
    expect(given).toBeLessThanOrEqual(7);
    await reading.return();
  });

  it('throws what the stream threw, after what came before', async () => {
    async function* broken(): AsyncIterable<readonly number[]> {
      yield [1];
      await Promise.resolve();
      throw new Error('gap');
    }
    const read: number[] = [];
    await expect(
      (async () => {
        for await (const batch of readAhead(broken, 5, never())) read.push(...batch);
      })(),
    ).rejects.toThrow('gap');
    expect(read).toEqual([1]);
  });

  it('ends a stream that waits when it is stopped', async () => {
    const stop = new AbortController();
    let ended = false;
    async function* waiting(signal: AbortSignal): AsyncIterable<readonly number[]> {
      yield [1];
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          resolve();
        });
      });
      ended = true;
    }
    for await (const _batch of readAhead(waiting, 5, stop.signal)) stop.abort();
    expect(ended).toBe(true);
  });
});
