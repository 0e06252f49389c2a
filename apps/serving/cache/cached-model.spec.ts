import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeChunk, type Chunk, type Signature } from '#libs/contracts/index.js';
import {
  outputReader,
  rowEncoder,
  type Column,
  type LoadedModel,
  type RequestOutcome,
  type RunObserver,
} from '#libs/inference/index.js';
import { systemClock } from '#libs/kernel/index.js';
import { servableOf } from '../models/servable.js';
import { Recorder } from '../recording/recorder.js';
import type { Rollout } from '../routing/routing-table.js';
import { TrafficCounts } from '../traffic-counts.js';

const epoch = '01900000-0000-7000-8000-000000000001';
const signature: Signature = {
  inputs: [
    { name: 'x', type: 'float32', shape: [null, 2] },
    { name: 'colour', type: 'string', shape: [null, 1] },
  ],
  outputs: [
    { name: 'y', type: 'float64', shape: [null, 2], role: 'value' },
    { name: 'label', type: 'string', shape: [null], role: 'label' },
  ],
  features: [
    { name: 'a', type: 'float32', nullable: true, input: 'x', index: 0 },
    { name: 'b', type: 'float32', nullable: false, input: 'x', index: 1 },
    { name: 'colour', type: 'string', nullable: false, input: 'colour', index: 0 },
  ],
};
const rollout: Rollout = {
  ...{ rolloutId: 'r', deployment: 'd', model: 'm', version: '1.0.0', artifact: 'sha256:0', signature },
  ...{ recording: 'acknowledged', requestId: 'e', requestedSeq: 1, requestedAt: 0, correlationId: 'c' },
  ...{ loadTimeoutS: 60, championSeq: null, strategy: { type: 'direct' }, prepared: false, cutOff: null },
};

/** Sum and product of two numbers, a text in capitals; it fails on the colour 'bad'. */
class Arithmetic implements LoadedModel {
  readonly signature = signature;
  readonly encoder = rowEncoder(signature);
  readonly inputColumns = this.encoder.inputColumns;
  readonly outputColumns = [
    { name: 'y', type: 'float64' as const, width: 2, role: 'value' as const },
    { name: 'label', type: 'string' as const, width: 1, role: 'label' as const },
  ];
  rowsRun = 0;
  attempts = 0;

  run([x, colour]: readonly Column[], rows: number, observer?: RunObserver): Promise<readonly Column[]> {
    this.attempts += 1;
    observer?.before();
    const numbers = x!.data as Float32Array;
    const colours = colour!.data as string[];
    if (colours.includes('bad')) return Promise.reject(new Error('no such colour'));
    this.rowsRun += rows;
    const y = new Float64Array(2 * rows);
    for (let row = 0; row < rows; row++) {
      const [a, b] = [numbers[2 * row]!, numbers[2 * row + 1]!];
      y.set([a + b, a * b], 2 * row);
    }
    const label = colours.map((each) => each.toUpperCase());
    return Promise.resolve([
      { ...this.outputColumns[0]!, data: y },
      { ...this.outputColumns[1]!, data: label },
    ]);
  }

  outputOf(outputs: readonly Column[], row: number) {
    return outputReader(signature).outputOf(outputs, row);
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

/** A version with its recorder; each turn is a list of requests, each a list of rows. */
function serving(cacheEntries: number) {
  const model = new Arithmetic();
  const counts = new TrafficCounts('d', 'm@1.0.0');
  let observed = 0;
  const servable = servableOf(rollout, model, counts, {
    ...{ writer: { instance: 'i', epoch }, maxRowsPerRun: 4, cacheEntries, clock: systemClock },
    observe: () => ({ before: () => (observed += 1), after: () => undefined }),
  });
  const chunks: Chunk[] = [];
  const recorder = new Recorder({
    epoch,
    clock: systemClock,
    schedule: () => undefined,
    publisher: { publishWith: ({ data }) => chunks.push(decodeChunk(data)) },
  });
  const answers: string[] = [];
  const request = (rows: readonly object[]): void => {
    const part = {
      ...{ request: { stored: () => undefined, notStored: () => undefined }, requestRow: 0, beganAt: 0 },
      ...{ requestId: JSON.stringify(rows), subjectId: undefined, routingKey: undefined },
    };
    const ran = (outcome: RequestOutcome): void => {
      if (!outcome.ok) {
        answers.push(outcome.error.message);
        return;
      }
      for (const { run, firstRow, rows: count } of outcome.slices) {
        for (let row = firstRow; row < firstRow + count; row++) answers.push(servable.writeOutput(run.outputs, row));
        recorder.served(servable.recorded, 1, { ...part, rows: count }, run, firstRow);
      }
    };
    expect(servable.batcher.submitMany(rows, ran)).toBeNull();
  };
  return {
    ...{ model, counts, answers, chunks, observed: () => observed },
    turn: async (requests: readonly (readonly object[])[]): Promise<void> => {
      for (const rows of requests) request(rows);
      await servable.batcher.drain();
      recorder.flush();
    },
  };
}

const recordedOf = (chunks: readonly Chunk[]) =>
  chunks.map(({ served, inputs, outputs, requestIds }) => ({ served, inputs, outputs, requestIds }));

describe('a model with a cache', () => {
  const row = fc.record({
    a: fc.constantFrom(0, -0, 1, 2.5, null),
    b: fc.constantFrom(0, -0, 3),
    colour: fc.constantFrom('red', 'blue', 'bad', '1:', ''),
  });
  const turn = fc.array(fc.array(row, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 });

  it('gives the same answers and records the same rows as without one, and runs no row that it keeps', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(turn, { maxLength: 6 }), fc.constantFrom(1, 3, 1_000), async (turns, entries) => {
        const [plain, cached] = [serving(0), serving(entries)];
        for (const requests of turns) {
          await plain.turn(requests);
          await cached.turn(requests);
        }
        expect(cached.answers).toEqual(plain.answers);
        expect(recordedOf(cached.chunks)).toEqual(recordedOf(plain.chunks));
        expect(plain.counts).toMatchObject({ cacheHits: 0, cacheMisses: 0 });
        const { cacheHits, cacheMisses } = cached.counts;
        expect([cacheMisses, cacheHits + cacheMisses]).toEqual([cached.model.rowsRun, plain.model.rowsRun]);
        expect(cached.observed()).toBe(cached.model.attempts);
      }),
      { numRuns: 60 },
    );
  });

  it('runs a row once, whether it comes again in the same run or later', async () => {
    const { turn: next, model, counts, answers } = serving(10);
    const same = { a: 1, b: 2, colour: 'red' };
    await next([
      [same, same],
      [same, { ...same, b: 3 }],
    ]);
    expect([model.rowsRun, counts.cacheHits, counts.cacheMisses]).toEqual([2, 2, 2]);
    expect(counts).toMatchObject({ runs: 1, inferredRows: 2 });
    await next([[same, { ...same, b: 3 }, same]]);
    expect([model.rowsRun, counts.cacheHits, counts.cacheMisses]).toEqual([2, 5, 2]);
    expect(counts).toMatchObject({ runs: 1, inferredRows: 2 });
    expect(new Set(answers).size).toBe(2);
  });
});
