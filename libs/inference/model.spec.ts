/** @jest-environment ./tests/support/onnx-environment.mjs */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Signature } from '#libs/contracts/index.js';
import { attribute, modelBytes, node, readSignature, tensor, valueInfo, type GraphParts } from '#libs/onnx/index.js';
import { InputBatch, loadModel, type LoadedModel, type LoadOptions } from './index.js';

const fixture = (path: string): Uint8Array =>
  readFileSync(new URL(`../../tests/fixtures/models/${path}`, import.meta.url));

function signatureOf(bytes: Uint8Array): Signature {
  const read = readSignature(bytes);
  if (!read.ok) throw new Error(read.rejection.detail);
  return read.value;
}

async function load(bytes: Uint8Array, options?: LoadOptions): Promise<LoadedModel> {
  const loaded = await loadModel(bytes, signatureOf(bytes), options);
  if (!loaded.ok) throw new Error(loaded.rejection.message);
  return loaded.value;
}

async function outputsOf(model: LoadedModel, rows: readonly unknown[]): Promise<unknown[]> {
  const batch = new InputBatch(model.inputColumns);
  for (const [row, input] of rows.entries()) expect(model.encoder.encode(input, batch, row)).toBeNull();
  const outputs = await model.run(batch.view(0, rows.length), rows.length);
  return rows.map((_, row) => model.outputOf(outputs, row));
}

const doubled = (batch: number | null, parts: Partial<GraphParts> = {}): Uint8Array =>
  modelBytes({
    inputs: [valueInfo('x', 'float32', [batch, 2])],
    outputs: [valueInfo('y', 'float32', [batch, 2])],
    nodes: [node('Add', ['x', 'x'], ['y'])],
    ...parts,
  });

const pairs = (count: number) => Array.from({ length: count }, (_, row) => ({ f0: row, f1: -row }));
const doubledPairs = (count: number) => pairs(count).map(({ f0, f1 }) => ({ value: [2 * f0, 2 * f1] }));

describe('loadModel', () => {
  it('refuses a graph that loads but cannot run, with the words of the runtime', async () => {
    const bytes = fixture('bad/cannot-run.onnx');
    expect(await loadModel(bytes, signatureOf(bytes))).toMatchObject({
      ok: false,
      rejection: { code: 'cannot_run', message: expect.stringMatching(/cannot run: .*reshape/i) },
    });
  });

  it('refuses a graph that the runtime does not load', async () => {
    const bytes = doubled(null, { nodes: [node('NoSuchOperator', ['x'], ['y'])] });
    expect(await loadModel(bytes, signatureOf(bytes))).toMatchObject({
      ok: false,
      rejection: { code: 'cannot_load', message: expect.stringContaining('NoSuchOperator') },
    });
  });

  it('refuses bytes that are not ONNX', async () => {
    expect(await loadModel(Buffer.from('{}'), signatureOf(doubled(null)))).toMatchObject({
      ok: false,
      rejection: { code: 'cannot_load', message: expect.stringContaining('JSON') },
    });
  });

  it.each([
    ['inputs', ['a', 'b'], 'the signature has 2 inputs, the graph 1'],
    ['name', ['z'], "input 'z': the signature says float32, the graph has none"],
  ])('refuses the signature of another graph: %s', async (_, names, detail) => {
    const inputs = names.map((name) => valueInfo(name, 'float32', [null, 2]));
    const other = doubled(null, { inputs, nodes: [node('Add', [names[0]!, names.at(-1)!], ['y'])] });
    expect(await loadModel(doubled(null), signatureOf(other))).toMatchObject({
      ok: false,
      rejection: { code: 'cannot_load', message: expect.stringContaining(detail) },
    });
  });

  it('refuses outputs that are not by row', async () => {
    const bytes = doubled(null, {
      nodes: [node('Transpose', ['x'], ['y'])],
      outputs: [valueInfo('y', 'float32', [2, null])],
    });
    expect(await loadModel(bytes, signatureOf(bytes))).toMatchObject({
      ok: false,
      rejection: {
        code: 'cannot_run',
        message: "output 'y' has shape [2, 1] for 1 rows: expected one row each",
      },
    });
  });

  it('completes the shapes of the outputs and describes them as a recorded chunk does', async () => {
    const model = await load(doubled(null, { outputs: [valueInfo('y', 'float32', [null, null])] }));
    expect(model.signature.outputs).toEqual([{ name: 'y', type: 'float32', shape: [null, 2], role: 'value' }]);
    expect(model.outputColumns).toEqual([{ name: 'y', type: 'float32', width: 2, role: 'value' }]);
    expect(model.inputColumns).toEqual([{ name: 'x', type: 'float32', width: 2, features: ['f0', 'f1'] }]);
    await model.dispose();
  });
});

