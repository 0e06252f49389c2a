import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  attribute,
  modelBytes,
  node,
  quantiseDynamic,
  readSignature,
  tensor,
  valueInfo,
  type GraphParts,
} from '../index.js';
import { readModel } from '../messages.js';
import { quantiseMatrix, transposed } from './quantise-weight.js';

const fixture = (name: string): Uint8Array =>
  readFileSync(new URL(`../../../tests/fixtures/models/${name}/model.onnx`, import.meta.url));

const matrix = (name: string, rows: number, columns: number): Uint8Array =>
  tensor.float32(
    name,
    [rows, columns],
    Array.from({ length: rows * columns }, (_, at) => Math.sin(at)),
  );

const model = (parts: Partial<GraphParts>): Uint8Array =>
  modelBytes({
    inputs: [valueInfo('x', 'float32', [null, null])],
    outputs: [valueInfo('y', 'float32', [null, null])],
    nodes: [node('MatMul', ['x', 'w'], ['y'])],
    initializers: [matrix('w', 32, 64)],
    ...parts,
  });

function quantised(bytes: Uint8Array) {
  const result = quantiseDynamic(bytes);
  if (!result.ok) throw new Error(result.rejection.detail);
  const { graph, metadata } = readModel(result.value.bytes);
  return { ...result.value, nodes: graph!.nodes, initializers: [...graph!.initializers.keys()], metadata };
}

const refusal = (bytes: Uint8Array) => {
  const result = quantiseDynamic(bytes);
  return result.ok ? result.value.rewrites : result.rejection;
};

const ofType = (nodes: readonly { readonly type: string }[], type: string) =>
  nodes.filter((each) => each.type === type).length;

describe('quantiseMatrix', () => {
  it('takes the largest magnitude of each column for 127, and half a step at most away from each number', () => {
    const values = Float32Array.of(1, -8, 0, 0.5, 2, 0, -0.25, 4, 0);
    const { values: levels, scales } = quantiseMatrix({ rows: 3, columns: 3, values });
    expect([...scales]).toEqual([1, 8, 0].map((largest) => Math.fround(largest / 127)));
    // 63.5, 31.75, 63.5: halves go to the even number.
    expect([...levels].map((level) => level - 128)).toEqual([127, -127, 0, 64, 32, 0, -32, 64, 0]);
  });

  it('stays within 1 to 255, and half a step, for the smallest numbers that there are', () => {
    for (const largest of [1e-45, 2e-43, 3e-43, 1e-38]) {
      const values = Float32Array.of(largest / 2, -largest, largest / 3, largest);
      const { values: levels, scales } = quantiseMatrix({ rows: 4, columns: 1, values });
      expect(Math.min(...levels)).toBeGreaterThanOrEqual(1);
      const distances = values.map((value, at) => Math.abs(value - (levels[at]! - 128) * scales[0]!));
      expect(Math.max(...distances)).toBeLessThanOrEqual(scales[0]! / 2);
    }
  });

  it('turns a matrix', () => {
    const turned = transposed({ rows: 2, columns: 3, values: Float32Array.of(1, 2, 3, 4, 5, 6) });
    expect(turned).toEqual({ rows: 3, columns: 2, values: Float32Array.of(1, 4, 2, 5, 3, 6) });
  });
});

