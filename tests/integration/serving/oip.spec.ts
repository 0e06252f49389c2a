/** @jest-environment ./tests/support/onnx-environment.mjs */
import { deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeChunk, decodePredictionId, type Chunk } from '#libs/contracts/index.js';
import { readSignature } from '#libs/onnx/index.js';
import { decodeBinary, encodeBinary } from '#apps/serving/oip/binary-tensor.js';
import type { Datatype, InputTensor, OutputTensor } from '#apps/serving/oip/protocol.js';
import type { ServingProcess } from '#apps/serving/serving-process.js';
import { until } from '#tests/support/wait.js';
import { byFeature, byInput, inJson } from './oip-tensors.js';
import type { Json } from './client.js';
import { requireDescribed } from './described.js';
import { fixture, startWorld, type Fixture, type World } from './world.js';

let world: World;
let serving: ServingProcess;
let supervisor: ReturnType<World['superviseServing']>;

/** Two numeric matrices, texts, mixed inputs, missing values, a plain value, an image. */
const models = [
  'forest-plain',
  'logistic-strings',
  'mixed-pipeline',
  'hist-missing',
  'xgboost-regressor',
  'torch-conv',
];
const fixtures = new Map<string, Fixture>();

beforeAll(async () => {
  world = await startWorld();
  supervisor = world.superviseServing();
  serving = await world.serve();
  for (const name of models) {
    const made = await fixture(name);
    fixtures.set(name, made);
    await world.register(name, '1.0.0', made);
    const requested = await world.deploy(name, name, '1.0.0');
    expect(await world.settled(name, requested)).toMatchObject({ type: 'DeploymentWentLive' });
  }
}, 60_000);

afterAll(() => world.stop());

const given = (name: string): Fixture => fixtures.get(name)!;

function signatureOf(name: string) {
  const { bytes, feature_names: featureNames, nullable } = given(name);
  const read = readSignature(bytes, { featureNames, nullable });
  if (!read.ok) throw new Error(read.rejection.detail);
  return read.value;
}

interface Told {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  readonly json: OipJson;
}

/** Bodies of the protocol, as loosely typed as a caller sees them. */
interface OipJson {
  readonly error: string;
  readonly code: string;
  readonly prediction_id: string;
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly outputs: readonly {
    readonly name: string;
    readonly datatype: Datatype;
    readonly shape: readonly number[];
    readonly data: readonly unknown[];
    readonly parameters?: { readonly binary_data_size: number };
  }[];
  readonly model_stats: readonly { readonly name: string; readonly inference_count: number }[];
}

async function call(
  path: string,
  body?: string | Buffer,
  headers: Record<string, string> = {},
  method = 'POST',
): Promise<Told> {
  const init = { method, headers, ...(body === undefined ? {} : { body: new Uint8Array(Buffer.from(body)) }) };
  const response = await fetch(`${serving.url}${path}`, init);
  const bytes = Buffer.from(await response.arrayBuffer());
  const jsonBytes = response.headers.get('inference-header-content-length') ?? bytes.length;
  const json = JSON.parse(bytes.subarray(0, Number(jsonBytes)).toString('utf8')) as OipJson;
  if (response.status >= 400) requireDescribed(method, path, { status: response.status, code: json.code });
  return { status: response.status, headers: response.headers, bytes, json };
}

const get = (path: string): Promise<Told> => call(path, undefined, {}, 'GET');
const infer = (name: string, body: object): Promise<Told> => call(`/v2/models/${name}/infer`, JSON.stringify(body));

/** Tensors behind the JSON, as tritonclient sends them by default. */
function inferBinary(name: string, tensors: readonly InputTensor[], more: object = {}): Promise<Told> {
  const parts = tensors.map((tensor) => encodeBinary(tensor as OutputTensor));
  const inputs = tensors.map(({ data: _data, ...tensor }, at) => ({
    ...tensor,
    parameters: { binary_data_size: parts[at]!.length },
  }));
  const json = Buffer.from(JSON.stringify({ inputs, parameters: { binary_data_output: true }, ...more }));
  const headers = {
    'content-type': 'application/octet-stream',
    'inference-header-content-length': String(json.length),
  };
  return call(`/v2/models/${name}/infer`, Buffer.concat([json, ...parts]), headers);
}

