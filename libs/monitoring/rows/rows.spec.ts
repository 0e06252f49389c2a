import { describe, expect, it } from '@jest/globals';
import type { Chunk, ChunkSchema } from '#libs/contracts/index.js';
import { artifact, chunkOf, deployment, model } from '../testing/messages.js';
import { Layout } from '../windows/layout.js';
import { OpenWindow } from '../windows/open-window.js';
import { CategoryCodes } from './category-codes.js';
import { inputColumns, outputColumns } from './column-names.js';
import { numberInText } from './numbers-in-text.js';
import { refusedColumns } from './refused-columns.js';
import { countBefore, sliceOf, versionRows } from './version-rows.js';

describe('columns of a chunk', () => {
  it('are named by its features, elements of arrays by their place', () => {
    const { columns, tooWide } = inputColumns({
      inputs: [
        { name: 'x', type: 'float32', width: 2, features: ['age', 'income'] },
        { name: 'v', type: 'float32', width: 3, features: ['embedding'], shape: [3] },
        { name: 'image', type: 'uint8', width: 1024, features: ['image'], shape: [32, 32] },
        { name: 'plan', type: 'string', width: 1, features: ['plan'] },
      ],
    });
    expect(columns.map(({ name, place, offset, width }) => [name, place, offset, width])).toEqual([
      ['age', 0, 0, 2],
      ['income', 0, 1, 2],
      ['embedding[0]', 1, 0, 3],
      ['embedding[1]', 1, 1, 3],
      ['embedding[2]', 1, 2, 3],
      ['plan', 3, 0, 1],
    ]);
    expect(tooWide).toEqual(['image']);
  });

  it('are counted whatever their type, without a reference', () => {
    const schema: ChunkSchema = {
      ...{ deployment, routing_seq: 1, epoch: 'e', instance: 'i' },
      arms: [{ role: 'live', model, version: '1.0.0', rollout_id: 'r', artifact }],
      inputs: [
        { name: 'count', type: 'int64', width: 1, features: ['count'] },
        { name: 'member', type: 'bool', width: 1, features: ['member'] },
        { name: 'level', type: 'int8', width: 1, features: ['level'] },
      ],
      outputs: [{ name: 'l', type: 'int64', width: 1, role: 'label' }],
    };
    const chunk: Chunk = {
      ...{ schema, counter: 1, givenUp: [], beganAt: 0, served: 4, failed: 0, refused: 0, codes: [], details: [] },
      ...{ arm: new Uint8Array(4), latencyUs: new Uint32Array(4), beganOffsetUs: new Uint32Array(4) },
      inputs: [BigInt64Array.of(1n, -2n, 3n, 2n ** 40n), Uint8Array.of(0, 1, 1, 1), Int8Array.of(-1, -1, -1, 5)],
      outputs: [BigInt64Array.of(7n, 7n, 8n, -9n)],
    };
    const layout = Layout.ofChunks(schema, null);
    const at = { seq: 1, logTime: 0 };
    const begun = { layout, withoutReference: null, sharers: 1 };
    const window = OpenWindow.begin({ deployment, model, version: '1.0.0' }, 1, begun, { seq: 1, row: 0 }, at);
    window.add(chunk, { from: 0, to: 4 }, at);
    expect(window.features.figures().map(({ name, min, max, distinct }) => [name, min, max, distinct])).toEqual([
      ['count', -2, 2 ** 40, 4],
      ['member', null, null, 2],
      ['level', -1, 5, 2],
    ]);
    expect(window.outputs.textsOf(0)).toEqual(['7', '8', '-9']);
  });

  it('that a chunk does not have are not counted, and others not either', () => {
    const one = chunkOf({ features: { a: [1, 2], b: [3, 4] } });
    const other = chunkOf({ features: { b: [5], c: [6] } });
    const at = { seq: 1, logTime: 0 };
    const begun = { layout: Layout.ofChunks(one.schema, null), withoutReference: null, sharers: 1 };
    const window = OpenWindow.begin({ deployment, model, version: '1.0.0' }, 1, begun, { seq: 1, row: 0 }, at);
    window.add(one, { from: 0, to: 2 }, at);
    window.add(other, { from: 0, to: 1 }, at);
    expect(window.features.figures().map(({ name, rows, max }) => [name, rows, max])).toEqual([
      ['a', 2, 2],
      ['b', 3, 5],
    ]);
    expect(begun.layout.fits(other.schema, null)).toBe(false);
  });

  it('of answers are named as in a baseline', () => {
    const names = (outputs: Parameters<typeof outputColumns>[0]['outputs'], classes?: string[]) =>
      outputColumns({ outputs, ...(classes ? { classes } : {}) }).columns.map(({ name }) => name);
    const label = { name: 'l', type: 'int64', width: 1, role: 'label' } as const;
    const probabilities = { name: 'p', type: 'float32', width: 2, role: 'probabilities' } as const;
    const value = { name: 'y', type: 'float32', width: 1, role: 'value' } as const;
    expect(names([label, probabilities], ['a', 'b'])).toEqual(['label', 'probabilities.a', 'probabilities.b']);
    expect(names([label, probabilities])).toEqual(['label', 'probabilities.0', 'probabilities.1']);
    expect(names([value])).toEqual(['value']);
    expect(names([{ ...value, width: 2 }])).toEqual(['value[0]', 'value[1]']);
    expect(names([value, { ...value, name: 'z' }])).toEqual(['value.y', 'value.z']);
  });
});

