/** @jest-environment ./tests/support/onnx-environment.mjs */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { modelBytes, node, readSignature, tensor, valueInfo } from '#libs/onnx/index.js';
import {
  loadModel,
  MicroBatcher,
  type Column,
  type LoadedModel,
  type MicroBatcherOptions,
  type RequestOutcome,
} from './index.js';

/** Looks ten numbers up: an index out of range makes a run fail, as a category or an embedding would. */
const lookUp = modelBytes({
  inputs: [valueInfo('index', 'int64', [null])],
  outputs: [valueInfo('y', 'float32', [null])],
  initializers: [tensor.float32('table', [10], [0, 10, 20, 30, 40, 50, 60, 70, 80, 90])],
  nodes: [node('Gather', ['table', 'index'], ['y'])],
});

let model: LoadedModel;
/** Rows of each run that the model was asked for. */
let runs: number[];

beforeEach(async () => {
  const read = readSignature(lookUp);
  if (!read.ok) throw new Error(read.rejection.detail);
  const loaded = await loadModel(lookUp, read.value);
  if (!loaded.ok) throw new Error(loaded.rejection.message);
  runs = [];
  const inner = loaded.value;
  model = {
    signature: inner.signature,
    encoder: inner.encoder,
    inputColumns: inner.inputColumns,
    outputColumns: inner.outputColumns,
    run: (inputs: readonly Column[], rows: number) => {
      runs.push(rows);
      return inner.run(inputs, rows);
    },
    outputOf: (outputs, row) => inner.outputOf(outputs, row),
    dispose: () => inner.dispose(),
  };
});
afterEach(() => model.dispose());

/** A batcher whose turn of the event loop ends when the test says so. */
function batcherOf(options: MicroBatcherOptions = {}) {
  const tasks: (() => void)[] = [];
  const batcher = new MicroBatcher(model, { ...options, schedule: (task) => tasks.push(task) });
  const endTurn = async () => {
    for (const task of tasks.splice(0)) task();
    await batcher.drain();
  };
  return { batcher, endTurn, tasks };
}

const valuesOf = (outcome: RequestOutcome): unknown => {
  if (!outcome.ok) return outcome.error.code;
  return outcome.slices.flatMap(({ run, firstRow, rows }) =>
    Array.from({ length: rows }, (_, row) => model.outputOf(run.outputs, firstRow + row).value),
  );
};

const indices = (...values: number[]) => values.map((index) => ({ index }));

