import { describe, expect, it } from '@jest/globals';
import {
  encodeChunk,
  encodeChunkSchema,
  type ChunkSchema,
  type Signature,
  type WarmupRequests,
} from '#libs/contracts/index.js';
import { rowEncoder, type Column, type LoadedModel } from '#libs/inference/index.js';
import type { Clock } from '#libs/kernel/index.js';
import { PacedWork } from './paced-work.js';
import { warmUp, type WarmUpOptions } from './warm-up.js';

const signature: Signature = {
  inputs: [{ name: 'x', type: 'float32', shape: [null, 1] }],
  outputs: [{ name: 'y', type: 'float32', shape: [null, 1], role: 'value' }],
  features: [{ name: 'a', type: 'float32', nullable: false, input: 'x', index: 0 }],
};

/** Time passes only while a model runs or somebody pauses. */
class Time implements Clock {
  at = 0;
  readonly pauses: number[] = [];
  now = () => 1_000_000 + this.at;
  monotonic = () => this.at;
  pause = (milliseconds: number): Promise<void> => {
    this.pauses.push(milliseconds);
    this.at += milliseconds;
    return Promise.resolve();
  };
}

/** A model that takes its time for each row; it fails on the value -1. */
class Slow implements LoadedModel {
  readonly signature = signature;
  readonly encoder = rowEncoder(signature);
  readonly inputColumns = this.encoder.inputColumns;
  readonly outputColumns = [{ name: 'y', type: 'float32' as const, width: 1, role: 'value' as const }];
  readonly runs: number[][] = [];
  onRun: () => void = () => undefined;

  constructor(
    private readonly time: Time,
    private readonly rowMs: number,
  ) {}

  run([x]: readonly Column[], rows: number): Promise<readonly Column[]> {
    const values = [...(x!.data as Float32Array)];
    this.runs.push(values);
    this.time.at += this.rowMs * rows;
    this.onRun();
    if (values.includes(-1)) return Promise.reject(new Error('not that one'));
    return Promise.resolve([{ ...this.outputColumns[0]!, data: Float32Array.from(values) }]);
  }

  outputOf = (outputs: readonly Column[], row: number) => ({ value: outputs[0]!.data[row] as number });
  dispose = () => Promise.resolve();
}

function chunkOf(values: readonly number[], feature = 'a'): Uint8Array {
  const schema: ChunkSchema = {
    ...{ deployment: 'd', routing_seq: 1, epoch: 'e', instance: 'i' },
    arms: [{ role: 'live', model: 'm', version: '1.0.0', rollout_id: 'r', artifact: 'sha256:0' }],
    inputs: [{ name: 'x', type: 'float32', width: 1, features: [feature] }],
    outputs: [{ name: 'y', type: 'float32', width: 1, role: 'value' }],
  };
  const served = values.length;
  return encodeChunk(schema, encodeChunkSchema(schema), {
    ...{ counter: 1, givenUp: [], beganAt: 0, served, failed: 0, refused: 0, codes: [], details: [] },
    ...{ arm: new Uint8Array(served), latencyUs: new Uint32Array(served), beganOffsetUs: new Uint32Array(served) },
    ...{ inputs: [Float32Array.from(values)], outputs: [new Float32Array(served)] },
  });
}

function warming({
  rowMs = 0.01,
  messages = [] as readonly Uint8Array[],
  ...given
}: Partial<WarmUpOptions> & { rowMs?: number; messages?: readonly Uint8Array[] } = {}) {
  const time = new Time();
  const model = new Slow(time, rowMs);
  const paced = new PacedWork({ clock: time, pause: time.pause });
  let read = 0;
  async function* recorded(): AsyncGenerator<Uint8Array> {
    for (const message of messages) {
      read += 1;
      yield await Promise.resolve(message);
    }
  }
  const options: WarmUpOptions = {
    ...{ recorded, paced, clock: time, isWanted: () => true, requestedAt: time.now(), loadTimeoutS: 60 },
    ...given,
  };
  return {
    ...{ time, model, paced },
    read: () => read,
    asked: () => model.runs.flat(),
    start: (requests: WarmupRequests) => warmUp(model, requests, options),
  };
}

describe('warming up on recorded requests', () => {
  it('asks distinct rows, the newest messages first, and reads no more of them than it needs', async () => {
    const { start, asked, read } = warming({ messages: [chunkOf([1, 2]), chunkOf([3, 4, 5]), chunkOf([6])] });
    expect(await start(4)).toEqual({ ok: true, value: 4 });
    expect([asked(), read()]).toEqual([[1, 2, 4, 5], 2]);
  });

  it('passes over what is no message, has no rows or not the features of the version', async () => {
    const messages = [chunkOf([]), Buffer.from('no chunk at all'), chunkOf([7], 'another'), chunkOf([8])];
    const { start, asked } = warming({ messages });
    expect(await start(1)).toEqual({ ok: true, value: 1 });
    expect(asked()).toEqual([8]);
  });

  it('asks rows again as long as all of it took no more than 100 ms', async () => {
    const quick = warming({ messages: [chunkOf([1, 2])] });
    expect(await quick.start(10)).toEqual({ ok: true, value: 10 });
    const slow = warming({ rowMs: 30, messages: [chunkOf([1, 2])] });
    expect(await slow.start(10)).toEqual({ ok: true, value: 3 });
    const slowest = warming({ rowMs: 340, messages: [chunkOf([1])] });
    expect(await slowest.start(100)).toEqual({ ok: true, value: 1 });
  });

  it.each([
    [60, 340, 5],
    [2, 45, 4],
    [60, 9_000, 1],
  ])('with %d s to load and %d ms a row: %d rows', async (loadTimeoutS, rowMs, rows) => {
    const messages = [chunkOf(Array.from({ length: 100 }, (_, at) => at))];
    const { start, time } = warming({ messages, rowMs, loadTimeoutS });
    expect(await start(100)).toEqual({ ok: true, value: rows });
    expect(time.at).toBe(2 * rows * rowMs);
  });

  it('fails when the version fails on a recorded row', async () => {
    const { start } = warming({ messages: [chunkOf([1, -1])] });
    expect(await start(2)).toMatchObject({
      rejection: { code: 'warmup_failed', reason: 'it fails on recorded inputs: not that one' },
    });
  });

  it('draws rows where none are recorded, under the same budget; a version may fail on them', async () => {
    const drawn = warming();
    expect(await drawn.start(50)).toEqual({ ok: true, value: 50 });
    expect(new Set(drawn.asked()).size).toBe(50);
    const slow = warming({ rowMs: 900 });
    expect(await slow.start(50)).toEqual({ ok: true, value: 2 });
    const away = warming({
      async *recorded() {
        await Promise.resolve();
        throw new Error('the log is away');
      },
    });
    expect(await away.start(3)).toEqual({ ok: true, value: 3 });
  });
});

