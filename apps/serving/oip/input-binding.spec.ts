import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Signature } from '#libs/contracts/index.js';
import { rowEncoder } from '#libs/inference/index.js';
import { readSignature } from '#libs/onnx/index.js';
import { byFeature, byInput, columnsOf, inJson, type Rows } from '#tests/integration/serving/oip-tensors.js';
import { inputBinding } from './input-binding.js';
import type { Datatype, InputTensor, TensorData } from './protocol.js';

const folder = new URL('../../../tests/fixtures/models/', import.meta.url);
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'bad')
  .map(({ name }) => name);

function load(name: string): { signature: Signature; rows: Rows } {
  const cases = JSON.parse(readFileSync(new URL(`${name}/cases.json`, folder), 'utf8')) as {
    feature_names: readonly string[];
    nullable?: readonly string[];
    rows: Rows;
  };
  const read = readSignature(readFileSync(new URL(`${name}/model.onnx`, folder)), {
    featureNames: cases.feature_names,
    nullable: cases.nullable,
  });
  if (!read.ok) throw new Error(read.rejection.detail);
  return { signature: read.value, rows: cases.rows };
}

const bind = (signature: Signature, tensors: readonly InputTensor[]) =>
  inputBinding(signature, rowEncoder(signature).inputColumns)(tensors);

describe.each(names)('tensors of %s', (name) => {
  const { signature, rows } = load(name);
  const wanted = columnsOf(signature, rows);
  const bound = (tensors: readonly InputTensor[]) => {
    const result = bind(signature, tensors);
    if (!result.ok) throw new Error(result.rejection.detail);
    expect(result.value.rows).toBe(rows.length);
    return result.value.columns;
  };

  it('give the model what its rows give it, one tensor per input, typed or of JSON', () => {
    expect(bound(byInput(signature, rows))).toEqual(wanted);
    expect(bound(byInput(signature, rows).map(inJson) as InputTensor[])).toEqual(wanted);
  });

  it('give it the same, one tensor per feature in any order', () => {
    expect(bound(byFeature(signature, rows))).toEqual(wanted);
    expect(bound(byFeature(signature, rows).reverse())).toEqual(wanted);
  });
});

const matrix: Signature = {
  inputs: [{ name: 'X', type: 'float32', shape: [null, 3] }],
  outputs: [{ name: 'y', type: 'float32', shape: [null, 1], role: 'value' }],
  features: [
    { name: 'a', type: 'float32', nullable: false, input: 'X', index: 0 },
    { name: 'b', type: 'float32', nullable: true, input: 'X', index: 1 },
    { name: 'c', type: 'float32', nullable: false, input: 'X', index: 2 },
  ],
};
const words: Signature = {
  inputs: [{ name: 'words', type: 'string', shape: [null, 2] }],
  outputs: matrix.outputs,
  features: [
    { name: 'second', type: 'string', nullable: true, input: 'words', index: 1 },
    { name: 'first', type: 'string', nullable: false, input: 'words', index: 0 },
  ],
};
const typed: Signature = {
  inputs: [
    { name: 'n', type: 'int8', shape: [null, 1] },
    { name: 't', type: 'string', shape: [null, 1] },
    { name: 'f', type: 'bool', shape: [null] },
    { name: 'long', type: 'int64', shape: [null, 1] },
    { name: 'd', type: 'float64', shape: [null, 1] },
  ],
  outputs: matrix.outputs,
  features: [
    { name: 'n', type: 'int8', nullable: false, input: 'n', index: 0 },
    { name: 't', type: 'string', nullable: true, input: 't', index: 0 },
    { name: 'f', type: 'bool', nullable: false, input: 'f', index: 0 },
    { name: 'long', type: 'int64', nullable: false, input: 'long', index: 0 },
    { name: 'd', type: 'float64', nullable: false, input: 'd', index: 0 },
  ],
};

const tensor = (name: string, datatype: Datatype, shape: readonly number[], data: TensorData): InputTensor => ({
  name,
  datatype,
  shape,
  data,
});
const of = (name: string, data: readonly (number | null)[], shape = [data.length]) => tensor(name, 'FP32', shape, data);
const one = (name: string) => of(name, [1]);
const typedRow = {
  n: tensor('n', 'INT8', [1, 1], Int8Array.of(1)),
  t: tensor('t', 'BYTES', [1, 1], ['x']),
  f: tensor('f', 'BOOL', [1], [true]),
  long: tensor('long', 'INT64', [1, 1], BigInt64Array.of(2n ** 60n)),
  d: tensor('d', 'FP64', [1, 1], [0.1]),
};
const withTyped = (more: Partial<Record<keyof typeof typedRow, InputTensor>>) =>
  Object.values({ ...typedRow, ...more });