describe('a loaded model', () => {
  it.each([
    ['open', doubled(null), undefined],
    ['fixed at one', doubled(1), undefined],
    [
      'open, but reshaped to one',
      doubled(null, {
        initializers: [tensor.int64('one', [2], [1, 2])],
        nodes: [node('Add', ['x', 'x'], ['sum']), node('Reshape', ['sum', 'one'], ['y'])],
      }),
      undefined,
    ],
    ['open, run row by row', doubled(null), { batching: false }],
  ])('runs several rows when its batch dimension is %s', async (_, bytes, options) => {
    const model = await load(bytes, options);
    expect(await outputsOf(model, pairs(7))).toEqual(doubledPairs(7));
    await model.dispose();
  });

  it('runs two ZipMaps taken off one graph', async () => {
    const zip = (input: string, output: string) =>
      node('ZipMap', [input], [output], [attribute.integers('classlabels_int64s', [7, 8])], 'ai.onnx.ml');
    const bytes = doubled(null, {
      outputs: [valueInfo('a', 'float32', [null, 2]), valueInfo('b', 'float32', [null, 2])],
      nodes: [node('Identity', ['x'], ['p']), node('Neg', ['x'], ['q']), zip('p', 'a'), zip('q', 'b')],
    });
    const model = await load(bytes);
    expect(await outputsOf(model, [{ f0: 0.25, f1: 0.75 }])).toEqual([
      { probabilities: { 7: 0.25, 8: 0.75 }, value: [-0.25, -0.75] },
    ]);
    await model.dispose();
  });

  it('passes strings, booleans and integers of every size through', async () => {
    const types = ['string', 'bool', 'int64', 'int32', 'int16', 'int8', 'uint8', 'float64'] as const;
    const bytes = modelBytes({
      inputs: types.map((type) => valueInfo(type, type, [null, 1])),
      outputs: types.map((type) => valueInfo(`out ${type}`, type, [null, 1])),
      nodes: types.map((type) => node('Identity', [type], [`out ${type}`])),
    });
    const model = await load(bytes);
    const row = {
      string: 'grün',
      bool: true,
      int64: -(2 ** 53 - 1),
      int32: -5,
      int16: 6,
      int8: -7,
      uint8: 8,
      float64: 0.1,
    };
    const [output] = await outputsOf(model, [row, row]);
    expect(output).toEqual({
      value: Object.fromEntries(Object.entries(row).map(([name, value]) => [`out ${name}`, value])),
    });
    await model.dispose();
  });

  it('may have an input called __proto__', async () => {
    const inputs = [valueInfo('__proto__', 'float32', [null, 2])];
    const model = await load(doubled(null, { inputs, nodes: [node('Add', ['__proto__', '__proto__'], ['y'])] }));
    expect(await outputsOf(model, pairs(3))).toEqual(doubledPairs(3));
    await model.dispose();
  });

  it('refuses a category it was not trained on, as its own error, and runs on', async () => {
    const model = await load(fixture('mixed-pipeline/model.onnx'));
    const row = { housing: 'own', purpose: 'car', income: 1, amount: 2, dependants: 0 };
    await expect(outputsOf(model, [{ ...row, housing: 'castle' }])).rejects.toMatchObject({
      code: 'model_failed',
      message: expect.stringContaining('cannot run on this input'),
    });
    expect(await outputsOf(model, [row])).toEqual([
      { label: expect.stringMatching(/^(good|bad)$/), probabilities: expect.anything() },
    ]);
    await model.dispose();
  });

  it('is freed when its last run is done, and refuses new ones from the start', async () => {
    const model = await load(doubled(null));
    const running = outputsOf(model, pairs(2));
    const disposed = model.dispose();
    await expect(outputsOf(model, pairs(1))).rejects.toMatchObject({ code: 'model_disposed' });
    expect(await running).toEqual(doubledPairs(2));
    await disposed;
    expect(model.dispose()).toBe(disposed);
  });
});