describe('the event loop', () => {
  it('is left alone after each run for as long as the run took', async () => {
    const { start, time, model, paced } = warming({ rowMs: 40, messages: [chunkOf([1, 2, 3])] });
    await start(3);
    // The first piece reads the message.
    expect(await paced.run(() => [...time.pauses])).toEqual([0, 40, 40, 40]);
    expect(model.runs).toEqual([[1], [2], [3]]);
  });

  it('is occupied for more rows at once only while runs stay below 5 ms', async () => {
    const rowsOfRuns = async (rowMs: number) => {
      const { start, model } = warming({ rowMs, messages: [chunkOf(Array.from({ length: 100 }, (_, at) => at))] });
      await start(100);
      return model.runs.map(({ length }) => length);
    };
    expect(await rowsOfRuns(0.01)).toEqual([1, 2, 4, 8, 16, 32, 32, 5]);
    expect(Math.max(...(await rowsOfRuns(1)))).toBe(4);
    expect(Math.max(...(await rowsOfRuns(3)))).toBe(1);
  });

  it('is shared by versions that are warmed up at once: run by run, and together at most half of it', async () => {
    const one = warming({ rowMs: 10, messages: [chunkOf([1, 2])] });
    const order: string[] = [];
    const other = new Slow(one.time, 10);
    one.model.onRun = () => order.push('one');
    other.onRun = () => order.push('other');
    const given = [{ a: 1 }, { a: 2 }];
    await Promise.all([
      one.start(given),
      warmUp(other, given, {
        ...{ recorded: () => (async function* () {})(), paced: one.paced, clock: one.time, isWanted: () => true },
        ...{ requestedAt: one.time.now(), loadTimeoutS: 60 },
      }),
    ]);
    expect(order).toEqual(['one', 'other', 'one', 'other']);
    await one.paced.run(() => undefined);
    expect(one.time.pauses.reduce((sum, each) => sum + each, 0)).toBe(40);
  });

  it('is left to others after a run that failed, too', async () => {
    const time = new Time();
    const paced = new PacedWork({ clock: time, pause: time.pause });
    const failing = paced.run(() => {
      time.at += 25;
      throw new Error('failed');
    });
    await expect(failing).rejects.toThrow('failed');
    expect(await paced.run(() => time.at)).toBe(50);
  });
});

describe('given inputs', () => {
  const given = Array.from({ length: 20 }, (_, a) => ({ a }));

  it('are all asked, whatever time they take, while the load timeout allows it', async () => {
    const { start, asked } = warming({ rowMs: 1_000 });
    expect(await start(given)).toEqual({ ok: true, value: 20 });
    expect(asked()).toEqual(given.map(({ a }) => a));
  });

  it('fail the rollout before the load timeout passes, with how many were answered', async () => {
    const { start, time } = warming({ rowMs: 1_000, loadTimeoutS: 10 });
    expect(await start(given)).toEqual({
      ok: false,
      rejection: { code: 'load_timeout', reason: '5 of 20 given inputs answered within 10 s' },
    });
    expect(time.at).toBeLessThanOrEqual(10_000);
  });

  it('fail it when the version refuses one, before any is asked', async () => {
    const { start, asked } = warming();
    expect(await start([{ a: 1 }, { a: 'red' }])).toMatchObject({
      rejection: { code: 'warmup_failed', reason: expect.stringContaining('warmup_requests[1].a') },
    });
    expect(asked()).toEqual([]);
  });
});

it.each([
  ['recorded', 100, [chunkOf(Array.from({ length: 100 }, (_, at) => at))]],
  ['given', Array.from({ length: 100 }, (_, a) => ({ a })), []],
] as const)('ends when the rollout is no longer wanted: %s inputs', async (_kind, requests, messages) => {
  let wanted = true;
  const { start, model } = warming({ rowMs: 5, messages, isWanted: () => wanted });
  model.onRun = () => (wanted = model.runs.length < 3);
  expect(await start(typeof requests === 'number' ? requests : [...requests])).toMatchObject({
    rejection: { code: 'rollout_not_in_progress' },
  });
  expect(model.runs).toHaveLength(3);
});

it('nothing is asked where no requests are wanted', async () => {
  const { start, asked, read } = warming({ messages: [chunkOf([1])] });
  expect(await start(0)).toEqual({ ok: true, value: 0 });
  expect([asked(), read()]).toEqual([[], 0]);
});
