import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Signature } from '#libs/contracts/index.js';
import { attribute, knownCategories, modelBytes, node, readSignature, tensor, valueInfo } from './index.js';
import type { GraphParts, SignatureOptions } from './index.js';

const fixture = (name: string): Uint8Array =>
  readFileSync(new URL(`../../tests/fixtures/models/${name}/model.onnx`, import.meta.url));

function signatureOf(bytes: Uint8Array, options?: SignatureOptions): Signature {
  const read = readSignature(bytes, options);
  if (!read.ok) throw new Error(`${read.rejection.code}: ${read.rejection.detail}`);
  return read.value;
}

function rejectionOf(bytes: Uint8Array, options?: SignatureOptions) {
  const read = readSignature(bytes, options);
  if (read.ok) throw new Error('accepted');
  return read.rejection;
}

const rolesOf = ({ outputs }: Signature) => outputs.map(({ name, type, shape, role }) => [name, type, shape, role]);

/** A graph of one input and one node. */
const graph = (parts: Partial<GraphParts>): Uint8Array =>
  modelBytes({
    inputs: [valueInfo('x', 'float32', [null, 3])],
    outputs: [valueInfo('y', 'float32', [null, 3])],
    nodes: [node('Relu', ['x'], ['y'])],
    ...parts,
  });

describe('outputs', () => {
  const label = (name: string, type = 'int64') => [name, type, [null], 'label'];
  const probabilities = (name: string, count: number) => [name, 'float32', [null, count], 'probabilities'];

  it.each([
    ['forest-zipmap', [label('output_label'), probabilities('probabilities', 2)], [0, 1]],
    ['forest-plain', [label('label'), probabilities('probabilities', 3)], [0, 1, 2]],
    [
      'logistic-strings',
      [label('output_label', 'string'), probabilities('probabilities', 3)],
      ['setosa', 'versicolor', 'virginica'],
    ],
    ['mixed-pipeline', [label('output_label', 'string'), probabilities('probabilities', 2)], ['bad', 'good']],
    ['hist-missing', [label('label'), probabilities('probabilities', 2)], [0, 1]],
    ['svc-probability', [label('label'), probabilities('probabilities', 3)], [10, 20, 30]],
    ['mlp-iris', [label('label', 'string'), probabilities('probabilities', 3)], ['setosa', 'versicolor', 'virginica']],
    ['xgboost-classifier', [label('label'), probabilities('probabilities', 2)], [0, 1]],
    ['lightgbm-zipmap', [label('label'), probabilities('lgbmprobabilities', 2)], [0, 1]],
    ['lightgbm-multiclass', [label('label'), probabilities('probabilities', 3)], [0, 1, 2]],
    ['boosting-regressor', [['variable', 'float32', [null, 1], 'value']], undefined],
    ['xgboost-regressor', [['variable', 'float32', [null, 1], 'value']], undefined],
    ['torch-mlp', [['output', 'float32', [null, 3], 'value']], undefined],
    ['torch-conv', [['logits', 'float32', [null, 2], 'value']], undefined],
  ])('of %s', (name, expected, classes) => {
    const signature = signatureOf(fixture(name));
    expect(rolesOf(signature)).toEqual(expected);
    expect(signature.classes).toEqual(classes);
  });

  const linear = (transform: string): GraphParts => ({
    inputs: [valueInfo('x', 'float32', [null, 2])],
    outputs: [valueInfo('label', 'string', [null]), valueInfo('scores', 'float32', [null, 2])],
    nodes: [
      node(
        'LinearClassifier',
        ['x'],
        ['label', 'scores'],
        [
          attribute.floats('coefficients', [1, 0, 0, 1]),
          attribute.floats('intercepts', [0, 0]),
          attribute.strings('classlabels_strings', ['no', 'yes']),
          attribute.string('post_transform', transform),
        ],
        'ai.onnx.ml',
      ),
    ],
  });

  it('tells scores from probabilities by the transformation', () => {
    expect(signatureOf(modelBytes(linear('NONE'))).outputs.map(({ role }) => role)).toEqual(['label', 'value']);
    const soft = signatureOf(modelBytes(linear('SOFTMAX')));
    expect(soft.outputs.map(({ role }) => role)).toEqual(['label', 'probabilities']);
    expect(soft.classes).toEqual(['no', 'yes']);
  });

  it('sees the label through a renaming of class numbers', () => {
    const parts = linear('SOFTMAX');
    const renamed = modelBytes({
      ...parts,
      outputs: [valueInfo('name', 'string', [null])],
      nodes: [
        node('ArgMax', ['x'], ['index'], [attribute.integer('axis', 1)]),
        node(
          'LabelEncoder',
          ['index'],
          ['name'],
          [attribute.integers('keys_int64s', [0, 1]), attribute.strings('values_strings', ['cat', 'dog'])],
          'ai.onnx.ml',
        ),
      ],
    });
    expect(signatureOf(renamed)).toMatchObject({ outputs: [{ role: 'label' }], classes: ['cat', 'dog'] });
  });

  it('takes an ArgMax for the label and its Softmax for probabilities of unnamed classes', () => {
    const bytes = graph({
      outputs: [valueInfo('probs', 'float32', [null, 3]), valueInfo('top', 'int64', [null])],
      nodes: [
        node('Softmax', ['x'], ['probs']),
        node('ArgMax', ['probs'], ['top'], [attribute.integer('axis', 1), attribute.integer('keepdims', 0)]),
      ],
    });
    const signature = signatureOf(bytes);
    expect(signature.outputs.map(({ role }) => role)).toEqual(['probabilities', 'label']);
    expect(signature).not.toHaveProperty('classes');
  });
});

