import { describe, expect, it } from '@jest/globals';
import { encodePredictionId, epochCheck, type Chunk } from '#libs/contracts/index.js';
import type { Answer } from './ledger.js';
import { lookUp, type StoredChunk } from './recorded-answers.js';

const epoch = 'epoch-1';

/** Two rows, answered with their labels, of requests `a` and `b` unless said otherwise. */
const stored = (seq: number, counter: number, requestIds: readonly string[] = ['a', 'b']): StoredChunk => {
  const chunk: Chunk = {
    schema: {
      ...{ deployment: 'd', routing_seq: 3, epoch, instance: 'serving-0-x', inputs: [] },
      arms: [{ role: 'live', model: 'm', version: '1.0.0', rollout_id: 'r', artifact: 'x' }],
      outputs: [{ name: 'label', type: 'int64', width: 1, role: 'label' }],
    },
    ...{ counter, givenUp: [], beganAt: 0, served: 2, failed: 0, refused: 0, requestIds },
    arm: Uint8Array.of(0, 0),
    latencyUs: Uint32Array.of(1, 1),
    beganOffsetUs: Uint32Array.of(0, 0),
    ...{ codes: [], details: [], inputs: [], outputs: [BigInt64Array.of(7n, 8n)] },
  };
  return { seq, chunk };
};

const answered = (
  requestId: string,
  row: number,
  changed: Partial<Answer> & { readonly seq?: number } = {},
): Answer => {
  const { seq = 5, ...others } = changed;
  const predictionId = encodePredictionId({ seq, row, check: epochCheck(epoch) });
  return { ...{ predictionId, requestId, version: '1.0.0', output: { label: 7 + row } }, ...others };
};

const check = (answers: readonly Answer[], ...chunks: StoredChunk[]) =>
  lookUp(answers, chunks, () => Promise.resolve(undefined));

describe('answers beside the log', () => {
  it('are found as they were given; a chunk that was stored again is the same', async () => {
    const answers = [answered('a', 0), answered('b', 1)];
    expect(await check(answers, stored(4, 1, ['x', 'y']), stored(5, 2), stored(6, 2))).toEqual({
      lost: [],
      doubled: [],
    });
  });

  it.each<[string, Answer, string]>([
    ['is not there', answered('a', 0, { seq: 9 }), 'not in the log'],
    ['has an id that names no place', answered('a', 0, { predictionId: 'prediction' }), 'not in the log'],
    [
      'is of another writer',
      answered('a', 0, { predictionId: encodePredictionId({ seq: 5, row: 0, check: 1 }) }),
      'another chunk',
    ],
    ['names a row too many', answered('a', 2), 'another chunk'],
    ['is of another request', answered('b', 0), '"request_id":"a"'],
    ['is of another version', answered('a', 0, { version: '2.0.0' }), '"version":"1.0.0"'],
    ['has another output', answered('a', 0, { output: { label: 8 } }), '"label":7'],
  ])('are lost where one %s', async (_what, answer, why) => {
    expect(await check([answered('b', 1), answer], stored(5, 2))).toMatchObject({
      lost: [expect.stringContaining(why)],
    });
  });

  it('are doubled where two have one id, or one request is recorded in two places', async () => {
    const twice = answered('a', 0);
    expect((await check([twice, twice], stored(5, 2))).doubled).toEqual([`${twice.predictionId} was given twice`]);
    expect((await check([twice], stored(5, 2), stored(6, 3, ['c', 'a']))).doubled).toEqual([
      `a is recorded at ${epoch} 2 0 and at ${epoch} 3 1`,
    ]);
  });
});