/** The values of an answer by output, whichever way they came. */
function outputsOf({ json, headers, bytes }: Told): Record<string, readonly unknown[]> {
  let at = Number(headers.get('inference-header-content-length'));
  return Object.fromEntries(
    json.outputs.map(({ name, datatype, shape, data, parameters }) => {
      if (parameters === undefined) return [name, data];
      const decoded = decodeBinary(datatype, shape, bytes.subarray(at, at + parameters.binary_data_size));
      at += parameters.binary_data_size;
      if (!decoded.ok) throw new Error(decoded.rejection);
      return [
        name,
        Array.from<unknown>(decoded.value).map((value) => (typeof value === 'bigint' ? Number(value) : value)),
      ];
    }),
  );
}

/** The same from the answers of /api/predict/batch: each role's values, row after row. */
function predictedOutputs(name: string, predictions: Json['predictions']): Record<string, readonly unknown[]> {
  const { outputs, classes } = signatureOf(name);
  const of = ({ label, probabilities = {}, value }: Json['predictions'][number]['output'], role: string): unknown => {
    if (role === 'label') return label;
    return role === 'value'
      ? value
      : (classes ?? Object.keys(probabilities)).map((each) => probabilities[String(each)]);
  };
  return Object.fromEntries(
    outputs.map(({ name: output, role }) => [
      output,
      predictions.map((prediction) => of(prediction.output, role)).flat(4),
    ]),
  );
}

async function recorded(id: string): Promise<{ chunk: Chunk; row: number }> {
  const { seq, row } = decodePredictionId(id)!;
  return { chunk: decodeChunk((await world.traffic.get(seq, 'leader'))!.data), row };
}

