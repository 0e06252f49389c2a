import { describe, expect, it } from '@jest/globals';
import type { Signature } from '#libs/contracts/index.js';
import type { Column } from '#libs/inference/index.js';
import { predictionIds, rowId, unacknowledgedIds } from '../recording/prediction-ids.js';
import { batchAnswer } from './batch-answer.js';
import { outputBytesWriter } from './output-writer.js';

const epoch = '01900000-0000-7000-8000-000000000001';
const signature: Signature = {
  inputs: [],
  features: [],
  outputs: [{ name: 'y', role: 'value', type: 'float32', shape: [null, 1] }],
};
const outputColumns = [{ name: 'y', type: 'float32', role: 'value', width: 1 } as const];
const servable = {
  rowMiddle: Buffer.from('","version":"1.0.0","output":'),
  writeOutputBytes: outputBytesWriter({ signature, outputColumns, outputOf: () => ({}) }),
};
const outputsOf = (...values: number[]): Column[] => [
  { name: 'y', type: 'float32', width: 1, data: Float32Array.from(values) },
];
const parsed = (answer: Buffer): unknown => JSON.parse(answer.toString('utf8'));

describe('the answer of a batch', () => {
  it('joins rows of several runs with ids of several chunks, wherever each is cut', () => {
    const first = predictionIds(epoch)(7);
    const second = predictionIds(epoch)(9);
    const answer = batchAnswer(
      servable,
      [
        { outputs: outputsOf(-1, 0.5, 1.5), firstRow: 1, rows: 2 },
        { outputs: outputsOf(2.5, 3.5), firstRow: 0, rows: 2 },
      ],
      [
        { ids: first, chunkRow: 40, requestRow: 0, rows: 1 },
        { ids: second, chunkRow: 0, requestRow: 1, rows: 3 },
      ],
    );
    const row = (prediction_id: string, value: number) => ({ prediction_id, version: '1.0.0', output: { value } });
    expect(parsed(answer)).toEqual({
      predictions: [
        row(rowId(first, 40), 0.5),
        row(rowId(second, 0), 1.5),
        row(rowId(second, 1), 2.5),
        row(rowId(second, 2), 3.5),
      ],
    });
  });

  it('names rows that are not acknowledged yet', () => {
    const ids = unacknowledgedIds(epoch, 3);
    const answer = batchAnswer(
      servable,
      [{ outputs: outputsOf(1), firstRow: 0, rows: 1 }],
      [{ ids, chunkRow: 12, requestRow: 0, rows: 1 }],
    );
    expect(parsed(answer)).toMatchObject({ predictions: [{ prediction_id: `u.${epoch}.3.12` }] });
  });
});
