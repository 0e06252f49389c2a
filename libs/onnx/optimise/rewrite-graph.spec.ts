import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  attribute,
  modelBytes,
  node,
  readSignature,
  rewriteGraph,
  tensor,
  valueInfo,
  type GraphParts,
} from '../index.js';
import { nodeField, readModel } from '../messages.js';
import { fieldHead, joined } from '../pieces.js';

const fixture = (name: string): Uint8Array =>
  readFileSync(new URL(`../../../tests/fixtures/models/${name}/model.onnx`, import.meta.url));

const model = (parts: Partial<GraphParts>): Uint8Array =>
  modelBytes({
    inputs: [valueInfo('x', 'float32', [null, 2])],
    outputs: [valueInfo('y', 'float32', [null, 2])],
    nodes: [node('Neg', ['x'], ['y'])],
    ...parts,
  });

function rewritten(bytes: Uint8Array) {
  const result = rewriteGraph(bytes);
  if (!result.ok) throw new Error(result.rejection.detail);
  const { graph } = readModel(result.value.bytes);
  if (graph === null) throw new Error('no graph');
  return {
    rewrites: result.value.rewrites,
    nodes: graph.nodes.map(({ type, inputs, outputs }) => `${type}(${inputs.join()}) ${outputs.join()}`),
    initializers: [...graph.initializers.keys()],
    inputs: graph.inputs.map(({ name }) => name),
    bytes: result.value.bytes,
  };
}

const refusal = (bytes: Uint8Array) => {
  const result = rewriteGraph(bytes);
  return result.ok ? result.value.rewrites : result.rejection;
};

const float = (name: string, ...values: number[]): Uint8Array => tensor.float32(name, [values.length], values);

/** A serialised GraphProto of one node, with an output of its own. */
function branch(inner: Uint8Array, output: string): Uint8Array {
  const info = valueInfo(output, 'float32', [null, 2]);
  return joined([fieldHead(1, inner.length), inner, fieldHead(12, info.length), info]);
}

