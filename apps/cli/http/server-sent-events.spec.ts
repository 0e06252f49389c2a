import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readEvents, type SentEvent } from './server-sent-events.js';

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    yield await Promise.resolve(bytes.subarray(at, at + size));
    at += size;
  }
}

async function eventsIn(text: string, sizes: readonly number[] = [1e9]): Promise<SentEvent[]> {
  const events: SentEvent[] = [];
  for await (const event of readEvents(cut(new TextEncoder().encode(text), sizes))) events.push(event);
  return events;
}

describe('readEvents', () => {
  it('reads ids and data, and leaves comments and unknown fields out', async () => {
    const text = 'retry: 1000\n: hello\n\nid: 7\ndata: {"a":1}\n\n: heartbeat\nid: 9\n\ndata:x\ndata: y\n\n';
    expect(await eventsIn(text)).toEqual([
      { id: '7', data: '{"a":1}' },
      { id: '9', data: undefined },
      { id: undefined, data: 'x\ny' },
    ]);
  });

  it('takes any line break', async () => {
    expect(await eventsIn('id: 1\r\ndata: a\r\n\r\nid: 2\rdata: b\r\rx')).toEqual([
      { id: '1', data: 'a' },
      { id: '2', data: 'b' },
    ]);
  });

  it('does not depend on how the pieces are cut', async () => {
    const text = ': c\n\nid: 1\ndata: "Zürich 🙂"\n\nid: 2\r\ndata: x\r\ndata: y\r\n\r\n';
    const whole = await eventsIn(text);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), async (sizes) => {
        expect(await eventsIn(text, sizes)).toEqual(whole);
      }),
    );
  });

  it('tells nothing of an event that is not complete', async () => {
    expect(await eventsIn('id: 1\ndata: half')).toEqual([]);
  });
});