describe('features', () => {
  const namesOf = ({ features }: Signature) => features.map(({ name }) => name);

  it('are the columns of one wide input, named by number or by the caller', () => {
    expect(namesOf(signatureOf(graph({})))).toEqual(['f0', 'f1', 'f2']);
    const named = signatureOf(graph({}), { featureNames: ['a', 'b', '__proto__'], nullable: ['b'] });
    expect(named.features).toEqual([
      { name: 'a', type: 'float32', nullable: false, input: 'x', index: 0 },
      { name: 'b', type: 'float32', nullable: true, input: 'x', index: 1 },
      { name: '__proto__', type: 'float32', nullable: false, input: 'x', index: 2 },
    ]);
  });

  it.each([
    ['["age", "income", "debt"]', ['age', 'income', 'debt']],
    ['age, income, debt', ['age', 'income', 'debt']],
    ['["age", "income"]', ['f0', 'f1', 'f2']],
    ['["age", "age", "debt"]', ['f0', 'f1', 'f2']],
  ])('take names from the metadata %s where they fit', (text, expected) => {
    expect(namesOf(signatureOf(graph({ metadata: { feature_names: text } })))).toEqual(expected);
  });

  it('are the inputs themselves where each is one column', () => {
    const { features, inputs } = signatureOf(fixture('mixed-pipeline'));
    expect(features.map(({ name, type, input, index }) => [name, type, input, index])).toEqual([
      ['housing', 'string', 'housing', 0],
      ['purpose', 'string', 'purpose', 0],
      ['income', 'float32', 'income', 0],
      ['amount', 'float32', 'amount', 0],
      ['dependants', 'int64', 'dependants', 0],
    ]);
    expect(inputs.map(({ shape }) => shape)).toEqual(Array(5).fill([null, 1]));
  });

  it('are numbered by input where several are wide; a vector is one column, an image one feature', () => {
    const inputs = [
      valueInfo('left', 'float32', [null, 2]),
      valueInfo('right', 'int64', [null, 2]),
      valueInfo('flag', 'bool', [null]),
      valueInfo('image', 'uint8', [null, 3, 4, 4]),
    ];
    const { features } = signatureOf(graph({ inputs, nodes: [node('Relu', ['left'], ['y'])] }));
    expect(features.map(({ name, index }) => [name, index])).toEqual([
      ['left_0', 0],
      ['left_1', 1],
      ['right_0', 0],
      ['right_1', 1],
      ['flag', 0],
      ['image', null],
    ]);
    expect(features.at(-1)?.shape).toEqual([3, 4, 4]);
  });

  it('do not include initializers that are listed as inputs', () => {
    const bytes = graph({
      inputs: [valueInfo('x', 'float32', [null, 3]), valueInfo('w', 'float32', [3, 3])],
      initializers: [tensor.float32('w', [3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1])],
      nodes: [node('MatMul', ['x', 'w'], ['y'])],
    });
    expect(signatureOf(bytes).inputs.map(({ name }) => name)).toEqual(['x']);
  });

  it.each([
    ['a scaler', fixture('logistic-strings'), 4],
    [
      'a transposed weight',
      graph({
        inputs: [valueInfo('x', 'float32', [null, null])],
        initializers: [tensor.float32('w', [2, 3], [1, 2, 3, 4, 5, 6])],
        nodes: [node('Identity', ['x'], ['i']), node('Gemm', ['i', 'w'], ['y'], [attribute.integer('transB', 1)])],
      }),
      3,
    ],
    [
      'means subtracted, with one factor for all before',
      graph({
        inputs: [valueInfo('x', 'float32', [null, null])],
        initializers: [tensor.float32('one', [1], [2]), tensor.float32('mean', [1, 5], [1, 2, 3, 4, 5])],
        nodes: [node('Mul', ['x', 'one'], ['scaled']), node('Sub', ['scaled', 'mean'], ['y'])],
      }),
      5,
    ],
  ])('get an open width from %s', (_, bytes, width) => {
    expect(signatureOf(bytes).features).toHaveLength(width);
  });

  it('get an open width from the names where the graph has nothing to say, else are refused', () => {
    const bytes = graph({ inputs: [valueInfo('x', 'float32', [null, null])] });
    expect(signatureOf(bytes, { featureNames: ['a', 'b'] }).inputs[0]?.shape).toEqual([null, 2]);
    expect(rejectionOf(bytes)).toMatchObject({
      code: 'unsupported_model',
      detail: "input 'x' does not say how many columns it has, nor do the weights: give feature_names",
    });
  });

  it('are refused when trees read more columns than there are', () => {
    const trees = node(
      'TreeEnsembleRegressor',
      ['x'],
      ['y'],
      [attribute.integers('nodes_featureids', [0, 12, 4])],
      'ai.onnx.ml',
    );
    expect(rejectionOf(graph({ nodes: [trees] }))).toMatchObject({
      code: 'unsupported_model',
      detail: "the trees behind input 'x' read 13 columns or more; it has 3",
    });
    const open = graph({ nodes: [trees], inputs: [valueInfo('x', 'float32', [null, null])] });
    expect(rejectionOf(open, { featureNames: ['a', 'b'] }).code).toBe('signature_mismatch');
  });

  it.each([
    [{ featureNames: ['a', 'b'] }, 'feature_names has 2 names, the graph takes 3 features', 'feature_names'],
    [{ featureNames: ['a', 'b', 'a'] }, "two features are called 'a'", 'feature_names.2'],
    [{ featureNames: ['a', '', 'b'] }, 'feature_names[1] is empty', 'feature_names.1'],
    [{ nullable: ['f1', 'age'] }, "nullable: unknown feature 'age'", 'nullable.1'],
  ])('with options %j are refused by name', (options, detail, path) => {
    expect(rejectionOf(graph({}), options)).toMatchObject({ code: 'signature_mismatch', detail, errors: [{ path }] });
  });

  it('that are floats or texts can be nullable, integers and booleans cannot', () => {
    const { features } = signatureOf(fixture('mixed-pipeline'), { nullable: ['housing', 'income'] });
    expect(features.filter(({ nullable }) => nullable).map(({ name }) => name)).toEqual(['housing', 'income']);
    const inputs = [valueInfo('x', 'float32', [null, 3]), valueInfo('ok', 'bool', [null, 1])];
    expect(rejectionOf(graph({ inputs }), { nullable: ['ok'] }).detail).toBe(
      "nullable: feature 'ok' is bool: only a float or a string can be missing",
    );
    expect(rejectionOf(fixture('mixed-pipeline'), { nullable: ['income', 'purposes', 'dependants'] })).toEqual({
      code: 'signature_mismatch',
      detail:
        "nullable: unknown feature 'purposes'; feature 'dependants' is int64: only a float or a string can be missing",
      errors: [
        { path: 'nullable.1', message: "unknown feature 'purposes'" },
        { path: 'nullable.2', message: "feature 'dependants' is int64: only a float or a string can be missing" },
      ],
    });
  });

  it('keep the names of inputs that the caller lists in another order, and are never swapped', () => {
    const inputs = [valueInfo('a', 'float32', [null, 1]), valueInfo('b', 'float32', [null, 1])];
    const bytes = graph({ inputs, nodes: [node('Add', ['a', 'b'], ['y'])] });
    const pairs = signatureOf(bytes, { featureNames: ['b', 'a'] }).features.map(({ name, input }) => [name, input]);
    expect(pairs).toEqual([
      ['a', 'a'],
      ['b', 'b'],
    ]);
    expect(namesOf(signatureOf(bytes, { featureNames: ['age', 'debt'] }))).toEqual(['age', 'debt']);
    expect(rejectionOf(bytes, { featureNames: ['b', 'c'] }).detail).toBe(
      "feature_names[0] is 'b', but the graph's input 'b' is at position 1",
    );
  });
});

