/** @jest-environment ./tests/support/onnx-environment.mjs */
import { expect, it } from '@jest/globals';
import type { FeaturePipeline, Signature, Table } from '#libs/contracts/index.js';
import { InputBatch, loadModel } from '#libs/inference/index.js';
import { categoryLists, modelBytes, node, readSignature, rewriteGraph, valueInfo } from '#libs/onnx/index.js';
import { parseTimestamp } from '../timestamp.js';
import { featureGraph, fitFeatures, transformFeatures } from './index.js';
import type { FittedFeatures } from './index.js';

const table: Table = {
  rows: 4,
  columns: [
    { name: 'income', type: 'numeric', values: Float64Array.of(10.5, 20.25, NaN, 7) },
    { name: 'children', type: 'integer', values: Float64Array.of(0, 3, 1, 1) },
    { name: 'married', type: 'boolean', values: Float64Array.of(1, 0, 0, 1) },
    { name: 'smokes', type: 'boolean', values: Float64Array.of(NaN, 0, 1, 1) },
    { name: 'plan', type: 'category', codes: Int32Array.of(0, 1, -1, 0), dictionary: ['gold', 'basic'] },
    { name: 'texts', type: 'text', codes: Int32Array.of(0, 1, 2, 0), dictionary: ['a', 'b', 'c'] },
    {
      name: 'since',
      type: 'timestamp',
      values: Float64Array.from(['2020-02-29T10:30Z', '', '1999-12-31', '2024-01-01'], parseTimestamp),
    },
  ],
};

const pipeline: FeaturePipeline = [
  { type: 'numeric', columns: ['income', 'smokes'], impute: 'mean', indicator: true, scale: 'standard' },
  { type: 'one_hot', columns: ['plan', 'children'], min_count: 1, max_categories: 100 },
  { type: 'target', columns: ['texts'], smoothing: 1, folds: 2 },
  { type: 'numeric', columns: ['married'], impute: 'none', indicator: false, scale: 'none' },
  { type: 'date_parts', columns: ['since'], parts: ['year', 'weekday', 'hour'], impute: 'none', scale: 'none' },
];

function fittedWith(steps: FeaturePipeline): FittedFeatures {
  const fit = fitFeatures(table, null, steps, { target: Float64Array.of(1, 2, 0, 1), classes: 3, seed: 1 });
  if (!fit.ok) throw new Error(fit.rejection.detail);
  return fit.value;
}

function servedWith(steps: FeaturePipeline): { bytes: Uint8Array; signature: Signature } {
  const graph = featureGraph(fittedWith(steps));
  const bytes = modelBytes({
    ...graph,
    nodes: [...graph.nodes, node('Identity', [graph.output], ['features'])],
    outputs: [valueInfo('features', 'float32', [null, graph.width])],
    metadata: { feature_names: JSON.stringify(graph.featureNames) },
  });
  const read = readSignature(bytes, { nullable: graph.nullable });
  if (!read.ok) throw new Error(read.rejection.detail);
  return { bytes, signature: read.value };
}

async function predict(bytes: Uint8Array, signature: Signature, rows: readonly object[]): Promise<number[][]> {
  const loaded = await loadModel(bytes, signature);
  if (!loaded.ok) throw new Error(loaded.rejection.message);
  const model = loaded.value;
  const batch = new InputBatch(model.inputColumns);
  for (const [at, row] of rows.entries()) expect(model.encoder.encode(row, batch, at)).toBeNull();
  const [features] = await model.run(batch.view(0, rows.length), rows.length);
  await model.dispose();
  const { data, width } = features!;
  return rows.map((_, row) => [...(data as Float32Array).subarray(row * width, (row + 1) * width)]);
}

const requests = [
  { income: 10.5, children: 0, married: true, plan: 'gold', texts: 'a', since: '2020-02-29T12:30+02:00' },
  { income: 20.25, children: 3, married: false, smokes: 0, plan: 'basic', texts: 'b', since: 'not a date' },
  { smokes: 1, children: 1, married: false, plan: null, texts: 'c', since: '1999-12-31' },
  { income: 7, children: 1, married: true, smokes: 1, plan: 'gold', texts: 'a', since: '2024-01-01 00:00' },
];

it('requests by name get the features that training got', async () => {
  const { bytes, signature } = servedWith(pipeline);
  expect(signature.features.map(({ name, type, nullable, index }) => [name, type, nullable, index])).toEqual([
    ['income', 'float32', true, 0],
    ['smokes', 'float32', true, 1],
    ['children', 'float32', false, 2],
    ['plan', 'string', true, 0],
    ['texts', 'string', false, 1],
    ['since', 'string', true, 2],
    ['married', 'bool', false, 0],
  ]);
  const { columns } = transformFeatures(fittedWith(pipeline), table, null);
  const expected = requests.map((_, row) => columns.map((column) => column[row]));
  expect(await predict(bytes, signature, requests)).toEqual(expected);
});

it('the graph tells its categories, and is the same once it is rewritten', async () => {
  const { bytes, signature } = servedWith(pipeline);
  expect(categoryLists(bytes).get('texts_')).toEqual([
    ['gold', 'basic'],
    ['a', 'b', 'c'],
  ]);
  const rewritten = rewriteGraph(bytes);
  const smaller = rewritten.ok ? rewritten.value.bytes : bytes;
  expect(await predict(smaller, signature, requests)).toEqual(await predict(bytes, signature, requests));
});

it('numbers as they are take no node', () => {
  const columns = ['children', 'income'];
  const step = { type: 'numeric', columns, impute: 'none', indicator: false, scale: 'none' } as const;
  expect(featureGraph(fittedWith([{ ...step, columns }]))).toMatchObject({
    nodes: [],
    initializers: [],
    output: 'numbers',
    width: 2,
    featureNames: columns,
    nullable: ['income'],
    opsets: { '': 17, 'ai.onnx.ml': 3 },
  });
});

it('an input is never called as a raw column that is another', () => {
  const { signature } = servedWith(pipeline);
  expect(signature.inputs.map(({ name }) => name)).toEqual(['numbers', 'texts_', 'flags']);
  const named = readSignature(servedWith(pipeline).bytes, { featureNames: signature.features.map(({ name }) => name) });
  expect(named).toMatchObject({ ok: true });
});