describe('infer', () => {
  it.each(models)('gives for %s what /api/predict gives, however the tensors come', async (name) => {
    const { rows } = given(name);
    const signature = signatureOf(name);
    const predicted = await call('/api/predict/batch', JSON.stringify({ deployment: name, inputs: rows }), {
      'content-type': 'application/json',
    });
    const expected = predictedOutputs(name, (predicted.json as unknown as Json).predictions);
    const tensors = byInput(signature, rows);
    const answers = [
      await infer(name, { inputs: tensors.map(inJson) }),
      await infer(name, { inputs: byFeature(signature, rows).map(inJson) }),
      await inferBinary(name, tensors),
    ];
    for (const answer of answers) {
      expect({ status: answer.status, error: answer.json.error }).toEqual({ status: 200, error: undefined });
      expect(outputsOf(answer)).toEqual(expected);
    }
  });

  it('answers with what the metadata promise', async () => {
    const { json: metadata } = await get('/v2/models/mixed-pipeline');
    expect(metadata).toMatchObject({ name: 'mixed-pipeline', versions: ['1.0.0'], platform: 'onnx_onnxv1' });
    const { inputs, outputs } = metadata as unknown as Record<
      'inputs' | 'outputs',
      readonly Omit<OutputTensor, 'data'>[]
    >;
    const tensors = byInput(signatureOf('mixed-pipeline'), given('mixed-pipeline').rows);
    expect(inputs).toEqual(
      tensors.map(({ name, datatype, shape }) => ({ name, datatype, shape: [-1, ...shape.slice(1)] })),
    );
    const { json } = await infer('mixed-pipeline', { inputs: tensors.map(inJson) });
    expect(json.outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape }))).toEqual(
      outputs.map((output) => ({ ...output, shape: [100, ...output.shape.slice(1)] })),
    );
  });

  it('gives the outputs that are asked for, each in the form that is asked for', async () => {
    const rows = given('forest-plain').rows.slice(0, 2);
    const tensors = byInput(signatureOf('forest-plain'), rows);
    const outputs = [
      { name: 'probabilities', parameters: { binary_data: false } },
      { name: 'prediction_id' },
      { name: 'label' },
    ];
    const answer = await inferBinary('forest-plain', tensors, { id: 'r-1', outputs });
    expect(answer.json).toMatchObject({
      model_name: 'forest-plain',
      model_version: '1.0.0',
      id: 'r-1',
      parameters: { registered_model: 'forest-plain' },
    });
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    const values = outputsOf(answer);
    expect(Object.keys(values)).toEqual(['probabilities', 'prediction_id', 'label']);
    expect(values['prediction_id']![0]).toBe(answer.json.parameters['prediction_id']);
  });

  it('records every row under the id that it is answered with', async () => {
    const { rows } = given('forest-plain');
    const many = Array.from({ length: 700 }, (_, at) => rows[at % rows.length]!);
    const tensors = byInput(signatureOf('forest-plain'), many);
    const outputs = ['label', 'prediction_id'].map((name) => ({ name, parameters: { binary_data: true } }));
    const parameters = { routing_key: 'käse', subject_id: 's-1' };
    const answer = await inferBinary('forest-plain', tensors, { id: 'b-1', outputs, parameters });
    const { label, prediction_id: ids } = outputsOf(answer) as { label: number[]; prediction_id: string[] };
    expect(new Set(ids).size).toBe(700);
    const chunks = new Map((await world.chunks()).map(({ seq, chunk }) => [seq, chunk]));
    const width = 13;
    for (const [at, id] of ids.entries()) {
      const { seq, row } = decodePredictionId(id)!;
      const { schema, inputs, outputs: columns, requestIds, routingKeys, subjectIds } = chunks.get(seq)!;
      expect([requestIds![row], routingKeys![row], subjectIds![row]]).toEqual(['b-1', 'käse', 's-1']);
      const index = schema.outputs.findIndex(({ role }) => role === 'label');
      expect(Number(columns[index]![row])).toBe(label[at]);
      const recordedRow = Array.from(inputs[0] as Float32Array).slice(row * width, (row + 1) * width);
      expect(recordedRow).toEqual(Array.from(tensors[0]!.data as Float32Array).slice(at * width, (at + 1) * width));
    }
  });

  it('takes packed bodies and names that are percent-encoded', async () => {
    const body = JSON.stringify({
      inputs: byInput(signatureOf('forest-plain'), given('forest-plain').rows).map(inJson),
    });
    for (const [encoding, packed] of [
      ['gzip', gzipSync(body)],
      ['deflate', deflateSync(body)],
    ] as const) {
      const answer = await call('/v2/models/forest%2Dplain/versions/1.0.0/infer', packed, {
        'content-encoding': encoding,
      });
      expect(answer.status).toBe(200);
      expect(answer.json.outputs[0]!.shape).toEqual([100]);
    }
  });

  it('counts in the statistics of the version', async () => {
    const of = async (): Promise<OipJson['model_stats'][number]> => {
      const { json } = await get('/v2/models/xgboost-regressor/versions/1.0.0/stats');
      expect(json.model_stats).toHaveLength(1);
      return json.model_stats[0]!;
    };
    const before = await of();
    await infer('xgboost-regressor', {
      inputs: byInput(signatureOf('xgboost-regressor'), given('xgboost-regressor').rows).map(inJson),
    });
    const after = await of();
    expect(after.inference_count - before.inference_count).toBe(100);
    expect(after).toMatchObject({
      name: 'xgboost-regressor',
      version: '1.0.0',
      inference_stats: { success: { count: expect.any(Number) as unknown } },
    });
    const { json } = await get('/v2/models/stats');
    expect(json.model_stats.map(({ name }) => name).sort()).toEqual([...models].sort());
  });
});

