import { describe, expect, it } from '@jest/globals';
import { readInfer, splitBody } from './read-request.js';

const none = Buffer.alloc(0);
const to = { model: 'd', version: undefined };
const x = { name: 'X', datatype: 'FP32', shape: [1, 2], data: [1, 2] };
const read = (json: object, binary: Buffer = none) => readInfer({ inputs: [x], ...json }, binary, to);
const readInput = (input: object, binary: Buffer = none) => read({ inputs: [{ ...x, ...input }] }, binary);
const binaryInput = (size: unknown, more: object = {}) => ({
  data: undefined,
  parameters: { binary_data_size: size },
  ...more,
});

const nestedDeep = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown;

describe('a request', () => {
  it('is read with what it says of itself', () => {
    const json = {
      model_name: 'anything',
      id: 'r-1',
      parameters: { timeout: 5, routing_key: 'k', note: null },
      outputs: [{ name: 'a', parameters: { binary_data: true } }, { name: 'b' }],
    };
    const result = read(json);
    expect(result).toMatchObject({
      ok: true,
      value: {
        request: {
          model: 'd',
          version: undefined,
          id: 'r-1',
          inputs: [x],
          outputs: ['a', 'b'],
          parameters: { timeout: 5, routing_key: 'k' },
        },
      },
    });
    if (result.ok) expect(['a', 'b'].map(result.value.isBinary)).toEqual([true, false]);
  });

  it('wants all outputs in binary where it says so, but for those that say otherwise', () => {
    const outputs = [
      { name: 'a', parameters: { binary_data: false } },
      { name: 'b', parameters: null },
    ];
    const result = read({ id: '', parameters: { binary_data_output: true }, outputs });
    if (!result.ok) throw new Error(result.rejection.detail);
    expect(['a', 'b'].map(result.value.isBinary)).toEqual([false, true]);
    expect(result.value.request.id).toBeUndefined();
  });

  it('may nest its data as the shape does', () => {
    const nested = readInput({ shape: [2, 1, 2], data: [[[1, 2]], [[3, null]]] });
    expect(nested).toMatchObject({ ok: true, value: { request: { inputs: [{ data: [1, 2, 3, null] }] } } });
  });

  it('has its binary tensors behind the JSON, in their order', () => {
    const binary = Buffer.concat([Buffer.from([7]), Buffer.from(Float32Array.of(1, 2).buffer), Buffer.from([8])]);
    const inputs = [
      { name: 'u', datatype: 'UINT8', shape: [1], parameters: { binary_data_size: 1 } },
      { ...x, ...binaryInput(8) },
      x,
      { name: 'v', datatype: 'UINT8', shape: [1], parameters: { binary_data_size: 1 } },
    ];
    const result = read({ inputs }, binary);
    if (!result.ok) throw new Error(result.rejection.detail);
    expect(result.value.request.inputs.map(({ data }) => [...(data as number[])])).toEqual([[7], [1, 2], [1, 2], [8]]);
  });

  it.each<[string, () => ReturnType<typeof read>, string, string]>([
    ['that is no object', () => readInfer([1], none, to), 'malformed_body', 'the body should be a JSON object'],
    ['without inputs', () => read({ inputs: [] }), 'invalid_request', 'inputs: expected at least one tensor'],
    ['whose id is a number', () => read({ id: 1 }), 'invalid_request', 'id: expected a text'],
    [
      'whose parameters are a list',
      () => read({ parameters: [] }),
      'invalid_request',
      'parameters: expected an object',
    ],
    [
      'with an object for a parameter',
      () => read({ parameters: { a: {} } }),
      'invalid_request',
      "parameter 'a': expected a text, a number or true or false",
    ],
    [
      'that wants binary outputs perhaps',
      () => read({ parameters: { binary_data_output: 1 } }),
      'invalid_request',
      "parameter 'binary_data_output': expected true or false",
    ],
    ['whose outputs are a text', () => read({ outputs: 'y' }), 'invalid_request', 'outputs: expected an array'],
    [
      'with an output twice',
      () => read({ outputs: [{ name: 'y' }, { name: 'y' }] }),
      'invalid_tensor',
      "output 'y': expected once, is asked for twice",
    ],
    [
      'that wants classes',
      () => read({ outputs: [{ name: 'y', parameters: { classification: 2 } }] }),
      'invalid_tensor',
      "output 'y': parameter classification is not supported",
    ],
    [
      'with an output in shared memory',
      () => read({ outputs: [{ name: 'y', parameters: { shared_memory_region: 'r' } }] }),
      'invalid_tensor',
      "output 'y': parameter shared_memory_region is not supported",
    ],
    [
      'with a tensor in shared memory',
      () => readInput({ parameters: { shared_memory_region: 'r' } }),
      'invalid_tensor',
      "tensor 'X': parameter shared_memory_region is not supported",
    ],
    ['with a nameless tensor', () => readInput({ name: 1 }), 'invalid_request', 'inputs[0].name: expected a text'],
    [
      'with another datatype',
      () => readInput({ datatype: 'FP16' }),
      'invalid_tensor',
      "tensor 'X': datatype: expected BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64, FP32, FP64 or BYTES",
    ],
    [
      'with half a row',
      () => readInput({ shape: [0.5, 4] }),
      'invalid_tensor',
      "tensor 'X': shape: expected an array of whole numbers",
    ],
    [
      'with a negative dimension',
      () => readInput({ shape: [-1, 2] }),
      'invalid_tensor',
      "tensor 'X': expected no negative dimension, got shape [-1, 2]",
    ],
    [
      'nested deeper than a stack goes',
      () => readInput({ shape: new Array(20_000).fill(1), data: nestedDeep(20_000) }),
      'invalid_tensor',
      "tensor 'X': expected at most 64 dimensions, got 20000",
    ],
    [
      'with a tensor without data',
      () => readInput({ data: undefined }),
      'invalid_tensor',
      "tensor 'X': expected data, an array, or parameter binary_data_size",
    ],
    [
      'with data in both places',
      () => readInput({ parameters: { binary_data_size: 8 } }, Buffer.alloc(8)),
      'invalid_tensor',
      "tensor 'X': expected either data or parameter binary_data_size, got both",
    ],
    [
      'nested otherwise than its shape',
      () => readInput({ data: [[1], [2]] }),
      'invalid_tensor',
      "tensor 'X': data: expected it flat, or nested as [1, 2]",
    ],
    [
      'nested in part',
      () => readInput({ data: [1, [2]] }),
      'invalid_tensor',
      "tensor 'X': data: expected it flat, or nested as [1, 2]",
    ],
    [
      'nested too deep',
      () => readInput({ data: [[1, [2]]] }),
      'invalid_tensor',
      "tensor 'X': data: expected it flat, or nested as [1, 2]",
    ],
    [
      'with a size that is no number',
      () => readInput(binaryInput('8'), Buffer.alloc(8)),
      'invalid_tensor',
      "tensor 'X': binary_data_size: expected a whole number of bytes",
    ],
    [
      'with fewer bytes than it says',
      () => readInput(binaryInput(8), Buffer.alloc(7)),
      'invalid_tensor',
      "tensor 'X': expected 8 bytes (binary_data_size), the body has 7 left",
    ],
    [
      'with more bytes than it says',
      () => readInput(binaryInput(8), Buffer.alloc(9)),
      'invalid_tensor',
      'expected 8 bytes behind the JSON, as binary_data_size says of the tensors, got 9',
    ],
    [
      'with bytes and no binary tensor',
      () => readInput({}, Buffer.alloc(4)),
      'invalid_tensor',
      'expected 0 bytes behind the JSON, as binary_data_size says of the tensors, got 4',
    ],
    [
      'with other bytes than its shape has',
      () => readInput(binaryInput(4), Buffer.alloc(4)),
      'invalid_tensor',
      "tensor 'X': expected 8 bytes for 2 elements of FP32, got 4",
    ],
    [
      'with a shape beyond any memory',
      () => readInput(binaryInput(8, { shape: [2 ** 30, 2 ** 31] }), Buffer.alloc(8)),
      'invalid_tensor',
      "tensor 'X': expected 9223372036854776000 bytes for 2305843009213694000 elements of FP32, got 8",
    ],
  ])('%s is refused', (_what, refused, code, detail) => {
    expect(refused()).toMatchObject({ ok: false, rejection: { code, detail } });
  });
});