describe('what cannot be served is refused by name', () => {
  const float16 = Buffer.from(valueInfo('x', 'float32', [null, 3]));
  float16[float16.indexOf(Buffer.from([0x08, 0x01])) + 1] = 10;

  it.each([
    ['no input', { inputs: [] }, 'the graph takes no input'],
    ['no output', { outputs: [] }, 'the graph gives no output'],
    ['float16', { inputs: [float16] }, "input 'x' holds float16; served are float32"],
    [
      'a batch fixed at 8',
      { inputs: [valueInfo('x', 'float32', [8, 3])] },
      "input 'x' has shape [8, 3]: its first dimension must be the batch, open or 1",
    ],
    [
      'an image of open size',
      { inputs: [valueInfo('x', 'float32', [null, 3, null, null])] },
      "input 'x' has shape [?, 3, ?, ?]: only the first dimension, the batch, may be open",
    ],
    [
      'a scalar',
      { inputs: [valueInfo('x', 'float32', [])] },
      "input 'x' has shape []: its first dimension must be the batch",
    ],
  ])('%s', (_, parts, detail) => {
    expect(rejectionOf(graph(parts))).toMatchObject({
      code: 'unsupported_model',
      detail: expect.stringContaining(detail),
    });
  });
});

describe('knownCategories', () => {
  it('follows encoders back through joined and picked columns', () => {
    const encoder = (input: string, output: string, categories: readonly string[]) =>
      node('OneHotEncoder', [input], [output], [attribute.strings('cats_strings', categories)], 'ai.onnx.ml');
    const bytes = modelBytes({
      inputs: [valueInfo('a', 'string', [null, 1]), valueInfo('b', 'string', [null, 2])],
      outputs: [valueInfo('y', 'float32', [null, 2])],
      initializers: [tensor.int64('second', [1], [1]), tensor.int64('third', [1], [2])],
      nodes: [
        node('Concat', ['a', 'b'], ['all'], [attribute.integer('axis', 1)]),
        node('ArrayFeatureExtractor', ['all', 'second'], ['p'], [], 'ai.onnx.ml'),
        node('ArrayFeatureExtractor', ['all', 'third'], ['q'], [], 'ai.onnx.ml'),
        encoder('p', 'y', ['red', 'blue']),
        encoder('q', 'z', ['small', 'large']),
      ],
    });
    expect(knownCategories(bytes)).toEqual(new Map([['b', ['red', 'small']]]));
  });

  it('follows encoders of texts back through columns cut out', () => {
    const encoder = (input: string, output: string, texts: readonly string[]) =>
      node('LabelEncoder', [input], [output], [attribute.strings('keys_strings', texts)], 'ai.onnx.ml');
    const bytes = modelBytes({
      inputs: [valueInfo('x', 'string', [null, 4])],
      outputs: [valueInfo('y', 'float32', [null, 2])],
      initializers: [1, 2, 3].map((place) => tensor.int64(`at ${place}`, [1], [place])),
      nodes: [
        node('Slice', ['x', 'at 1', 'at 2', 'at 1'], ['p']),
        node('Slice', ['x', 'at 3', 'at 2', 'at 1', 'at 1'], ['q']),
        encoder('p', 'ps', ['red', 'blue']),
        encoder('q', 'qs', ['small']),
        node('Concat', ['ps', 'qs'], ['y'], [attribute.integer('axis', 1)]),
      ],
    });
    expect(knownCategories(bytes)).toEqual(new Map([['x', [undefined, 'red']]]));
  });
});

