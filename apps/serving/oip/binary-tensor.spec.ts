import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Column } from '#libs/contracts/index.js';
import type { Datatype, TensorData } from './protocol.js';
import { decodeBinary, encodeBinary } from './binary-tensor.js';

/** Tensors of every datatype with any bits. */
const typedArrays: Record<Exclude<Datatype, 'BYTES'>, fc.Arbitrary<TensorData>> = {
  BOOL: fc.uint8Array({ max: 1, maxLength: 40 }),
  UINT8: fc.uint8Array({ maxLength: 40 }),
  UINT16: fc.uint16Array({ maxLength: 40 }),
  UINT32: fc.uint32Array({ maxLength: 40 }),
  UINT64: fc.bigUint64Array({ maxLength: 40 }),
  INT8: fc.int8Array({ maxLength: 40 }),
  INT16: fc.int16Array({ maxLength: 40 }),
  INT32: fc.int32Array({ maxLength: 40 }),
  INT64: fc.bigInt64Array({ maxLength: 40 }),
  FP32: fc.float32Array({ maxLength: 40 }),
  FP64: fc.float64Array({ maxLength: 40 }),
};
const datatypes = Object.keys(typedArrays) as (keyof typeof typedArrays)[];

/** The bytes behind `offset` others, as a tensor stands in a body. */
const placedAt = (bytes: Uint8Array, offset: number): Buffer => {
  const body = Buffer.from(new ArrayBuffer(offset + bytes.length + 3));
  body.set(bytes, offset);
  return body.subarray(offset, offset + bytes.length);
};

describe('the binary form', () => {
  it.each(datatypes)('gives %s back bit by bit, wherever it stands', (datatype) => {
    fc.assert(
      fc.property(typedArrays[datatype], fc.integer({ min: 0, max: 9 }), (data, offset) => {
        const bytes = encodeBinary({ name: 't', datatype, shape: [data.length], data: data as Column });
        const decoded = decodeBinary(datatype, [data.length], placedAt(bytes, offset));
        expect(decoded).toEqual({ ok: true, value: data });
      }),
    );
  });

  it('gives texts back, wherever they stand', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), fc.integer({ min: 0, max: 9 }), (data, offset) => {
        const bytes = encodeBinary({ name: 't', datatype: 'BYTES', shape: [data.length], data });
        expect(decodeBinary('BYTES', [data.length], placedAt(bytes, offset))).toEqual({ ok: true, value: data });
      }),
    );
  });

  it('has the layout of the specification', () => {
    const texts = encodeBinary({ name: 't', datatype: 'BYTES', shape: [2], data: ['é', ''] });
    expect([...texts]).toEqual([2, 0, 0, 0, 0xc3, 0xa9, 0, 0, 0, 0]);
    const numbers = encodeBinary({ name: 't', datatype: 'FP32', shape: [1], data: Float32Array.of(1) });
    expect([...numbers]).toEqual([0, 0, 0x80, 0x3f]);
  });

  it('takes no other number of bytes than the shape has', () => {
    fc.assert(
      fc.property(fc.constantFrom(...datatypes), fc.nat(20), fc.nat(200), (datatype, elements, bytes) => {
        const decoded = decodeBinary(datatype, [elements], Buffer.alloc(bytes));
        expect(decoded.ok).toBe(decoded.ok ? (decoded.value as Uint8Array).byteLength === bytes : false);
        if (!decoded.ok) expect(decoded.rejection).toMatch(/^expected \d+ bytes for \d+ elements of/);
      }),
    );
  });

  it.each<[string, number, number[], string]>([
    ['a length cut off', 1, [1, 0, 0], 'element 0 ends within its length'],
    ['a text cut off', 1, [3, 0, 0, 0, 65], 'element 0: expected 3 bytes, 1 are left'],
    ['other bytes than UTF-8', 1, [1, 0, 0, 0, 0xff], 'element 0 is not UTF-8'],
    ['too few texts', 2, [1, 0, 0, 0, 65], 'expected 2 elements, got 1'],
    ['too many texts', 1, [0, 0, 0, 0, 0, 0, 0, 0], 'expected 1 elements, got 2'],
  ])('refuses %s', (_what, elements, bytes, reason) => {
    expect(decodeBinary('BYTES', [elements], Buffer.from(bytes))).toEqual({ ok: false, rejection: reason });
  });

  it('never fails otherwise, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(5), (bytes, elements) => {
        const decoded = decodeBinary('BYTES', [elements], Buffer.from(bytes));
        if (decoded.ok) expect(decoded.value).toHaveLength(elements);
        else expect(decoded.rejection).not.toBe('');
      }),
    );
  });
});