describe('a body', () => {
  const json = Buffer.from('{"id":"é"}');

  it('is JSON as a whole, or as far as the header says', () => {
    expect(splitBody(json, undefined)).toEqual({ ok: true, value: { json: { id: 'é' }, binary: none } });
    const both = splitBody(Buffer.concat([json, Buffer.from([1, 2])]), String(json.length));
    expect(both).toEqual({ ok: true, value: { json: { id: 'é' }, binary: Buffer.from([1, 2]) } });
  });

  it('may hold the numbers that Python writes and JSON does not have', () => {
    const text = '{"data":[NaN,-Infinity,Infinity,1],"name":"NaN \\" Infinity"}';
    expect(splitBody(Buffer.from(text), undefined)).toMatchObject({
      ok: true,
      value: { json: { data: [null, -Infinity, Infinity, 1], name: 'NaN " Infinity' } },
    });
  });

  it('may hold them beside texts of any length and with any escapes', () => {
    const written = ['"a\\\\"', `"${'\\"'.repeat(2 ** 20)}"`, `"${'a'.repeat(2 ** 24)}"`, '"NaN"'];
    const repaired = splitBody(Buffer.from(`[${written.join(',NaN,')},NaN]`), undefined);
    if (!repaired.ok) throw new Error(repaired.rejection.detail);
    const texts = ['a\\', '"'.repeat(2 ** 20), 'a'.repeat(2 ** 24), 'NaN'];
    expect(repaired.value.json).toEqual(texts.flatMap((text) => [text, null]));
  });

  it.each<[string, Buffer, string | undefined, string, string]>([
    ['a text of quotes that has no end', Buffer.from(`"${'\\"'.repeat(2 ** 20)}`), undefined, 'malformed_json', 'JSON'],
    [
      'a length past the body',
      json,
      '12',
      'malformed_body',
      'Inference-Header-Content-Length: expected at most the 11 bytes that the body has, got 12',
    ],
    [
      'a length that is no number',
      json,
      '-1',
      'malformed_body',
      'Inference-Header-Content-Length: expected the bytes of the JSON as a whole number',
    ],
    ['no JSON', Buffer.from('{'), undefined, 'malformed_json', 'the body is not JSON'],
    ['no JSON but for a bare number', Buffer.from('{NaN'), undefined, 'malformed_json', 'the body is not JSON'],
    ['nothing', none, undefined, 'malformed_json', 'the body is not JSON: the body is empty'],
  ])('with %s is refused', (_what, body, header, code, detail) => {
    expect(splitBody(body, header)).toMatchObject({
      ok: false,
      rejection: { code, detail: expect.stringContaining(detail) as unknown },
    });
  });
});