describe('rows of a version', () => {
  it('are found by their arms, two arms of one version together', () => {
    const chunk = chunkOf(
      { features: { x: [1, 2, 3, 4, 5] } },
      { arms: ['1.0.0', '2.0.0', '1.0.0'], armOf: [0, 1, 2, 1, 0] },
    );
    expect(versionRows(chunk).map(({ version, rows }) => [version, [...(rows as Int32Array)]])).toEqual([
      ['1.0.0', [0, 2, 4]],
      ['2.0.0', [1, 3]],
    ]);
    expect(versionRows(chunkOf({ features: { x: [] } }))).toEqual([]);
  });

  it('are counted and cut alike whether they are a range or a list', () => {
    const list = Int32Array.of(2, 3, 4, 5, 6);
    const range = { from: 2, to: 7 };
    for (const row of [0, 2, 4, 7, 9]) expect(countBefore(range, row)).toBe(countBefore(list, row));
    expect(sliceOf(range, 1, 3)).toEqual({ from: 3, to: 5 });
    expect(sliceOf(list, 1, 3)).toEqual(Int32Array.of(3, 4));
  });
});

describe('numbers in text', () => {
  it.each([
    ['12.5', 12.5],
    ['-3e2', -300],
    ['1970-01-02', 86_400_000],
    ['1970-01-01T00:01', 60_000],
    ['1970-01-01 00:00:01.2345', 1234],
    ['1970-01-01T01:00:00+01:00', 0],
    ['1970-01-01T00:00:00Z', 0],
    ['1970-13-01', Number.NaN],
    ['soon', Number.NaN],
    ['12 apples', Number.NaN],
    ['', Number.NaN],
  ])('%j is %d', (text, expected) => {
    expect(numberInText(text)).toBe(expected);
  });
});

describe('columns that a row was refused because of', () => {
  it.each([
    ['["input.age","input.plan"]', ['age', 'plan']],
    ['["inputs[12].age"]', ['age']],
    ['["input.a.b"]', ['a.b']],
    ['["input"]', []],
    ['["inputs[1].datatype","other"]', ['datatype']],
    ['[]', []],
    ['', []],
    ['no JSON', []],
    ['{"a":1}', []],
    ['[1,null]', []],
  ])('%s: %j', (detail, expected) => {
    expect(refusedColumns(detail)).toEqual(expected);
  });
});

describe('codes of categories', () => {
  it('are of the order of their appearance, and of a thousand at most', () => {
    const codes = new CategoryCodes();
    expect([...codes.encode(['b', 'a', '', 'b'], { width: 1, offset: 0 }, { from: 0, to: 4 })]).toEqual([
      0,
      1,
      Number.NaN,
      0,
    ]);
    const many = Array.from({ length: 1200 }, (_, index) => `c${index}`);
    const encoded = codes.encode(many, { width: 1, offset: 0 }, { from: 0, to: 1200 });
    expect([encoded[0], encoded[997], encoded[998], encoded[1199]]).toEqual([2, 999, 1000, 1000]);
    expect(new CategoryCodes(codes.texts).texts).toEqual(codes.texts);
  });

  it('of a selection are given to its rows alone, in their order', () => {
    const codes = new CategoryCodes();
    const encoded = codes.encode(['x', 'b', 'x', 'a'], { width: 1, offset: 0 }, Int32Array.of(1, 3));
    expect(codes.texts).toEqual(['b', 'a']);
    expect([encoded[1], encoded[3]]).toEqual([0, 1]);
  });
});
