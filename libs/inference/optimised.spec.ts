/** @jest-environment ./tests/support/onnx-environment.mjs */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  attribute,
  modelBytes,
  node,
  quantiseDynamic,
  readSignature,
  rewriteGraph,
  tensor,
  valueInfo,
  type SignatureOptions,
} from '#libs/onnx/index.js';
import { compareOutputs, InputBatch, loadModel, seededRandom, type LoadedModel } from './index.js';

const folder = new URL('../../tests/fixtures/models/', import.meta.url);
const fixtures = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'bad')
  .map(({ name }) => name);

async function load(bytes: Uint8Array, options: SignatureOptions = {}): Promise<LoadedModel> {
  const read = readSignature(bytes, options);
  if (!read.ok) throw new Error(read.rejection.detail);
  const loaded = await loadModel(bytes, read.value);
  if (!loaded.ok) throw new Error(loaded.rejection.message);
  return loaded.value;
}

/** All outputs of all rows in one run. */
async function outputsOf(model: LoadedModel, rows: readonly unknown[]) {
  const batch = new InputBatch(model.inputColumns);
  for (const [at, row] of rows.entries()) expect(model.encoder.encode(row, batch, at)).toBeNull();
  return model.run(batch.view(0, rows.length), rows.length);
}

describe.each(fixtures)('rewriteGraph of fixture %s', (name) => {
  it('gives the same bits for every row, and the same signature, or says that there is nothing to do', async () => {
    const bytes = readFileSync(new URL(`${name}/model.onnx`, folder));
    const cases = JSON.parse(readFileSync(new URL(`${name}/cases.json`, folder), 'utf8')) as {
      readonly feature_names: string[];
      readonly nullable?: string[];
      readonly rows: readonly unknown[];
    };
    const options = { featureNames: cases.feature_names, nullable: cases.nullable };
    const rewritten = rewriteGraph(bytes, options);
    if (!rewritten.ok) {
      expect(rewritten.rejection.code).toBe('nothing_to_optimise');
      return;
    }
    expect(rewritten.value.bytes.length).toBeLessThan(bytes.length);
    const [before, after] = [await load(bytes, options), await load(rewritten.value.bytes, options)];
    expect(after.signature).toEqual(before.signature);
    expect(await outputsOf(after, cases.rows)).toEqual(await outputsOf(before, cases.rows));
  });
});

type Activation = 'Relu' | 'Tanh' | 'Sigmoid' | 'none';

interface Layer {
  readonly type: 'MatMul' | 'Gemm';
  readonly outputs: number;
  readonly transposes: boolean;
  readonly alpha: number;
  readonly beta: number;
  readonly activation: Activation;
}

interface Network {
  readonly inputs: number;
  readonly opset: number;
  readonly layers: readonly Layer[];
  readonly seed: number;
  /** Nodes and initializers that do nothing. */
  readonly padded: boolean;
}

interface Built {
  readonly bytes: Uint8Array;
  /** By layer, K rows of N columns. */
  readonly weights: readonly Float32Array[];
}

function built({ inputs, opset, layers, seed, padded }: Network): Built {
  const random = seededRandom(seed);
  const draw = (length: number, size: number) => Float32Array.from({ length }, () => (random() * 2 - 1) * size);
  const nodes: Uint8Array[] = [];
  const initializers: Uint8Array[] = [];
  const weights: Float32Array[] = [];
  let [from, width] = ['x', inputs];
  for (const [at, { type, outputs, transposes, alpha, beta, activation }] of layers.entries()) {
    const weight = draw(width * outputs, 1 / Math.sqrt(width));
    const bias = draw(outputs, 0.1);
    const turned = weight.map((_, index) => weight[(index % width) * outputs + Math.floor(index / width)]!);
    const stored = type === 'Gemm' && transposes ? turned : weight;
    const dims = type === 'Gemm' && transposes ? [outputs, width] : [width, outputs];
    weights.push(weight);
    initializers.push(tensor.float32(`w${at}`, dims, stored), tensor.float32(`b${at}`, [outputs], bias));
    if (padded) {
      initializers.push(tensor.float32(`unused${at}`, [3], [1, 2, at]), tensor.float32(`again${at}`, [outputs], bias));
      nodes.push(node('Identity', [from], [`i${at}`]), node('Dropout', [`i${at}`], [`d${at}`, `mask${at}`]));
      from = `d${at}`;
    }
    const named = padded ? `again${at}` : `b${at}`;
    if (type === 'MatMul')
      nodes.push(node('MatMul', [from, `w${at}`], [`m${at}`]), node('Add', [`m${at}`, named], [`z${at}`]));
    else {
      const turns = attribute.integer('transB', transposes ? 1 : 0);
      const factors = [attribute.float('alpha', alpha), attribute.float('beta', beta), turns];
      nodes.push(node('Gemm', [from, `w${at}`, named], [`z${at}`], factors));
    }
    if (padded) nodes.push(node('Abs', [`z${at}`], [`abs${at}`]), node('Abs', [`z${at}`], [`same${at}`]));
    if (padded) nodes.push(node('Sub', [`abs${at}`, `same${at}`], [`zero${at}`]));
    if (padded) nodes.push(node('Add', [`z${at}`, `zero${at}`], [`p${at}`]));
    const before = padded ? `p${at}` : `z${at}`;
    nodes.push(activation === 'none' ? node('Identity', [before], [`h${at}`]) : node(activation, [before], [`h${at}`]));
    [from, width] = [`h${at}`, outputs];
  }
  nodes.push(node('Identity', [from], ['y']));
  const ends = {
    inputs: [valueInfo('x', 'float32', [null, inputs])],
    outputs: [valueInfo('y', 'float32', [null, width])],
  };
  return { bytes: modelBytes({ ...ends, nodes, initializers, opsets: { '': opset } }), weights };
}

