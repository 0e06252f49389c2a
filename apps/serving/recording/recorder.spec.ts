import { describe, expect, it } from '@jest/globals';
import { decodeChunk, decodePredictionId, maxChunkRows, type Chunk, type Signature } from '#libs/contracts/index.js';
import { StreamTimeout, type BulkMessage, type PublishSettled } from '#libs/event-log/index.js';
import { rowEncoder, type Column, type CompletedRun } from '#libs/inference/index.js';
import type { Rollout } from '../routing/routing-table.js';
import { TrafficCounts } from '../traffic-counts.js';
import { recordedVersion, type RecordedVersion } from './recorded-version.js';
import { rowId, type RowIds } from './prediction-ids.js';
import { Recorder, type RecorderOptions } from './recorder.js';
import type { RequestRows } from './row-section.js';

const epoch = '01900000-0000-7000-8000-000000000001';

const numbers: Signature = {
  inputs: [{ name: 'x', type: 'float32', shape: [null, 2] }],
  outputs: [{ name: 'y', type: 'float32', shape: [null, 1], role: 'value' }],
  features: [
    { name: 'b', type: 'float32', nullable: false, input: 'x', index: 1 },
    { name: 'a', type: 'float32', nullable: false, input: 'x', index: 0 },
  ],
};
const texts: Signature = {
  ...numbers,
  inputs: [{ name: 'x', type: 'string', shape: [null, 1] }],
  features: [{ name: 't', type: 'string', nullable: false, input: 'x', index: 0 }],
};

function versionOf(signature: Signature, recording: Rollout['recording'] = 'acknowledged'): RecordedVersion {
  const rollout: Rollout = {
    rolloutId: 'r-1',
    deployment: 'd',
    model: 'm',
    version: '1.0.0',
    artifact: 'sha256:0',
    signature,
    recording,
    requestId: 'e-1',
    requestedSeq: 1,
    requestedAt: 0,
    correlationId: 'c-1',
    loadTimeoutS: 60,
    championSeq: null,
    strategy: { type: 'direct' },
    prepared: false,
    cutOff: null,
  };
  const { inputColumns } = rowEncoder(signature);
  const outputColumns = signature.outputs.map(({ name, type, role }) => ({ name, type, role, width: 1 }));
  const model = { signature, inputColumns, outputColumns };
  return recordedVersion(rollout, model, { instance: 'i', epoch }, new TrafficCounts('d', 'm@1.0.0'));
}

interface TestRun extends CompletedRun {
  released: number;
}

/** Row r has the inputs r and r + 0.5 (or the text given) and the output 10 r. */
function runOf(rows: number, text?: (row: number) => string): TestRun {
  const inputs: Column[] =
    text === undefined
      ? [{ name: 'x', type: 'float32', width: 2, data: Float32Array.from({ length: 2 * rows }, (_, at) => at / 2) }]
      : [{ name: 'x', type: 'string', width: 1, data: Array.from({ length: rows }, (_, row) => text(row)) }];
  const outputs: Column[] = [
    { name: 'y', type: 'float32', width: 1, data: Float32Array.from({ length: rows }, (_, row) => 10 * row) },
  ];
  return {
    rows,
    inputs,
    outputs,
    timing: { begunAt: 0, inputsAt: 0, endedAt: 0 },
    released: 0,
    release() {
      this.released += 1;
    },
  };
}

/** A recorder whose ticks and acknowledgements are in the test's hands. */
function setUp(options: Partial<RecorderOptions> = {}) {
  const published: { message: BulkMessage; settled: PublishSettled; chunk: Chunk }[] = [];
  const ticks: (() => void)[] = [];
  const clock = { time: 0, now: () => 1_700_000_000_000 + clock.time, monotonic: () => clock.time };
  const recorder = new Recorder({
    epoch,
    clock,
    schedule: (close) => ticks.push(close),
    publisher: {
      publishWith: (message, settled) => published.push({ message, settled, chunk: decodeChunk(message.data) }),
    },
    ...options,
  });
  return {
    recorder,
    published,
    clock,
    tick: () => {
      for (const close of ticks.splice(0)) close();
    },
    ticks,
  };
}

class Waiting {
  readonly ids: string[] = [];
  readonly errors: Error[] = [];

  part(rows: number, beganAt = 0, requestId?: string): RequestRows {
    return { request: this, requestRow: 0, rows, beganAt, requestId, subjectId: undefined, routingKey: undefined };
  }

  stored(ids: RowIds, chunkRow: number, requestRow: number, rows: number): void {
    for (let row = 0; row < rows; row++) this.ids[requestRow + row] = rowId(ids, chunkRow + row);
  }

  notStored(error: Error): void {
    this.errors.push(error);
  }
}