it.each([
  [{ '': 17, 'ai.onnx.ml': 3 }, 8],
  [undefined, 8],
  [{ '': 20 }, 9],
  [{ '': 21 }, 10],
])('operators of %j make a file of IR version %d', (opsets, version) => {
  // The first field of a model, a varint.
  expect([...graph(opsets === undefined ? {} : { opsets }).subarray(0, 2)]).toEqual([0x08, version]);
});

describe('graphs made to harm', () => {
  it.each([
    ['2147483647 features', [[null, 2_147_483_647]]],
    [
      '120000 features',
      [
        [null, 60_000],
        [null, 60_000],
      ],
    ],
    ['1099511627776 values', [[null, 1_048_576, 1_048_576]]],
  ])('refuses a few bytes that declare %s', (what, shapes) => {
    const inputs = shapes.map((shape, position) => valueInfo(`x${position}`, 'float32', shape));
    const refused = rejectionOf(graph({ inputs, nodes: [node('Relu', ['x0'], ['y'])] }));
    expect(refused).toMatchObject({
      code: 'unsupported_model',
      detail: expect.stringContaining(`takes ${what} a row`),
    });
  });

  it('reads a graph that runs in a circle, which the runtime refuses', () => {
    const bytes = graph({
      outputs: [valueInfo('y', 'int64', [null])],
      nodes: [node('LabelEncoder', ['z'], ['y']), node('LabelEncoder', ['y'], ['z'])],
    });
    expect(signatureOf(bytes).outputs).toMatchObject([{ name: 'y', role: 'value' }]);
  });
});
