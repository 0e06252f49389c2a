import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ChunkMalformed } from './chunk-layout.js';
import { encodeChunkSchema, type ChunkSchema } from './chunk-schema.js';
import type { ChunkRows } from './chunk.js';
import { decodeChunk } from './decode-chunk.js';
import { encodeChunk } from './encode-chunk.js';
import { decodePredictionId, encodePredictionId, epochCheck } from './prediction-id.js';

const schema: ChunkSchema = {
  deployment: 'fraud',
  routing_seq: 7,
  epoch: 'e1',
  instance: 'serving-0',
  arms: [{ role: 'live', model: 'm', version: '1.0.0', rollout_id: 'r', artifact: 'sha256:0' }],
  inputs: [
    { name: 'amount', type: 'float32', width: 1, features: ['amount'] },
    { name: 'country', type: 'string', width: 1, features: ['country'] },
    { name: 'image', type: 'float64', width: 2, features: ['image'], shape: [1, 2] },
  ],
  outputs: [
    { name: 'label', type: 'int64', width: 1, role: 'label' },
    { name: 'probabilities', type: 'float32', width: 2, role: 'probabilities' },
  ],
};

const rowsOf = (served: number, failed: number, refused: number, text: string): ChunkRows => {
  const all = served + failed + refused;
  return {
    counter: 3,
    givenUp: [1, 2],
    beganAt: 1_700_000_000_000,
    served,
    failed,
    refused,
    arm: new Uint8Array(all),
    latencyUs: Uint32Array.from({ length: all }, (_, row) => row),
    beganOffsetUs: Uint32Array.from({ length: all }, (_, row) => 10 * row),
    requestIds: Array.from({ length: all }, (_, row) => (row % 2 ? text + String(row) : undefined)),
    codes: Array.from({ length: failed + refused }, () => 'missing_feature'),
    details: Array.from({ length: failed + refused }, () => '["amount"]'),
    inputs: [
      Float32Array.from({ length: served + failed }, (_, row) => row / 3),
      Array.from({ length: served + failed }, (_, row) => text + String(row)),
      Float64Array.from({ length: 2 * (served + failed) }, (_, row) => row / 3),
    ],
    outputs: [
      BigInt64Array.from({ length: served }, (_, row) => BigInt(row)),
      Float32Array.from({ length: 2 * served }, (_, row) => row),
    ],
  };
};

describe('chunk', () => {
  it('gives back what was encoded, wherever the bytes stand in their buffer', () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.nat(5),
        fc.nat(5),
        fc.string({ unit: 'grapheme' }),
        fc.nat(7),
        (served, failed, refused, text, shift) => {
          const rows = rowsOf(served, failed, refused, text);
          const bytes = encodeChunk(schema, encodeChunkSchema(schema), rows);
          const shifted = new Uint8Array(bytes.length + shift);
          shifted.set(bytes, shift);
          expect(decodeChunk(shifted.subarray(shift))).toEqual({ schema, queued: 0, ...rows });
        },
      ),
    );
  });

  it('takes columns longer than their rows: buffers are reused', () => {
    const rows = rowsOf(2, 0, 0, 'x');
    const longer = {
      ...rows,
      inputs: [new Float32Array([1, 2, 99]), ['a', 'b', 'left over'], new Float64Array([1, 2, 3, 4, 99])],
    };
    const decoded = decodeChunk(encodeChunk(schema, encodeChunkSchema(schema), longer));
    expect(decoded.inputs).toEqual([new Float32Array([1, 2]), ['a', 'b'], new Float64Array([1, 2, 3, 4])]);
  });

  it('refuses columns shorter than their rows: what lies behind them in memory is not theirs', () => {
    const rows = rowsOf(2, 0, 0, 'x');
    const [, text, image] = rows.inputs;
    const memory = new Float32Array([1, 2, 3, 4]);
    for (const changes of [
      { inputs: [memory.subarray(0, 1), text!, image!] },
      { inputs: [memory, ['only one'], image!] },
      { arm: new Uint8Array(1) },
      { latencyUs: new Uint32Array(4).subarray(0, 1) },
    ])
      expect(() => encodeChunk(schema, encodeChunkSchema(schema), { ...rows, ...changes })).toThrow(RangeError);
  });

  it('takes damaged bytes for another chunk or refuses them, whichever byte it is', () => {
    const bytes = encodeChunk(schema, encodeChunkSchema(schema), rowsOf(3, 1, 1, 'text'));
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Uint8Array.from(bytes);
      damaged[at]! ^= 1 << (at & 7);
      let failure: unknown;
      try {
        decodeChunk(damaged);
      } catch (error) {
        failure = error;
      }
      if (failure !== undefined) expect(failure).toBeInstanceOf(ChunkMalformed);
    }
  });

  it('refuses truncated and foreign bytes', () => {
    const bytes = encodeChunk(schema, encodeChunkSchema(schema), rowsOf(3, 1, 1, 'text'));
    for (let length = 0; length < bytes.length - 8; length += 8)
      expect(() => decodeChunk(bytes.subarray(0, length))).toThrow(ChunkMalformed);
    expect(() => decodeChunk(Buffer.from('{"deployment":"x"}'))).toThrow("does not begin with 'MPC1'");
  });
});

describe('prediction id', () => {
  it('is 16 characters and gives its locator back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 48 - 1 }),
        fc.integer({ min: 0, max: 65535 }),
        fc.string(),
        (seq, row, epoch) => {
          const locator = { seq, row, check: epochCheck(epoch) };
          const id = encodePredictionId(locator);
          expect(id).toHaveLength(16);
          expect(decodePredictionId(id)).toEqual(locator);
        },
      ),
    );
  });
  it('is nothing else', () => {
    for (const text of ['', 'x', 'AAAAAAAAAAAAAAAA', '!!!!!!!!!!!!!!!!', 'AAAAAAAAAAAAAAAAA'])
      expect(decodePredictionId(text)).toBeUndefined();
  });
});