describe('rewriteGraph', () => {
  it('takes out a long chain that leads nowhere in one pass', () => {
    const length = 20_000;
    const chain = Array.from({ length }, (_, at) => node('Neg', [at === 0 ? 'x' : `n${at - 1}`], [`n${at}`]));
    const { rewrites, nodes } = rewritten(model({ nodes: [...chain, node('Abs', ['x'], ['y'])] }));
    expect(rewrites).toEqual({ 'unused node removed': length });
    expect(nodes).toEqual(['Abs(x) y']);
  });

  it('leaves the Cast of a constant that is needed as it is too, where folding would make the file larger', () => {
    const constant = tensor.int32(
      'c',
      [100, 2],
      Array.from({ length: 200 }, (_, at) => at),
    );
    const bytes = model({
      outputs: [valueInfo('y', 'float32', [null, 2]), valueInfo('z', 'int32', [100, 2])],
      initializers: [constant],
      nodes: [
        node('Cast', ['c'], ['float'], [attribute.integer('to', 1)]),
        node('Identity', ['x'], ['same']),
        node('Gemm', ['same', 'float'], ['y'], [attribute.integer('transB', 1)]),
        node('Neg', ['c'], ['z']),
      ],
    });
    const { rewrites, nodes } = rewritten(bytes);
    expect(rewrites).toEqual({ 'Identity removed': 1 });
    expect(nodes).toContain('Cast(c) float');
  });

  it('takes out what nothing uses, with the input that older exporters list beside an initializer', () => {
    const bytes = model({
      inputs: [valueInfo('x', 'float32', [null, 2]), valueInfo('old', 'float32', [2])],
      initializers: [float('old', 1, 2), float('w', 3, 4)],
      nodes: [node('Mul', ['x', 'w'], ['y']), node('Abs', ['x'], ['a']), node('Neg', ['a'], ['b'])],
    });
    expect(rewritten(bytes)).toMatchObject({
      rewrites: { 'unused initializer removed': 1, 'unused node removed': 2 },
      nodes: ['Mul(x,w) y'],
      initializers: ['w'],
      inputs: ['x'],
    });
  });

  it('takes out Identity and Dropout, in chains, of initializers, and before an output', () => {
    const bytes = model({
      initializers: [float('w', 3, 4)],
      nodes: [
        node('Identity', ['x'], ['i']),
        node('Dropout', ['i'], ['d', 'mask'], [attribute.float('ratio', 0.5)]),
        node('Identity', ['w'], ['v']),
        node('Mul', ['d', 'v'], ['m']),
        node('Identity', ['m'], ['n']),
        node('Identity', ['n'], ['y']),
      ],
    });
    expect(rewritten(bytes)).toMatchObject({
      rewrites: { 'Dropout removed': 1, 'Identity removed': 4 },
      nodes: ['Mul(x,w) y'],
    });
  });

  it.each([
    ['is given a training mode', node('Dropout', ['x', 'r', 't'], ['d'])],
    ['gives a mask that is used', node('Dropout', ['x'], ['d', 'm'])],
  ])('leaves a Dropout that %s', (_, dropout) => {
    const bytes = model({
      initializers: [float('r', 0.5), float('t', 1), float('unused', 1)],
      nodes: [dropout, node('Where', ['m', 'd', 'd'], ['y'])],
    });
    expect(rewritten(bytes).nodes[0]).toMatch(/^Dropout/);
  });

  it('leaves Identity between an input and an output, and between two outputs', () => {
    const outputs = [valueInfo('y', 'float32', [null, 2]), valueInfo('z', 'float32', [null, 2])];
    expect(refusal(model({ nodes: [node('Identity', ['x'], ['y'])] }))).toMatchObject({ code: 'nothing_to_optimise' });
    const nodes = [node('Neg', ['x'], ['y']), node('Identity', ['y'], ['z'])];
    expect(refusal(model({ outputs, nodes }))).toMatchObject({ code: 'nothing_to_optimise' });
  });

  it('makes one of two outputs from a tensor that both pass on', () => {
    const outputs = [valueInfo('y', 'float32', [null, 2]), valueInfo('z', 'float32', [null, 2])];
    const nodes = [node('Neg', ['x'], ['n']), node('Identity', ['n'], ['y']), node('Identity', ['n'], ['z'])];
    expect(rewritten(model({ outputs, nodes })).nodes).toEqual(['Neg(x) y', 'Identity(y) z']);
  });

  it('merges equal initializers and equal nodes, and what becomes equal by that', () => {
    const bytes = model({
      initializers: [float('a', 1, 2), float('b', 1, 2), tensor.float32('c', [1, 2], [1, 2])],
      nodes: [
        node('Mul', ['x', 'a'], ['ma']),
        node('Mul', ['x', 'b'], ['mb']),
        node('Elu', ['ma'], ['ea'], [attribute.float('alpha', 2)]),
        node('Elu', ['mb'], ['eb'], [attribute.float('alpha', 2)]),
        node('Elu', ['mb'], ['other'], [attribute.float('alpha', 3)]),
        node('Sum', ['ea', 'eb', 'other', 'c'], ['y']),
      ],
    });
    expect(rewritten(bytes)).toMatchObject({
      rewrites: { 'equal initializer merged': 1, 'equal node merged': 2 },
      initializers: ['a', 'c'],
      nodes: ['Mul(x,a) ma', 'Elu(ma) ea', 'Elu(ma) other', 'Sum(ea,ea,other,c) y'],
    });
  });

  it('merges no nodes that draw numbers, nor those of other vendors', () => {
    const twice = (type: string, domain = '') => [
      node(type, ['x'], ['a'], [], domain),
      node(type, ['x'], ['b'], [], domain),
      node('Add', ['a', 'b'], ['y']),
    ];
    expect(refusal(model({ nodes: twice('RandomNormalLike') }))).toMatchObject({ code: 'nothing_to_optimise' });
    expect(refusal(model({ nodes: twice('Gelu', 'com.example') }))).toMatchObject({ code: 'nothing_to_optimise' });
    expect(rewritten(model({ nodes: twice('Gelu') })).nodes).toEqual(['Gelu(x) a', 'Add(a,a) y']);
  });

  it('folds casts of integers that stay exact, and no others', () => {
    const casts = (name: string, dims: number[], values: number[], to: number) =>
      model({
        initializers: [tensor.int64(name, dims, values)],
        nodes: [node('Cast', [name], ['c'], [attribute.integer('to', to)]), node('Scaled', ['x', 'c'], ['y'])],
      });
    const { nodes, initializers, bytes } = rewritten(casts('n', [2], [16777217, -3], 1));
    expect([nodes, initializers]).toEqual([['Scaled(x,c) y'], ['c']]);
    const folded = readModel(bytes).graph!.initializers.get('c')!;
    // As float32 rounds to the nearest even number.
    expect(Buffer.from(folded.bytes).includes(Buffer.from(Float32Array.of(16777216, -3).buffer))).toBe(true);
    expect(rewritten(casts('n', [1], [-(2 ** 31)], 6)).nodes).toEqual(['Scaled(x,c) y']);
    expect(refusal(casts('n', [1], [2 ** 31], 6))).toMatchObject({ code: 'nothing_to_optimise' });
    expect(refusal(casts('n', [1], [1], 11))).toMatchObject({ code: 'nothing_to_optimise' });
  });

  it('leaves alone what branches see of the graph around them', () => {
    const nodes = [
      node('Identity', ['x'], ['seen']),
      node('Abs', ['x'], ['also']),
      node('Identity', ['x'], ['i']),
      node(
        'If',
        ['w'],
        ['y'],
        [
          attribute.graph('then_branch', branch(node('Add', ['seen', 'also'], ['t']), 't')),
          attribute.graph('else_branch', branch(node('Mul', ['seen', 'v'], ['e']), 'e')),
        ],
      ),
      node('Add', ['i', 'i'], ['z']),
    ];
    const outputs = [valueInfo('y', 'float32', [null, 2]), valueInfo('z', 'float32', [null, 2])];
    const bytes = model({ outputs, nodes, initializers: [float('w', 1, 2), float('v', 1, 2), float('u', 1)] });
    expect(rewritten(bytes)).toMatchObject({
      nodes: ['Identity(x) seen', 'Abs(x) also', 'If(w) y', 'Add(x,x) z'],
      initializers: ['w', 'v'],
    });
  });

  it('keeps the name that an output has without its ZipMap', () => {
    const name = 'lightgbm-zipmap';
    const before = readSignature(fixture(name));
    expect(readSignature(rewritten(fixture(name)).bytes)).toEqual(before);
    const zipMap = [attribute.integers('classlabels_int64s', [0, 1])];
    const bytes = model({
      initializers: [float('u', 1)],
      nodes: [
        node('Softmax', ['x'], ['s']),
        node('Identity', ['s'], ['probabilities']),
        node('ZipMap', ['probabilities'], ['y'], zipMap, 'ai.onnx.ml'),
      ],
    });
    expect(rewritten(bytes).nodes).toEqual(['Softmax(x) probabilities', 'ZipMap(probabilities) y']);
    expect(readSignature(rewritten(bytes).bytes)).toEqual(readSignature(bytes));
  });

  it('folds no constant that would tell more of the model than its signature says', () => {
    const label = [valueInfo('label', 'int64', [null])];
    const bytes = model({
      outputs: label,
      initializers: [tensor.int64('numbers', [2], [7, 9]), float('unused', 1)],
      nodes: [
        node('Identity', ['numbers'], ['classes']),
        node('ArgMax', ['x'], ['at']),
        node('ArrayFeatureExtractor', ['classes', 'at'], ['label'], [], 'ai.onnx.ml'),
      ],
    });
    expect(readSignature(rewritten(bytes).bytes)).toEqual(readSignature(bytes));
    expect(rewritten(bytes)).toMatchObject({
      rewrites: { 'unused initializer removed': 1 },
      initializers: ['numbers'],
    });
  });

  it('takes out descriptions of nodes, and keeps every field that it does not know', () => {
    const text = Buffer.from('written by an exporter, with a stack trace');
    const described = joined([node('Neg', ['x'], ['y']), fieldHead(nodeField.docString, text.length), text]);
    const unknown = joined([described, Buffer.from([0xba, 0x3e, 0x03, 0x61, 0x62, 0x63])]);
    const bytes = model({ nodes: [unknown], metadata: { trained: 'today' } });
    const after = rewritten(bytes);
    expect(after.rewrites).toEqual({ 'description of a node or graph removed': 1 });
    expect(Buffer.from(after.bytes).includes(text)).toBe(false);
    expect(Buffer.from(after.bytes).includes('abc')).toBe(true);
    expect(readModel(after.bytes).metadata).toEqual(new Map([['trained', 'today']]));
    expect(bytes.length - after.bytes.length).toBeGreaterThanOrEqual(text.length);
  });

  it('gives the same bytes each time, and finds nothing in what it gave', () => {
    const bytes = fixture('mlp-iris');
    const [one, other] = [rewritten(bytes).bytes, rewritten(bytes).bytes];
    expect(Buffer.compare(one, other)).toBe(0);
    expect(refusal(one)).toMatchObject({ code: 'nothing_to_optimise' });
  });

  it('gives a model or a refusal, and never throws, when bytes of a real model change', () => {
    const whole = fixture('mixed-pipeline');
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Uint8Array.from(whole);
        damaged[at] = damaged[at]! ^ change;
        const result = rewriteGraph(damaged);
        if (!result.ok) expect(result.rejection.detail).not.toBe('');
        else expect(readModel(result.value.bytes).graph).not.toBeNull();
      }),
      { numRuns: 300 },
    );
  });

  it('refuses weights in other files as they are refused elsewhere', () => {
    expect(
      refusal(readFileSync(new URL('../../../tests/fixtures/models/bad/external-data.onnx', import.meta.url))),
    ).toMatchObject({
      code: 'external_data',
    });
  });
});