describe('a request that does not fit', () => {
  const x = (more: object = {}): object => ({
    inputs: [{ name: 'X', datatype: 'FP32', shape: [1, 13], data: new Array(13).fill(1), ...more }],
  });
  const path = '/v2/models/forest-plain/infer';
  const framed = (json: object, length: number | string, binary = Buffer.alloc(0)): Promise<Told> =>
    call(path, Buffer.concat([Buffer.from(JSON.stringify(json)), binary]), {
      'inference-header-content-length': String(length),
    });

  it.each<[string, () => Promise<Told>, number, string, string]>([
    [
      'has another shape',
      () => infer('forest-plain', x({ shape: [1, 12], data: new Array(12).fill(1) })),
      400,
      'invalid_tensor',
      "tensor 'X': expected FP32 of shape [n, 13], got FP32 of shape [1, 12]",
    ],
    [
      'has another datatype',
      () => infer('forest-plain', x({ datatype: 'BYTES' })),
      400,
      'invalid_tensor',
      "tensor 'X': expected FP32 of shape [n, 13], got BYTES of shape [1, 13]",
    ],
    [
      'has a datatype that is none',
      () => infer('forest-plain', x({ datatype: 'FP16' })),
      400,
      'invalid_tensor',
      "tensor 'X': datatype: expected BOOL",
    ],
    [
      'has a negative dimension',
      () => infer('forest-plain', x({ shape: [-1, 13] })),
      400,
      'invalid_tensor',
      "tensor 'X': expected no negative dimension",
    ],
    [
      'has too few bytes',
      () => inferBinary('forest-plain', [{ name: 'X', datatype: 'FP32', shape: [2, 13], data: new Float32Array(13) }]),
      400,
      'invalid_tensor',
      "tensor 'X': expected 104 bytes for 26 elements of FP32, got 52",
    ],
    [
      'has a tensor twice',
      () =>
        infer('mixed-pipeline', {
          inputs: [0, 1].map(() => ({ name: 'amount', datatype: 'FP32', shape: [1, 1], data: [1] })),
        }),
      400,
      'invalid_tensor',
      "tensor 'amount': expected once, is there twice",
    ],
    [
      'lacks a tensor',
      () => infer('mixed-pipeline', { inputs: [{ name: 'amount', datatype: 'FP32', shape: [1, 1], data: [1] }] }),
      400,
      'invalid_tensor',
      "tensor 'housing' is missing: expected BYTES",
    ],
    [
      'has an unknown tensor',
      () => infer('mixed-pipeline', { inputs: [{ name: 'colour', datatype: 'FP32', shape: [1, 1], data: [1] }] }),
      400,
      'invalid_tensor',
      "tensor 'colour': this tensor is unknown",
    ],
    [
      'lacks a value that may not be missing',
      () => infer('forest-plain', x({ data: [null, ...new Array<number>(12).fill(1)] })),
      422,
      'missing_feature',
      "tensor 'X': feature 'alcohol', row 0: expected a number, got a missing value (NaN)",
    ],
    [
      'has an infinity',
      () =>
        inferBinary('forest-plain', [
          { name: 'X', datatype: 'FP32', shape: [1, 13], data: new Float32Array(13).fill(Infinity) },
        ]),
      422,
      'not_finite',
      "tensor 'X': feature 'alcohol', row 0: expected a number, got one that is not finite",
    ],
    [
      'has U+0000 in a text',
      () =>
        inferBinary(
          'mixed-pipeline',
          byInput(signatureOf('mixed-pipeline'), given('mixed-pipeline').rows.slice(0, 1)).map((tensor) =>
            tensor.name === 'housing' ? { ...tensor, data: ['a\0'] } : tensor,
          ),
        ),
      400,
      'invalid_tensor',
      "tensor 'housing': feature 'housing', row 0: expected a string, got one with the character U+0000",
    ],
    [
      'has no rows',
      () => infer('forest-plain', x({ shape: [0, 13], data: [] })),
      422,
      'empty_batch',
      "tensor 'X': expected at least one row",
    ],
    [
      'has more than 10,000 rows',
      () =>
        inferBinary('forest-plain', [
          { name: 'X', datatype: 'INT8', shape: [10_001, 13], data: new Int8Array(130_013) },
        ]),
      413,
      'payload_too_large',
      "tensor 'X' has 10001 rows",
    ],
    [
      'wants an unknown output',
      () => infer('forest-plain', { ...x(), outputs: [{ name: 'z' }] }),
      400,
      'invalid_tensor',
      "output 'z': expected one of 'label', 'probabilities', 'prediction_id'",
    ],
    [
      'wants classes',
      () => infer('forest-plain', { ...x(), outputs: [{ name: 'label', parameters: { classification: 1 } }] }),
      400,
      'invalid_tensor',
      "output 'label': parameter classification is not supported",
    ],
    [
      'belongs to a sequence',
      () => infer('forest-plain', { ...x(), parameters: { sequence_id: 1 } }),
      422,
      'invalid_request',
      "parameter 'sequence_id': expected it left out",
    ],
    [
      'has an endless id',
      () => infer('forest-plain', { ...x(), id: 'x'.repeat(257) }),
      422,
      'invalid_request',
      'id: expected a text of 1 to 256 characters',
    ],
    ['has no inputs', () => infer('forest-plain', {}), 422, 'invalid_request', 'inputs: expected at least one tensor'],
  ])('because it %s is refused by name, and recorded', async (_what, refused, status, code, error) => {
    const answer = await refused();
    expect(answer).toMatchObject({ status, json: { code } });
    expect(answer.json.error).toContain(error);
    expect(Object.keys(answer.json)).toEqual(['error', 'code', 'prediction_id']);
    const { chunk, row } = await recorded(answer.json.prediction_id);
    expect(chunk.codes[row - chunk.served]).toBe(code);
    expect(answer.json.error).not.toContain('undefined');
  });

  it.each<[string, () => Promise<Told>, number, string, string]>([
    [
      'names a length past the body',
      () => framed(x(), 100_000),
      400,
      'malformed_body',
      'Inference-Header-Content-Length: expected at most the',
    ],
    [
      'names no length',
      () => framed(x(), 'all'),
      400,
      'malformed_body',
      'Inference-Header-Content-Length: expected the bytes of the JSON',
    ],
    ['is no JSON', () => call(path, 'X'), 400, 'malformed_json', 'the body is not JSON'],
    [
      'is of another type',
      () => call(path, '{}', { 'content-type': 'text/plain' }),
      415,
      'unsupported_media_type',
      'infer takes application/json or application/octet-stream',
    ],
    [
      'comes from a page without a type',
      () => call(path, '{}', { origin: 'http://elsewhere' }),
      415,
      'unsupported_media_type',
      'infer takes application/json',
    ],
    [
      'is too large',
      () => call(path, Buffer.alloc(16 * 2 ** 20 + 1)),
      413,
      'payload_too_large',
      'the body is announced with 16777217 bytes',
    ],
    [
      'is too large when it is unpacked',
      () => call(path, gzipSync(Buffer.alloc(17 * 2 ** 20)), { 'content-encoding': 'gzip' }),
      413,
      'payload_too_large',
      'the body has more than 16777216 bytes',
    ],
    [
      'is not packed as it says',
      () => call(path, '{}', { 'content-encoding': 'gzip' }),
      400,
      'malformed_body',
      'the body is not gzip data',
    ],
    [
      'is packed otherwise',
      () => call(path, '{}', { 'content-encoding': 'br' }),
      415,
      'unsupported_media_type',
      'expected gzip, x-gzip, deflate or identity',
    ],
    [
      'has an unreadable timeout',
      () => call(path, '{}', { 'x-request-timeout-ms': 'soon' }),
      422,
      'invalid_request',
      'X-Request-Timeout-Ms',
    ],
    ['is for nobody', () => infer('nobody', x()), 404, 'deployment_not_found', "no deployment is named 'nobody'"],
    ['is for nobody, and cannot be read', () => infer('nobody', {}), 404, 'deployment_not_found', "named 'nobody'"],
    [
      'is for another version, and cannot be read',
      () => call('/v2/models/forest-plain/versions/9.0.0/infer', '{"inputs":1}'),
      404,
      'version_not_served',
      "not '9.0.0'",
    ],
    ['is for what cannot be a name', () => infer('a%2Fb', x()), 422, 'invalid_request', 'a deployment name holds'],
    [
      'is for another version',
      () => call('/v2/models/forest-plain/versions/9.0.0/infer', JSON.stringify(x())),
      404,
      'version_not_served',
      "forest-plain serves version 1.0.0, not '9.0.0'",
    ],
  ])('because it %s is refused and counted', async (_what, refused, status, code, error) => {
    const answer = await refused();
    expect(answer).toMatchObject({ status, json: { code } });
    expect(answer.json.error).toContain(error);
    expect(answer.json.prediction_id).toBeUndefined();
  });

  it('is recorded with what it says of itself, as far as that can be read', async () => {
    const parameters = { subject_id: 'a person', routing_key: 7, sequence_id: 1 };
    const answer = await infer('forest-plain', { id: 'mine', inputs: 'none', parameters });
    expect(answer).toMatchObject({ status: 422, json: { code: 'invalid_request' } });
    const { chunk, row } = await recorded(answer.json.prediction_id);
    expect([chunk.requestIds?.[row], chunk.subjectIds?.[row], chunk.routingKeys?.[row]]).toEqual([
      ...['mine', 'a person', undefined],
    ]);
  });

  it('is given up when its own time is over', async () => {
    const answer = await infer('forest-plain', { ...x(), parameters: { timeout: 1 } });
    expect(answer).toMatchObject({ status: 504, json: { code: 'deadline_exceeded' } });
    const header = await call(path, JSON.stringify(x()), { 'x-request-timeout-ms': '0.001' });
    expect(header).toMatchObject({ status: 504, json: { code: 'deadline_exceeded' } });
  });
});

