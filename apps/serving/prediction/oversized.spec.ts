import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Signature } from '#libs/contracts/index.js';
import { StreamTimeout, type PublishSettled } from '#libs/event-log/index.js';
import { rowEncoder, type Column, type LoadedModel } from '#libs/inference/index.js';
import { systemClock } from '#libs/kernel/index.js';
import { servableOf, type Servable } from '../models/servable.js';
import { Recorder } from '../recording/recorder.js';
import { rowBytes } from '../recording/row-size.js';
import type { Rollout } from '../routing/routing-table.js';
import { TrafficCounts } from '../traffic-counts.js';
import type { PredictContext } from './context.js';
import { oversizedColumns, oversizedRow } from './oversized.js';

const epoch = '01900000-0000-7000-8000-000000000001';
const maxPayload = 2 ** 20;
/** As a serving process has it of a server with that bound; the headers of a message take part of the difference. */
const context = { maxRecordedBytes: maxPayload - 16 * 1024 } as PredictContext;
const headerBytes = 1024;

interface Shape {
  /** Graph inputs of one text each, and elements of one more input of floats. */
  readonly texts: number;
  readonly floats: number;
  readonly probabilities: number;
  readonly classes: readonly string[];
}

function signatureOf({ texts, floats, probabilities, classes }: Shape): Signature {
  const names = Array.from({ length: texts }, (_, index) => `a feature whose name is long ${index}`);
  const numbers = Array.from({ length: floats }, (_, index) => `n${index}`);
  return {
    inputs: [
      ...names.map((name) => ({ name, type: 'string' as const, shape: [null, 1] })),
      { name: 'x', type: 'float32', shape: [null, floats] },
    ],
    outputs: [
      { name: 'label', type: 'string', shape: [null], role: 'label' },
      { name: 'p', type: 'float32', shape: [null, probabilities], role: 'probabilities' },
    ],
    features: [
      ...names.map((name) => ({ name, type: 'string' as const, nullable: false, input: name, index: 0 })),
      ...numbers.map((name, index) => ({ name, type: 'float32' as const, nullable: false, input: 'x', index })),
    ],
    classes: [...classes],
  };
}

function servableWith(shape: Shape): Servable {
  const signature = signatureOf(shape);
  const encoder = rowEncoder(signature);
  const model: LoadedModel = {
    ...{ signature, encoder, inputColumns: encoder.inputColumns },
    outputColumns: [
      { name: 'label', type: 'string', width: 1, role: 'label' },
      { name: 'p', type: 'float32', width: shape.probabilities, role: 'probabilities' },
    ],
    run: () => Promise.reject(new Error('it is not run')),
    outputOf: () => ({ value: 0 }),
    dispose: () => Promise.resolve(),
  };
  const rollout: Rollout = {
    ...{ rolloutId: 'r', deployment: 'd', model: 'm', version: '1.0.0', artifact: 'sha256:0', signature },
    ...{ recording: 'acknowledged', requestId: 'e', requestedSeq: 1, requestedAt: 0, correlationId: 'c' },
    ...{ loadTimeoutS: 60, championSeq: null, strategy: { type: 'direct' }, prepared: false, cutOff: null },
  };
  const writer = { instance: 'i', epoch };
  return servableOf(rollout, model, new TrafficCounts('d', 'm@1.0.0'), {
    writer,
    maxRowsPerRun: 1,
    clock: systemClock,
  });
}

/** A row whose first text is `length` bytes long, and its outputs with the longest class. */
function rowOf({ model: { signature, inputColumns, outputColumns } }: Servable, length: number) {
  const columns = inputColumns.map(({ name, type, width }, index): Column => {
    if (type !== 'string') return { name, type, width, data: new Float32Array(width) };
    return { name, type, width, data: ['t'.repeat(index === 0 ? length : 1)] };
  });
  const label = (signature.classes as string[]).reduce((one, other) =>
    Buffer.byteLength(one) > Buffer.byteLength(other) ? one : other,
  );
  const outputs: Column[] = [
    { name: 'label', type: 'string', width: 1, data: [label] },
    { name: 'p', type: 'float32', width: outputColumns[1]!.width, data: new Float32Array(outputColumns[1]!.width) },
  ];
  const input = Object.fromEntries(
    signature.features.map(({ name, type }, index) => [name, type !== 'string' ? 0 : columns[index]!.data[0]!]),
  );
  return { columns, outputs, input };
}

const narrow = servableWith({ texts: 1, floats: 1, probabilities: 1, classes: ['a'] });

/** Bytes of the row's message, with the longest ids and as many given-up counters as a chunk names. */
function messageBytes(servable: Servable, inputs: readonly Column[], outputs: readonly Column[]): number {
  const sizes: number[] = [];
  const settlers: PublishSettled[] = [];
  const recorder = new Recorder({
    epoch,
    clock: systemClock,
    schedule: () => undefined,
    publisher: {
      publishWith: ({ data }, settled) => {
        sizes.push(data.length);
        settlers.push(settled);
      },
    },
  });
  const request = { stored: () => undefined, notStored: () => undefined };
  const longest = '€'.repeat(256);
  const part = { request, requestRow: 0, rows: 1, beganAt: 0 };
  const ids = { requestId: longest, subjectId: longest, routingKey: longest };
  for (let chunk = 0; chunk < 1_001; chunk++) {
    recorder.refused(narrow.recorded, 1, { ...part, ...ids }, 'invalid_request', '');
    recorder.flush();
  }
  for (const settled of settlers) settled(new StreamTimeout('publish'), 0);
  const run = { rows: 1, inputs, outputs, timing: { begunAt: 0, inputsAt: 0, endedAt: 0 }, release: () => undefined };
  recorder.served(servable.recorded, Number.MAX_SAFE_INTEGER, { ...part, ...ids }, run, 0);
  recorder.flush();
  return sizes.at(-1)!;
}

it('takes the longest row of texts that a message holds with its schema, and no longer one', () => {
  const shape = fc.record({
    texts: fc.integer({ min: 1, max: 1_500 }),
    floats: fc.integer({ min: 1, max: 4 }),
    probabilities: fc.integer({ min: 1, max: 20_000 }),
    classes: fc.array(fc.string({ minLength: 1, maxLength: 1_000, unit: 'grapheme' }), { minLength: 1, maxLength: 3 }),
  });
  fc.assert(
    fc.property(shape, (given) => {
      const servable = servableWith(given);
      const { schemaBytes, outputBytes } = servable.recorded;
      const most = context.maxRecordedBytes - schemaBytes - outputBytes;
      const length = most - rowBytes(rowOf(servable, 0).columns, 0);
      const { columns, outputs, input } = rowOf(servable, length);
      expect(oversizedRow(context, servable, input, 'input')).toBeNull();
      expect(oversizedColumns(context, servable, columns, 1)).toBeNull();
      expect(messageBytes(servable, columns, outputs)).toBeLessThanOrEqual(maxPayload - headerBytes);

      const longer = rowOf(servable, length + 1);
      expect(oversizedRow(context, servable, longer.input, 'input')).toMatchObject({
        ...{ code: 'payload_too_large', detail: `input takes ${most + 1} bytes, at most ${most} can be recorded` },
        errors: [{ path: 'input', message: `expected at most ${most} bytes` }],
      });
      expect(oversizedColumns(context, servable, longer.columns, 1)).toMatchObject({ code: 'payload_too_large' });
    }),
    { numRuns: 6 },
  );
});