function rowsOf(inputs: number, rows: number, seed: number): Record<string, number>[] {
  const random = seededRandom(seed);
  const value = () => Math.fround((random() * 2 - 1) * 3);
  return Array.from({ length: rows }, () =>
    Object.fromEntries(Array.from({ length: inputs }, (_, index) => [`f${index}`, value()])),
  );
}

function quantised(bytes: Uint8Array) {
  const result = quantiseDynamic(bytes);
  if (!result.ok) throw new Error(result.rejection.detail);
  return result.value;
}

const networks = (padded: boolean): fc.Arbitrary<Network> =>
  fc.record({
    // A single column is called by the name of its input.
    inputs: fc.integer({ min: 2, max: 48 }),
    // 18 moved the axes of the reductions to an input.
    opset: fc.constantFrom(11, 13, 17, 18, 21),
    layers: fc.array(
      fc.record({
        type: fc.constantFrom('MatMul' as const, 'Gemm' as const),
        outputs: fc.integer({ min: 1, max: 80 }),
        transposes: fc.boolean(),
        alpha: fc.constantFrom(1, 0.5, -2),
        beta: fc.constantFrom(1, 0.25, 0),
        activation: fc.constantFrom('Relu' as const, 'Tanh' as const, 'Sigmoid' as const, 'none' as const),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    seed: fc.nat(0xffff),
    padded: fc.constant(padded),
  });

describe('rewriteGraph', () => {
  it('gives the same bits for random networks with nodes that do nothing', async () => {
    await fc.assert(
      fc.asyncProperty(networks(true), async (network) => {
        const { bytes } = built(network);
        const rewritten = rewriteGraph(bytes);
        if (!rewritten.ok) throw new Error(rewritten.rejection.detail);
        expect(rewritten.value.rewrites).toMatchObject({ 'Dropout removed': network.layers.length });
        const [before, after] = [await load(bytes), await load(rewritten.value.bytes)];
        const rows = rowsOf(network.inputs, 9, network.seed);
        expect(await outputsOf(after, rows)).toEqual(await outputsOf(before, rows));
      }),
      { numRuns: 25 },
    );
  });
});

/** What the outputs of one row may differ by: the bound that quantiseDynamic documents, carried from layer to layer. */
function boundOf(
  { layers, seed, inputs }: Network,
  weights: readonly Float32Array[],
  row: Record<string, number>,
): number[] {
  const biases = biasesOf({ layers, seed, inputs });
  let values = Object.values(row);
  let errors = values.map(() => 0);
  let levels = 127;
  for (const [at, { type, outputs, alpha, beta, activation }] of layers.entries()) {
    const weight = weights[at]!;
    const [a, b] = type === 'Gemm' ? [alpha, beta] : [1, 1];
    const step = Math.max(...values.map((value, k) => Math.abs(value) + errors[k]!)) / levels;
    const [next, bound]: [number[], number[]] = [[], []];
    for (let n = 0; n < outputs; n++) {
      let largest = 0;
      for (let k = 0; k < values.length; k++) largest = Math.max(largest, Math.abs(weight[k * outputs + n]!));
      const off = largest / 127 / 2;
      let [sum, error, size] = [0, 0, 0];
      for (let k = 0; k < values.length; k++) {
        const [value, w] = [values[k]!, weight[k * outputs + n]!];
        sum += value * w;
        error += (errors[k]! + step / 2) * (Math.abs(w) + off) + Math.abs(value) * off;
        size += Math.abs(value * w);
      }
      // float32 rounds what is summed up, in either graph.
      bound.push(Math.abs(a) * (error + 1e-5 * size) + 1e-5);
      next.push(activate(activation, a * sum + b * biases[at]![n]!));
    }
    [values, errors] = [next, bound];
    levels = activation === 'Relu' || activation === 'Sigmoid' ? 255 : 127;
  }
  return errors;
}

/** The numbers that `built` draws for them. */
function biasesOf({ layers, seed, inputs }: Pick<Network, 'layers' | 'seed' | 'inputs'>): Float32Array[] {
  const random = seededRandom(seed);
  let width = inputs;
  return layers.map(({ outputs }) => {
    for (let at = 0; at < width * outputs; at++) random();
    width = outputs;
    return Float32Array.from({ length: outputs }, () => (random() * 2 - 1) * 0.1);
  });
}

/** No activation here makes a difference larger. */
function activate(activation: Activation, value: number): number {
  switch (activation) {
    case 'Relu':
      return Math.max(0, value);
    case 'Tanh':
      return Math.tanh(value);
    case 'Sigmoid':
      return 1 / (1 + Math.exp(-value));
    case 'none':
      return value;
  }
}

describe('quantiseDynamic', () => {
  it('keeps the outputs of random networks within the bound that it documents', async () => {
    let quantisedOnes = 0;
    await fc.assert(
      fc.asyncProperty(networks(false), async (network) => {
        const { bytes, weights } = built(network);
        const result = quantiseDynamic(bytes);
        if (!result.ok) {
          expect(result.rejection.code).toBe('nothing_to_optimise');
          return;
        }
        quantisedOnes++;
        const [before, after] = [await load(bytes), await load(result.value.bytes)];
        const rows = rowsOf(network.inputs, 5, network.seed);
        const [[exact], [near]] = [await outputsOf(before, rows), await outputsOf(after, rows)];
        const bounds = rows.flatMap((row) => boundOf(network, weights, row));
        for (const [at, bound] of bounds.entries()) {
          const difference = Math.abs(Number(near!.data[at]) - Number(exact!.data[at]));
          if (!(difference <= bound)) throw new Error(`element ${at}: ${difference}, expected at most ${bound}`);
        }
      }),
      { numRuns: 25 },
    );
    expect(quantisedOnes).toBeGreaterThan(4);
  });

  const layer = (outputs: number, activation: Activation): Layer => ({
    ...{ type: 'Gemm', transposes: true, alpha: 1, beta: 1 },
    ...{ outputs, activation },
  });
  const large: Network = {
    ...{ inputs: 64, opset: 17, seed: 11, padded: false },
    layers: [layer(256, 'Relu'), layer(256, 'Tanh'), layer(10, 'none')],
  };

  it('takes a quarter of the bytes of a network, and changes it a little', async () => {
    const { bytes } = built(large);
    const { bytes: small, rewrites } = quantised(bytes);
    expect(rewrites).toEqual({ 'Gemm → MatMulInteger': 3 });
    expect(bytes.length / small.length).toBeGreaterThan(3.5);
    const compared = await compareOutputs(await load(bytes), await load(small), rowsOf(64, 500, 3));
    if (!compared.ok) throw new Error(compared.rejection.message);
    const { rows, max_abs_difference: most, mean_abs_difference: mean, label_agreement: labels } = compared.value;
    expect([rows, labels]).toEqual([500, null]);
    expect(mean).toBeGreaterThan(0);
    expect(most).toBeGreaterThan(mean!);
    expect(most).toBeLessThan(0.05);
  });

  it('answers a row alone as it answers it among others, to the bit', async () => {
    const model = await load(quantised(built(large).bytes).bytes);
    const rows = rowsOf(64, 40, 5);
    // A row of another magnitude: one range for the whole batch would leave nothing of the others.
    rows[17] = Object.fromEntries(Object.entries(rows[17]!).map(([name, value]) => [name, value * 1e6]));
    const [together] = await outputsOf(model, rows);
    for (const at of [0, 17, 39]) {
      const [alone] = await outputsOf(model, [rows[at]]);
      expect(alone!.data).toEqual(together!.data.slice(10 * at, 10 * (at + 1)));
    }
  });

  it('gives no number for a row that holds NaN, wherever it is, and numbers for its neighbours', async () => {
    const { bytes } = built(large);
    const nullable = ['f0', 'f31', 'f63'];
    const [before, after] = [await load(bytes, { nullable }), await load(quantised(bytes).bytes, { nullable })];
    const rows: Record<string, unknown>[] = rowsOf(64, 5, 9);
    for (const [at, name] of nullable.entries()) rows[at] = { ...rows[at], [name]: null };
    for (const model of [before, after]) {
      const [output] = await outputsOf(model, rows);
      const missing = rows.map((_, at) =>
        [...output!.data.slice(10 * at, 10 * (at + 1))].map((each) => Number.isNaN(Number(each))),
      );
      expect(missing.map((each) => [...new Set(each)])).toEqual([[true], [true], [true], [false], [false]]);
    }
  });

  it('gives the bias for a row of zeros, and stands the smallest and largest numbers', async () => {
    const network: Network = { ...large, layers: [layer(32, 'Relu'), layer(32, 'none')] };
    const { bytes, weights } = built(network);
    const [before, after] = [await load(bytes), await load(quantised(bytes).bytes)];
    const constant = (value: number) => Object.fromEntries(Array.from({ length: 64 }, (_, at) => [`f${at}`, value]));
    const rows = [constant(0), constant(1e-45), constant(1e-30), constant(1e30)];
    const [[exact], [near]] = [await outputsOf(before, rows), await outputsOf(after, rows)];
    const bounds = rows.flatMap((row) => boundOf(network, weights, row));
    for (const [at, bound] of bounds.entries())
      expect(Math.abs(Number(near!.data[at]) - Number(exact!.data[at]))).toBeLessThanOrEqual(bound);
  });
});