describe('what stands beside infer', () => {
  it('tells of the server and its models', async () => {
    expect((await get('/v2')).json).toMatchObject({
      name: 'modelog',
      extensions: expect.arrayContaining(['binary_tensor_data']) as unknown,
    });
    expect(await get('/v2/')).toMatchObject({ status: 200 });
    expect((await get('/v2/health/live')).json).toEqual({ live: true });
    expect((await get('/v2/health/ready')).json).toEqual({ ready: true });
    expect((await get('/v2/models/torch-conv/versions/1.0.0/ready')).json).toEqual({ name: 'torch-conv', ready: true });
  });

  it('lists what is deployed, and only what serves where that is asked for', async () => {
    const all = await call('/v2/repository/index', '');
    expect(all.json).toEqual(models.map((name) => ({ name, version: '1.0.0', state: 'READY', reason: '' })));
    // Nobody sees the rollout to its end: it stays pending.
    await supervisor.stop();
    await world.deploy('not-yet', 'forest-plain', '1.0.0');
    const others = async () => (await call('/v2/repository/index', '')).json as unknown as readonly object[];
    const pending = await until(
      async () => (await others()).find((each) => 'name' in each && each.name === 'not-yet'),
      {
        what: 'the deployment to be listed',
      },
    );
    expect(pending).toMatchObject({ version: '1.0.0', state: expect.stringMatching(/LOADING|UNAVAILABLE/) as unknown });
    const ready = await call('/v2/repository/index', '{"ready":true}');
    expect(ready.json).toEqual(all.json);
  });

  it.each<[string, () => Promise<Told>, number, string]>([
    ['an unknown model', () => get('/v2/models/nobody'), 404, 'deployment_not_found'],
    ['an unknown model that should be ready', () => get('/v2/models/nobody/ready'), 404, 'deployment_not_found'],
    ['statistics of an unknown model', () => get('/v2/models/nobody/stats'), 404, 'deployment_not_found'],
    ['a version that is not served', () => get('/v2/models/torch-conv/versions/2.0.0'), 404, 'version_not_served'],
    ['an address without meaning', () => get('/v2/models/torch-conv/config'), 404, 'not_found'],
    ['a name that cannot be read', () => get('/v2/models/%zz'), 404, 'not_found'],
    ['another method', () => get('/v2/models/torch-conv/infer'), 405, 'method_not_allowed'],
  ])('refuses %s in the form of the protocol', async (_what, refused, status, code) => {
    const answer = await refused();
    expect(answer).toMatchObject({ status, json: { code, error: expect.any(String) as unknown } });
    expect(answer.headers.get('content-type')).toBe('application/json');
  });

  it('refuses statistics while nobody adds up what all processes count', async () => {
    world.stopTelling();
    const answer = await get('/v2/models/stats');
    expect(answer).toMatchObject({ status: 503, json: { code: 'unavailable' } });
    expect(answer.headers.get('retry-after')).toBe('1');
  });
});