describe('quantiseDynamic', () => {
  it('keeps what callers see: inputs with their width, outputs, metadata', () => {
    const bytes = model({ metadata: { feature_names: Array.from({ length: 32 }, (_, at) => `c${at}`).join() } });
    const after = quantised(bytes);
    expect(after.rewrites).toEqual({ 'MatMul → MatMulInteger': 1 });
    expect(readSignature(after.bytes)).toEqual(readSignature(bytes));
    expect(readSignature(bytes)).toMatchObject({ ok: true, value: { inputs: [{ shape: [null, 32] }] } });
    expect(after.metadata).toEqual(readModel(bytes).metadata);
  });

  it('quantises rows once for all products that take them, and a weight once for all that use it alike', () => {
    const bytes = model({
      initializers: [matrix('w', 48, 48), matrix('v', 48, 48)],
      nodes: [
        node('MatMul', ['x', 'w'], ['a']),
        node('MatMul', ['x', 'v'], ['b']),
        node('Gemm', ['x', 'w'], ['c'], [attribute.integer('transB', 1)]),
        node('MatMul', ['c', 'w'], ['d']),
        node('Sum', ['a', 'b', 'd'], ['y']),
      ],
    });
    const { nodes, initializers, rewrites } = quantised(bytes);
    expect(rewrites).toEqual({ 'Gemm → MatMulInteger': 1, 'MatMul → MatMulInteger': 3 });
    expect(ofType(nodes, 'Round')).toBe(2);
    expect(initializers.filter((name) => name.endsWith('/uint8') || /uint8\/\d$/.test(name))).toEqual(
      expect.arrayContaining(['w/uint8', 'v/uint8', 'w/uint8/1']),
    );
    expect(initializers).not.toContain('w');
  });

  it('takes all 256 values for rows that hold nothing negative', () => {
    const chain = (activation: string) =>
      model({
        initializers: [matrix('w', 48, 48), matrix('v', 48, 48)],
        nodes: [node('MatMul', ['x', 'w'], ['a']), node(activation, ['a'], ['b']), node('MatMul', ['b', 'v'], ['y'])],
      });
    expect(ofType(quantised(chain('Tanh')).nodes, 'Abs')).toBe(2);
    expect(ofType(quantised(chain('Relu')).nodes, 'Abs')).toBe(1);
  });

  it.each([
    ['is small', { initializers: [matrix('w', 31, 33)] }],
    ['is an output too', { outputs: [valueInfo('y', 'float32', [null, 64]), valueInfo('w', 'float32', [32, 64])] }],
    ['feeds another node', { nodes: [node('MatMul', ['x', 'w'], ['z']), node('Add', ['z', 'w'], ['y'])] }],
    ['stands on the left', { nodes: [node('MatMul', ['w', 'x'], ['y'])] }],
    ['meets a transposed input', { nodes: [node('Gemm', ['x', 'w'], ['y'], [attribute.integer('transA', 1)])] }],
    ['has three dimensions', { initializers: [tensor.float32('w', [2, 32, 32], new Array<number>(2048).fill(1))] }],
    ['holds what is no number', { initializers: [tensor.float32('w', [32, 32], new Array<number>(1024).fill(NaN))] }],
    ["belongs to another vendor's node", { nodes: [node('MatMul', ['x', 'w'], ['y'], [], 'com.example')] }],
  ])('has nothing to do where the weight %s', (_, parts) => {
    expect(refusal(model(parts))).toMatchObject({
      code: 'nothing_to_optimise',
      detail: expect.stringContaining('1024'),
    });
  });

  it.each(['forest-plain', 'xgboost-classifier', 'lightgbm-multiclass', 'svc-probability'])(
    'has nothing to do for %s',
    (name) => {
      expect(refusal(fixture(name))).toMatchObject({ code: 'nothing_to_optimise' });
    },
  );

  it('says which version of the operators it takes', () => {
    expect(refusal(model({ opsets: { '': 9 } }))).toEqual({
      code: 'nothing_to_optimise',
      detail: 'the graph is written in version 9 of the standard operators; expected 11 or newer',
    });
  });

  it('gives its own tensors names that the graph does not have', () => {
    const bytes = model({ nodes: [node('Identity', ['x'], ['x/scaled']), node('MatMul', ['x/scaled', 'w'], ['y'])] });
    const taken = model({ nodes: [node('MatMul', ['x', 'w'], ['z']), node('Add', ['z', 'x/scaled'], ['y'])] });
    for (const each of [bytes, taken]) {
      const outputs = quantised(each).nodes.flatMap((made) => made.outputs);
      expect(new Set(outputs).size).toBe(outputs.length);
    }
    expect(quantised(taken).nodes.flatMap((made) => made.outputs)).not.toContain('x/scaled');
  });

  it('gives the same bytes each time, and finds nothing in what it gave', () => {
    const bytes = model({});
    const { bytes: one } = quantised(bytes);
    expect(Buffer.compare(one, quantised(bytes).bytes)).toBe(0);
    expect(refusal(one)).toMatchObject({ code: 'nothing_to_optimise' });
  });

  it('gives a model or a refusal, and never throws, when bytes of a model change', () => {
    const whole = model({ nodes: [node('Gemm', ['x', 'w', 'b'], ['y'], [attribute.float('alpha', 2)])] });
    // Where the numbers of the weight are not: what says how many there are, and what they are for.
    const weight = Buffer.from(whole).indexOf(Buffer.from(Float32Array.of(0, Math.sin(1)).buffer));
    const places = Array.from({ length: whole.length }, (_, at) => at).filter(
      (at) => at < weight || at >= weight + 4 * 32 * 64,
    );
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Uint8Array.from(whole);
        damaged[at] = damaged[at]! ^ change;
        const result = quantiseDynamic(damaged);
        if (!result.ok) expect(result.rejection.detail).not.toBe('');
        else expect(readModel(result.value.bytes).graph).not.toBeNull();
      }),
      { numRuns: 500 },
    );
  });
});