const dataOf = (signature: Signature, tensors: readonly InputTensor[]) => {
  const result = bind(signature, tensors);
  if (!result.ok) throw new Error(result.rejection.detail);
  return result.value.columns.map(({ data }) => Array.from<unknown>(data as readonly unknown[]));
};

describe('a binding', () => {
  it('takes a single tensor of any name for the one numeric input', () => {
    expect(dataOf(matrix, [of('input-0', [1, 2, 3, 4, 5, 6], [2, 3])])).toEqual([[1, 2, 3, 4, 5, 6]]);
  });

  it('fills what may be missing with NaN, or with no text', () => {
    expect(dataOf(matrix, [one('a'), one('c')])).toEqual([[1, Number.NaN, 1]]);
    const { t: _t, ...rest } = typedRow;
    expect(dataOf(typed, Object.values(rest))).toEqual([[1], [''], [1], [2n ** 60n], [0.1]]);
  });

  it('takes null in a whole input where the feature may be missing, wherever the signature names it', () => {
    const rows = tensor('words', 'BYTES', [2, 2], ['x', null, 'y', 'z']);
    expect(dataOf(words, [rows])).toEqual([['x', '', 'y', 'z']]);
  });

  it('takes one value a row as [n] and as [n, 1]', () => {
    expect(dataOf(matrix, [of('a', [1, 2], [2, 1]), of('b', [3, 4]), of('c', [5, 6])])).toEqual([[1, 3, 5, 2, 4, 6]]);
    expect(dataOf(typed, withTyped({ n: tensor('n', 'INT8', [1], [7]) }))[0]).toEqual([7]);
  });

  it.each<[string, Datatype, TensorData, readonly unknown[]]>([
    ['n', 'FP64', Float64Array.of(-3), [-3]],
    ['n', 'UINT64', BigUint64Array.of(127n), [127]],
    ['long', 'UINT64', BigUint64Array.of(2n ** 63n - 1n), [2n ** 63n - 1n]],
    ['long', 'FP32', [4], [4n]],
    ['d', 'INT64', BigInt64Array.of(2n ** 53n), [2 ** 53]],
    ['d', 'FP32', [0.1], [Math.fround(0.1)]],
    ['d', 'FP64', [0.1], [0.1]],
  ])('converts %s from %s where nothing is lost', (name, datatype, data, expected) => {
    const tensors = withTyped({ [name]: tensor(name, datatype, [1, 1], data) });
    expect(dataOf(typed, tensors)[Object.keys(typedRow).indexOf(name)]).toEqual(expected);
  });

  it('rounds doubles to float32 as /api/predict does, and no whole number', () => {
    const doubles = tensor('X', 'FP64', [1, 3], Float64Array.of(0.1, 1e-50, 16_777_217));
    expect(dataOf(matrix, [doubles])).toEqual([[Math.fround(0.1), 0, 16_777_216]]);
    const whole = bind(matrix, [tensor('X', 'INT32', [1, 3], Int32Array.of(1, 2, 16_777_217))]);
    expect(whole).toMatchObject({ ok: false, rejection: { code: 'invalid_tensor', errors: [{ path: 'inputs.X' }] } });
  });

  it.each<[string, Signature, InputTensor[], string, string]>([
    [
      'an unknown name',
      matrix,
      [one('a'), one('z')],
      'invalid_tensor',
      "tensor 'z': this tensor is unknown: expected one of 'X', 'a', 'b', 'c'",
    ],
    ['a missing feature', matrix, [one('a')], 'invalid_tensor', "tensor 'c' is missing: expected FP32 of shape [n]"],
    [
      'a missing input',
      typed,
      withTyped({}).slice(1),
      'invalid_tensor',
      "tensor 'n' is missing: expected INT8 of shape [n, 1]",
    ],
    ['no tensor', matrix, [], 'invalid_tensor', "tensor 'X' is missing: expected FP32 of shape [n, 3]"],
    [
      'a name given twice',
      matrix,
      [one('a'), one('a'), one('c')],
      'invalid_tensor',
      "tensor 'a': expected once, is there twice",
    ],
    [
      'an overlap',
      matrix,
      [of('X', [1, 2, 3], [1, 3]), one('a')],
      'invalid_tensor',
      "tensor 'a': expected feature 'a' once, tensor 'X' has it too",
    ],
    [
      'too few columns',
      matrix,
      [of('X', [1, 2], [1, 2])],
      'invalid_tensor',
      "tensor 'X': expected FP32 of shape [n, 3], got FP32 of shape [1, 2]",
    ],
    [
      'no rows dimension',
      matrix,
      [of('X', [1, 2, 3], [3])],
      'invalid_tensor',
      "tensor 'X': expected FP32 of shape [n, 3], got FP32 of shape [3]",
    ],
    [
      'no shape',
      matrix,
      [of('X', [1], [])],
      'invalid_tensor',
      "tensor 'X': expected FP32 of shape [n, 3], got FP32 of shape []",
    ],
    [
      'a negative dimension',
      matrix,
      [of('X', [], [-1, 3])],
      'invalid_tensor',
      "tensor 'X': expected no negative dimension, got shape [-1, 3]",
    ],
    [
      'too few elements',
      matrix,
      [of('X', [1, 2, 3], [2, 3])],
      'invalid_tensor',
      "tensor 'X': expected 6 elements for FP32 of shape [2, 3], got 3",
    ],
    [
      'uneven rows',
      matrix,
      [one('a'), of('c', [1, 2])],
      'invalid_tensor',
      "tensor 'c': expected 1 rows as in tensor 'a', got 2",
    ],
    ['no rows', matrix, [of('X', [], [0, 3])], 'empty_batch', "tensor 'X': expected at least one row"],
    [
      'too many rows',
      matrix,
      [tensor('X', 'FP32', [10_001, 3], new Float32Array(30_003))],
      'payload_too_large',
      "tensor 'X' has 10001 rows: a request holds at most 10000",
    ],
    [
      'texts for numbers',
      matrix,
      [tensor('X', 'BYTES', [1, 3], ['1', '2', '3'])],
      'invalid_tensor',
      "tensor 'X': expected FP32 of shape [n, 3], got BYTES of shape [1, 3]",
    ],
    [
      'truth values for numbers',
      typed,
      withTyped({ n: tensor('n', 'BOOL', [1, 1], [true]) }),
      'invalid_tensor',
      "tensor 'n': expected INT8 of shape [n, 1], got BOOL of shape [1, 1]",
    ],
    [
      'a fraction',
      typed,
      withTyped({ n: tensor('n', 'FP64', [1, 1], [1.5]) }),
      'invalid_tensor',
      "tensor 'n': row 0: expected a whole number from -128 to 127 (INT8 of shape [n, 1])",
    ],
    [
      'a number too large',
      typed,
      withTyped({ n: tensor('n', 'INT32', [1, 1], Int32Array.of(128)) }),
      'invalid_tensor',
      "tensor 'n': row 0: expected a whole number from -128 to 127 (INT8 of shape [n, 1])",
    ],
    [
      'an unsigned beyond int64',
      typed,
      withTyped({ long: tensor('long', 'UINT64', [1, 1], BigUint64Array.of(2n ** 63n)) }),
      'invalid_tensor',
      "tensor 'long': row 0: expected a whole number that int64 can hold (INT64 of shape [n, 1])",
    ],
    [
      'a long beyond float64',
      typed,
      withTyped({ d: tensor('d', 'INT64', [1, 1], BigInt64Array.of(2n ** 53n + 1n)) }),
      'invalid_tensor',
      "tensor 'd': row 0: expected a number that float64 holds exactly (FP64 of shape [n, 1])",
    ],
    [
      'a text in JSON numbers',
      matrix,
      [tensor('X', 'FP32', [1, 3], [1, 'x', 3])],
      'invalid_tensor',
      "tensor 'X': feature 'b', row 0: expected a number that FP32 can hold (FP32 of shape [n, 3])",
    ],
    [
      'a fraction in JSON integers',
      matrix,
      [tensor('X', 'INT32', [2, 3], [1, 2, 3, 4, 5.5, 6])],
      'invalid_tensor',
      "tensor 'X': feature 'b', row 1: expected a whole number from -2147483648 to 2147483647 (FP32 of shape [n, 3])",
    ],
    [
      'null where no text may be missing',
      { ...typed, features: typed.features.map((each) => ({ ...each, nullable: false })) },
      withTyped({ t: tensor('t', 'BYTES', [1, 1], [null]) }),
      'invalid_tensor',
      "tensor 't': row 0: expected a string (BYTES of shape [n, 1])",
    ],
    [
      'null for the one text of several that may not be missing',
      words,
      [tensor('words', 'BYTES', [2, 2], ['x', null, null, 'z'])],
      'invalid_tensor',
      "tensor 'words': feature 'first', row 1: expected a string (BYTES of shape [n, 2])",
    ],
    [
      '1 for true',
      typed,
      withTyped({ f: tensor('f', 'BOOL', [1], [1]) }),
      'invalid_tensor',
      "tensor 'f': row 0: expected true or false (BOOL of shape [n])",
    ],
  ])('refuses %s by name', (_what, signature, tensors, code, detail) => {
    expect(bind(signature, tensors)).toMatchObject({ ok: false, rejection: { code, detail } });
  });
});