describe('MicroBatcher', () => {
  it('tells when a run began, when its inputs were ready and when its outputs were there', async () => {
    let time = 0;
    const clock = { now: () => 0, monotonic: () => time };
    const inner = model;
    model = {
      ...inner,
      run: async (inputs: readonly Column[], rows: number) => {
        const outputs = await inner.run(inputs, rows);
        time += 7;
        return outputs;
      },
    };
    const { batcher, endTurn } = batcherOf({ clock });
    const timings: unknown[] = [];
    const done = (outcome: RequestOutcome): void => {
      timings.push(...(outcome.ok ? outcome.slices.map(({ run }) => run.timing) : ['failed']));
    };
    batcher.submit({ index: 1 }, done);
    time = 5;
    await endTurn();
    // A neighbour that fails has each request run again alone.
    batcher.submit({ index: 2 }, done);
    batcher.submit({ index: 99 }, done);
    await endTurn();
    expect(timings).toEqual([
      { begunAt: 5, inputsAt: 5, endedAt: 12 },
      { begunAt: 12, inputsAt: 12, endedAt: 19 },
      'failed',
    ]);
  });

  it('answers the requests of one turn from one run, each with its own rows', async () => {
    const { batcher, endTurn } = batcherOf();
    const answers: unknown[] = [];
    const done = (name: string) => (outcome: RequestOutcome) => answers.push([name, valuesOf(outcome)]);
    expect(batcher.submit({ index: 1 }, done('a'))).toBeNull();
    expect(batcher.submitMany(indices(2, 3, 4), done('b'))).toBeNull();
    expect(batcher.submit({ index: 5 }, done('c'))).toBeNull();
    expect(batcher.pendingRows).toBe(5);
    expect(runs).toEqual([]);
    await endTurn();
    expect(runs).toEqual([5]);
    expect(batcher.pendingRows).toBe(0);
    expect(answers).toEqual([
      ['a', [10]],
      ['b', [20, 30, 40]],
      ['c', [50]],
    ]);
  });

  it('refuses rows at once, leaving no trace of them', async () => {
    const { batcher, endTurn, tasks } = batcherOf({ maxRowsPerRun: 2 });
    const answers: unknown[] = [];
    const done = (outcome: RequestOutcome) => answers.push(valuesOf(outcome));
    expect(batcher.submit({ index: 'x' }, done)).toMatchObject({ code: 'ill_typed_feature' });
    expect(tasks).toHaveLength(0);
    batcher.submit({ index: 1 }, done);
    expect(batcher.submitMany([...indices(2, 3, 4), {}], done)).toMatchObject({ code: 'missing_feature', row: 3 });
    batcher.submit({ index: 5 }, done);
    batcher.submit({ index: 6 }, done);
    expect(batcher.pendingRows).toBe(3);
    await endTurn();
    expect(answers).toEqual([[10], [50], [60]]);
    expect(runs).toEqual([2, 1]);
  });

  it('cuts large requests and fills runs with the rows of others', async () => {
    const { batcher, endTurn } = batcherOf({ maxRowsPerRun: 4 });
    const answers: unknown[] = [];
    const done = (name: string) => (outcome: RequestOutcome) => answers.push([name, valuesOf(outcome)]);
    batcher.submit({ index: 9 }, done('a'));
    batcher.submitMany(indices(0, 1, 2, 3, 4, 5, 6, 7, 8), done('b'));
    batcher.submit({ index: 1 }, done('c'));
    await endTurn();
    expect(runs).toEqual([4, 4, 3]);
    expect(answers).toEqual([
      ['a', [90]],
      ['b', [0, 10, 20, 30, 40, 50, 60, 70, 80]],
      ['c', [10]],
    ]);
  });

  it('fails only the request whose rows fail', async () => {
    const { batcher, endTurn } = batcherOf();
    const answers: unknown[] = [];
    const done = (outcome: RequestOutcome) => answers.push(valuesOf(outcome));
    batcher.submit({ index: 1 }, done);
    const failed: (readonly Column[])[] = [];
    batcher.submitMany(indices(2, 99), (outcome) => {
      done(outcome);
      failed.push(...outcome.slices.map(({ run }) => run.inputs));
    });
    batcher.submitMany(indices(3, 4), done);
    await endTurn();
    expect(failed.map(([column]) => [...column!.data])).toEqual([[2n, 99n]]);
    expect(answers).toEqual([[10], 'model_failed', [30, 40]]);
    expect(runs).toEqual([5, 1, 2, 2]);
  });

  it('fails a cut request once, when its last part is known', async () => {
    const { batcher, endTurn } = batcherOf({ maxRowsPerRun: 2 });
    const outcomes: RequestOutcome[] = [];
    batcher.submitMany(indices(1, 2, 99, 3, 4), (outcome) => outcomes.push(outcome));
    await endTurn();
    expect(outcomes.map(valuesOf)).toEqual(['model_failed']);
    const inputs = outcomes[0]!.slices.flatMap(({ run, firstRow, rows }) =>
      [...run.inputs[0]!.data].slice(firstRow, firstRow + rows),
    );
    expect(inputs).toEqual([1n, 2n, 99n, 3n, 4n]);
    expect(runs).toEqual([2, 2, 1]);
  });

  it('takes rows while a run is under way and runs them next', async () => {
    const { batcher, endTurn, tasks } = batcherOf();
    const answers: unknown[] = [];
    batcher.submit({ index: 1 }, (outcome) => {
      answers.push(valuesOf(outcome));
      batcher.submit({ index: 2 }, (next) => answers.push(valuesOf(next)));
    });
    await endTurn();
    expect(answers).toEqual([[10], [20]]);
    expect(tasks).toHaveLength(0);
    expect(runs).toEqual([1, 1]);
  });

  it('gives the inputs of a run, and uses their buffers again only once released', async () => {
    const { batcher, endTurn } = batcherOf();
    const kept: Extract<RequestOutcome, { ok: true }>[] = [];
    const keep = (outcome: RequestOutcome) => {
      if (outcome.ok) kept.push(outcome);
    };
    for (const index of [1, 2, 3]) {
      batcher.submit({ index }, keep);
      await endTurn();
      if (index === 2) kept[1]!.slices[0]!.run.release();
    }
    const inputs = kept.map(({ slices }) => slices[0]!.run.inputs[0]!.data);
    expect([...inputs[0]!]).toEqual([1n]);
    expect([...inputs[2]!]).toEqual([3n]);
    const bufferOf = (data: Column['data']) => (data as BigInt64Array).buffer;
    expect(bufferOf(inputs[2]!)).toBe(bufferOf(inputs[1]!));
    expect(bufferOf(inputs[2]!)).not.toBe(bufferOf(inputs[0]!));
  });

  it('fails what is pending when the model is disposed of, and drains', async () => {
    const { batcher, endTurn } = batcherOf();
    const answers: unknown[] = [];
    batcher.submit({ index: 1 }, (outcome) => answers.push(valuesOf(outcome)));
    batcher.submit({ index: 2 }, (outcome) => answers.push(valuesOf(outcome)));
    await model.dispose();
    await endTurn();
    expect(answers).toEqual(['model_disposed', 'model_disposed']);
    expect(runs).toEqual([2]);
  });

  it('does not run a request whose deadline has passed, and runs those that it was gathered with', async () => {
    const clock = { time: 0, now: () => 0, monotonic: () => clock.time };
    const { batcher, endTurn } = batcherOf({ clock });
    const answers: unknown[] = [];
    const inputs: number[][] = [];
    const done = (name: string) => (outcome: RequestOutcome) => {
      answers.push([name, valuesOf(outcome)]);
      inputs.push(
        outcome.slices.flatMap(({ run, firstRow, rows }) =>
          [...(run.inputs[0]!.data as BigInt64Array)].slice(firstRow, firstRow + rows).map(Number),
        ),
      );
    };
    batcher.submit({ index: 1 }, done('patient'));
    batcher.submitMany(indices(2, 3), done('late'), 10);
    batcher.submitMany(indices(4, 5), done('in time'), 11);
    batcher.submit({ index: 6 }, done('late too'), 5);
    batcher.submit({ index: 7 }, done('patient'));
    clock.time = 10;
    await endTurn();
    expect(runs).toEqual([4]);
    expect(answers).toEqual([
      ['late', 'deadline_exceeded'],
      ['late too', 'deadline_exceeded'],
      ['patient', [10]],
      ['in time', [40, 50]],
      ['patient', [70]],
    ]);
    expect(inputs).toEqual([[2, 3], [6], [1], [4, 5], [7]]);
    expect(batcher.pendingRows).toBe(0);
  });

  it('runs nothing when nobody waits any more, and takes no part of a cut request for its whole', async () => {
    const clock = { time: 0, now: () => 0, monotonic: () => clock.time };
    const { batcher, endTurn } = batcherOf({ clock, maxRowsPerRun: 2 });
    const answers: unknown[] = [];
    batcher.submit({ index: 1 }, (outcome) => answers.push(valuesOf(outcome)), 10);
    clock.time = 20;
    await endTurn();
    expect([answers, runs]).toEqual([['deadline_exceeded'], []]);

    const inner = model.run.bind(model);
    model.run = (inputs, rows) => {
      clock.time += 1;
      return inner(inputs, rows);
    };
    const late = new MicroBatcher(model, { clock, maxRowsPerRun: 2 });
    const outcomes: RequestOutcome[] = [];
    late.submitMany(indices(1, 2, 3, 4, 5), (outcome) => outcomes.push(outcome), 22);
    await late.drain();
    expect(runs).toEqual([2, 2]);
    expect(outcomes.map(valuesOf)).toEqual(['deadline_exceeded']);
    expect(outcomes[0]!.slices.map(({ rows }) => rows)).toEqual([2, 2, 1]);
  });

  it('gathers on setImmediate when nothing else is sai', async () => {
    const batcher = new MicroBatcher(model);
    const answers: unknown[] = [];
    for (const index of [1, 2]) batcher.submit({ index }, (outcome) => answers.push(valuesOf(outcome)));
    await Promise.resolve();
    expect(runs).toEqual([]);
    await batcher.drain();
    expect(runs).toEqual([2]);
    expect(answers).toEqual([[10], [20]]);
  });

  it('refuses empty requests and impossible bounds', () => {
    expect(() => new MicroBatcher(model, { maxRowsPerRun: 0 })).toThrow(
      'maxRowsPerRun: expected a positive integer, got 0',
    );
    expect(() => new MicroBatcher(model).submitMany([], () => undefined)).toThrow('expected at least one row');
  });
});