describe('the recorder', () => {
  it('puts the rows of one tick with the same version and table into one chunk, in order, and answers with its ids', () => {
    const { recorder, published, tick, clock, ticks } = setUp();
    const version = versionOf(numbers);
    const run = runOf(3);
    const requests = [new Waiting(), new Waiting(), new Waiting()];
    clock.time = 5;
    for (const [row, request] of requests.entries())
      recorder.served(version, 7, request.part(1, row, row === 1 ? 'r-1' : undefined), run, row);
    expect([published.length, ticks.length]).toEqual([0, 1]);
    tick();
    const { chunk, message, settled } = published[0]!;
    expect(message).toMatchObject({ subject: 'pred.d', messageId: `${epoch}-1` });
    expect(message.headers).toMatchObject({ 'ce-type': 'PredictionsRecorded', 'ce-specversion': '1.0' });
    expect(chunk.schema).toMatchObject({
      deployment: 'd',
      routing_seq: 7,
      epoch,
      instance: 'i',
      arms: [{ role: 'live', model: 'm', version: '1.0.0', rollout_id: 'r-1' }],
      inputs: [{ name: 'x', width: 2, features: ['a', 'b'] }],
    });
    expect([chunk.counter, chunk.served, chunk.failed, chunk.refused]).toEqual([1, 3, 0, 0]);
    expect([...(chunk.inputs[0] as Float32Array)]).toEqual([0, 0.5, 1, 1.5, 2, 2.5]);
    expect([...(chunk.outputs[0] as Float32Array)]).toEqual([0, 10, 20]);
    expect([...chunk.latencyUs]).toEqual([5_000, 4_000, 3_000]);
    expect(chunk.beganAt).toBe(1_700_000_000_000);
    expect([...chunk.beganOffsetUs]).toEqual([0, 1_000, 2_000]);
    expect(chunk.requestIds).toEqual([undefined, 'r-1', undefined]);
    expect(chunk.subjectIds).toBeUndefined();
    expect(run.released).toBe(1);

    expect(requests[0]!.ids).toEqual([]);
    settled(undefined, 41);
    expect(requests.map(({ ids }) => decodePredictionId(ids[0]!))).toMatchObject([
      { seq: 41, row: 0 },
      { seq: 41, row: 1 },
      { seq: 41, row: 2 },
    ]);
  });

  it('notes in every chunk how many rows wait in the process when it is closed', () => {
    const state = { queued: 3 };
    const { recorder, published, tick } = setUp({ queuedRows: () => state.queued });
    const version = versionOf(numbers);
    for (const queued of [3, 8]) {
      recorder.served(version, 7, new Waiting().part(1), runOf(1), 0);
      state.queued = queued;
      tick();
    }
    expect(published.map(({ chunk }) => chunk.queued)).toEqual([3, 8]);
  });

  it('keeps tables and versions apart; counters run over all of them', () => {
    const { recorder, published, tick } = setUp();
    const [one, other] = [versionOf(numbers), versionOf(numbers)];
    recorder.served(one, 7, new Waiting().part(1), runOf(1), 0);
    recorder.served(one, 8, new Waiting().part(1), runOf(1), 0);
    recorder.served(other, 8, new Waiting().part(1), runOf(1), 0);
    recorder.served(one, 8, new Waiting().part(1), runOf(1), 0);
    tick();
    recorder.served(one, 8, new Waiting().part(1), runOf(1), 0);
    tick();
    expect(published.map(({ chunk }) => [chunk.counter, chunk.schema.routing_seq, chunk.served])).toEqual([
      [1, 7, 1],
      [2, 8, 2],
      [3, 8, 1],
      [4, 8, 1],
    ]);
  });

  it('orders rows by outcome: served, failed, refused, whatever came first', () => {
    const { recorder, published, tick } = setUp();
    const version = versionOf(numbers);
    const [refused, failedOne, served, failedTwo] = [new Waiting(), new Waiting(), new Waiting(), new Waiting()];
    const inputs = (x: number): Column[] => [{ name: 'x', type: 'float32', width: 2, data: Float32Array.of(x, x) }];
    recorder.refused(version, 7, refused.part(1), 'missing_feature', '["input.a"]');
    recorder.failed(version, 7, failedOne.part(1), { code: 'model_failed', detail: '"one"', inputs: inputs(100) });
    recorder.served(version, 7, served.part(1), runOf(5), 4);
    recorder.failed(version, 7, failedTwo.part(1), { code: 'model_failed', detail: '"two"', inputs: inputs(200) });
    tick();
    const { chunk, settled } = published[0]!;
    expect([chunk.served, chunk.failed, chunk.refused]).toEqual([1, 2, 1]);
    expect(chunk.codes).toEqual(['model_failed', 'model_failed', 'missing_feature']);
    expect(chunk.details).toEqual(['"one"', '"two"', '["input.a"]']);
    expect([...(chunk.inputs[0] as Float32Array)]).toEqual([4, 4.5, 100, 100, 200, 200]);
    expect([...(chunk.outputs[0] as Float32Array)]).toEqual([40]);
    settled(undefined, 9);
    expect([served, failedOne, failedTwo, refused].map(({ ids }) => decodePredictionId(ids[0]!)!.row)).toEqual([
      0, 1, 2, 3,
    ]);
    expect(version.counts).toMatchObject({ served: 1, failed: 2, refused: 1, rows: 4 });
  });

  it.each([
    ['numbers', versionOf(numbers), runOf(1_000), 4_096],
    ['texts', versionOf(texts), runOf(1_000, (row) => 'ü'.repeat(row % 50)), 4_096],
  ])('cuts a request of many rows of %s into chunks that do not exceed the limit', (_what, version, run, limit) => {
    const { recorder, published, tick } = setUp({ maxChunkBytes: limit });
    const request = new Waiting();
    recorder.served(version, 7, request.part(1_000, 0, 'a request'), run, 0);
    tick();
    expect(published.length).toBeGreaterThan(3);
    for (const { message } of published) expect(message.data.length).toBeLessThanOrEqual(limit);
    const outputs = published.flatMap(({ chunk }) => [...(chunk.outputs[0] as Float32Array)]);
    expect(outputs).toEqual(Array.from({ length: 1_000 }, (_, row) => 10 * row));
    for (const [at, { settled }] of published.entries()) settled(undefined, at + 1);
    expect(request.ids).toHaveLength(1_000);
    expect(new Set(request.ids).size).toBe(1_000);
    expect(run.released).toBe(0);
  });

  it('never puts more rows into a chunk than an id can name, and a row that is too large alone', () => {
    const { recorder, published, tick } = setUp({ maxChunkBytes: Number.MAX_SAFE_INTEGER });
    const rows = maxChunkRows + 10;
    recorder.served(versionOf(numbers), 7, new Waiting().part(rows), runOf(rows), 0);
    tick();
    expect(published.map(({ chunk }) => chunk.served)).toEqual([maxChunkRows, 10]);

    const small = setUp({ maxChunkBytes: 1_000 });
    const long = runOf(2, () => 'x'.repeat(5_000));
    small.recorder.served(versionOf(texts), 7, new Waiting().part(2), long, 0);
    small.tick();
    expect(small.published.map(({ chunk }) => chunk.served)).toEqual([1, 1]);
  });

  it('never puts a failed or refused row into a chunk that it would make too large', () => {
    const { recorder, published, tick } = setUp({ maxChunkBytes: 4_000 });
    const version = versionOf(texts);
    const row = { code: 'model_failed', detail: '"no"', inputs: runOf(1, () => 'x'.repeat(2_500)).inputs };
    for (let at = 0; at < 3; at++) recorder.failed(version, 7, new Waiting().part(1), row);
    recorder.refused(version, 7, new Waiting().part(1), 'unknown_feature', JSON.stringify('y'.repeat(2_500)));
    tick();
    expect(published.map(({ chunk: { failed, refused } }) => [failed, refused])).toEqual([
      [1, 0],
      [1, 0],
      [1, 0],
      [0, 1],
    ]);
  });

  it('never answers what is not stored, and names the counter that it gave up in every chunk until one is stored', () => {
    const { recorder, published, tick } = setUp();
    const version = versionOf(numbers);
    const requests = Array.from({ length: 5 }, () => new Waiting());
    const send = (at: number): void => {
      recorder.served(version, 7, requests[at]!.part(1), runOf(1), 0);
      tick();
    };
    const lost = new StreamTimeout('publish');
    send(0);
    published[0]!.settled(lost, 0);
    expect(requests[0]).toMatchObject({ ids: [], errors: [lost] });
    send(1);
    published[1]!.settled(lost, 0);
    send(2);
    send(3);
    published[2]!.settled(undefined, 30);
    send(4);
    expect(published.map(({ chunk }) => chunk.givenUp)).toEqual([[], [1], [1, 2], [1, 2], []]);
    expect(requests[2]!.ids).toHaveLength(1);
  });

  it('answers unacknowledged predictions when their chunk is closed, by epoch, counter and row', () => {
    const { recorder, published, tick } = setUp();
    const version = versionOf(numbers, 'unacknowledged');
    const [first, second] = [new Waiting(), new Waiting()];
    const run = runOf(2);
    recorder.served(version, 7, first.part(1), run, 0);
    recorder.served(version, 7, second.part(1), run, 1);
    expect(second.ids).toEqual([]);
    tick();
    expect([first.ids, second.ids]).toEqual([[`u.${epoch}.1.0`], [`u.${epoch}.1.1`]]);
    published[0]!.settled(new StreamTimeout('publish'), 0);
    expect(second.errors).toEqual([]);
    recorder.served(version, 7, first.part(1), runOf(1), 0);
    recorder.flush();
    expect(published[1]!.chunk.givenUp).toEqual([1]);
  });
});
