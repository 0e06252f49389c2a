import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Feature, Signature, TensorType } from '#libs/contracts/index.js';
import { categoryLists, readSignature } from '#libs/onnx/index.js';
import { InputBatch, rowEncoder, sampleRows, seededRandom } from './index.js';

const feature = (name: string, type: TensorType, rest: Partial<Feature> = {}): Feature => ({
  ...{ name, type, nullable: false, input: name, index: 0 },
  ...rest,
});

const signatureOf = (...features: Feature[]): Signature => ({
  inputs: features.map(({ name, type, shape }) => ({ name, type, shape: [null, ...(shape ?? [1])] })),
  outputs: [{ name: 'y', type: 'float32', shape: [null, 1], role: 'value' }],
  features,
});

const types = ['float32', 'float64', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool', 'string'] as const;
const everyType = signatureOf(
  ...types.map((type) => feature(type, type)),
  feature('missing', 'float32', { nullable: true }),
  feature('image', 'float32', { index: null, shape: [2, 3] }),
);

const drawn = (signature: Signature, seed: number, rows: number) => [
  ...sampleRows(signature, { rows, random: seededRandom(seed) }),
];

describe('sampleRows', () => {
  it('draws the same rows from the same seed, and others from another', () => {
    expect(JSON.stringify(drawn(everyType, 7, 50))).toBe(JSON.stringify(drawn(everyType, 7, 50)));
    expect(drawn(everyType, 7, 50)).not.toEqual(drawn(everyType, 8, 50));
  });

  it('draws the same rows on every machine', () => {
    expect(drawn(signatureOf(feature('x', 'float32'), feature('n', 'int64')), 1, 2)).toEqual([
      { x: -0.39848792552948, n: 4 },
      { x: 0.5924767255783081, n: 6 },
    ]);
  });

  it('draws rows that the encoder takes, of every type', () => {
    const encoder = rowEncoder(everyType);
    const batch = new InputBatch(encoder.inputColumns);
    for (const [at, row] of drawn(everyType, 3, 200).entries()) expect(encoder.encode(row, batch, at)).toBeNull();
  });

  it('leaves values out where that may be, of mean 0 and variance 1 otherwise', () => {
    const values = drawn(signatureOf(feature('x', 'float32', { nullable: true })), 5, 8000).map(({ x }) => x);
    const numbers = values.filter((value) => typeof value === 'number');
    expect(values.filter((value) => value === null).length).toBe(values.length - numbers.length);
    expect(numbers.length / values.length).toBeCloseTo(7 / 8, 1);
    const mean = numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
    const variance = numbers.reduce((sum, each) => sum + (each - mean) ** 2, 0) / numbers.length;
    expect([mean, variance]).toEqual([expect.closeTo(0, 1), expect.closeTo(1, 1)]);
  });

  it("draws all the categories of the graph's encoders, and no others", () => {
    const bytes = readFileSync(new URL('../../tests/fixtures/models/mixed-pipeline/model.onnx', import.meta.url));
    const read = readSignature(bytes);
    if (!read.ok) throw new Error(read.rejection.detail);
    const categories = categoryLists(bytes);
    const options = { rows: 200, random: seededRandom(1), categories };
    const housing = new Set([...sampleRows(read.value, options)].map((row) => row['housing']));
    expect([...housing].sort()).toEqual([...categories.get('housing')![0]!].sort());
    expect(housing.size).toBeGreaterThan(1);
  });
});

describe('seededRandom', () => {
  it('fills [0, 1) evenly', () => {
    const random = seededRandom(42);
    const counts = new Array<number>(16).fill(0);
    for (let draw = 0; draw < 16_000; draw++) counts[Math.floor(random() * 16)]! += 1;
    // Four deviations of a count of mean 1000.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(4 * Math.sqrt(1000));
  });
});
