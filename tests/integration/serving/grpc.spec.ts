/** @jest-environment ./tests/support/onnx-environment.mjs */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { decodeChunk, decodePredictionId, type Chunk } from '#libs/contracts/index.js';
import { signToken } from '#libs/nest/index.js';
import type { ServingProcess } from '#apps/serving/serving-process.js';
import { until } from '#tests/support/wait.js';
import { GrpcClient, type Message } from './grpc-client.js';
import { fixture, startWorld, type Fixture, type World } from './world.js';

let world: World;
let serving: ServingProcess;
let client: GrpcClient;

const numbers: Fixture = await fixture('forest-plain');
const texts: Fixture = await fixture('mixed-pipeline');
const secret = 'a secret of thirty-two characters or more';
const grpc = { host: '127.0.0.1', port: 0 };
const addressOf = ({ grpcPort }: ServingProcess): string => `127.0.0.1:${grpcPort ?? 0}`;

beforeAll(async () => {
  world = await startWorld();
  world.superviseServing();
  serving = await world.serve({ grpc });
  client = new GrpcClient(addressOf(serving));
  for (const [name, made] of [
    ['numbers', numbers],
    ['texts', texts],
  ] as const) {
    await world.register(name, '1.0.0', made);
    const requested = await world.deploy(name, name, '1.0.0');
    expect(await world.settled(name, requested)).toMatchObject({ type: 'DeploymentWentLive' });
  }
}, 60_000);

afterAll(async () => {
  client.close();
  await world.stop();
});

const valuesOf = (count: number): number[] =>
  numbers.rows.slice(0, count).flatMap((row) => numbers.feature_names!.map((name) => row[name] as number));

const rawNumbers = (count: number): Message => ({
  model_name: 'numbers',
  inputs: [{ name: 'X', datatype: 'FP32', shape: [count, 13] }],
  raw_input_contents: [Buffer.from(Float32Array.from(valuesOf(count)).buffer)],
});

const typedTexts = (count: number): Message => {
  const column = (name: string): unknown[] => texts.rows.slice(0, count).map((row) => row[name]);
  const tensor = (name: string, datatype: string, contents: Message): Message => ({
    ...{ name, datatype, contents },
    shape: [count, 1],
  });
  const bytes = (name: string): Message => ({
    bytes_contents: column(name).map((text) => Buffer.from(text as string)),
  });
  return {
    model_name: 'texts',
    inputs: [
      tensor('housing', 'BYTES', bytes('housing')),
      tensor('purpose', 'BYTES', bytes('purpose')),
      tensor('income', 'FP32', { fp32_contents: column('income') }),
      tensor('amount', 'FP32', { fp32_contents: column('amount') }),
      tensor('dependants', 'INT64', { int64_contents: column('dependants') }),
    ],
  };
};

const outputsOf = (answer: Message): { name: string; datatype: string; shape: string[]; contents: Message | null }[] =>
  answer['outputs'] as ReturnType<typeof outputsOf>;
const parameterOf = (answer: Message, name: string): unknown =>
  (answer['parameters'] as Record<string, Message>)[name]?.['string_param'];

async function recorded(id: unknown): Promise<{ chunk: Chunk; row: number }> {
  const { seq, row } = decodePredictionId(id as string)!;
  const message = await world.traffic.get(seq, 'leader');
  return { chunk: decodeChunk(message!.data), row };
}

describe('inference over gRPC', () => {
  it('takes raw tensors, answers raw ones equal to the library that made the model, and records each row', async () => {
    const answer = await client.call('ModelInfer', { ...rawNumbers(100), id: 'request-1' });
    expect(answer).toMatchObject({ model_name: 'numbers', model_version: '1.0.0', id: 'request-1' });
    expect(outputsOf(answer)).toMatchObject([
      { name: 'label', datatype: 'INT64', shape: ['100'], contents: null },
      { name: 'probabilities', datatype: 'FP32', shape: ['100', '3'], contents: null },
    ]);
    const [labels, probabilities] = answer['raw_output_contents'] as [Buffer, Buffer];
    for (const [row, { label, probabilities: expected }] of numbers.outputs.entries()) {
      expect(labels.readBigInt64LE(row * 8)).toBe(BigInt(label as number));
      for (const [index, p] of Object.values(expected!).entries())
        expect(Math.abs(probabilities.readFloatLE((row * 3 + index) * 4) - p)).toBeLessThan(1e-5);
    }
    const { chunk, row } = await recorded(parameterOf(answer, 'prediction_id'));
    expect(chunk.schema).toMatchObject({ deployment: 'numbers', instance: serving.instance });
    expect(chunk.requestIds![row]).toBe('request-1');
    expect(chunk.served).toBe(100);
  });

  it('takes typed contents of texts and numbers, answers in kind, and gives the id of each row that is asked for', async () => {
    const outputs = [{ name: 'output_label' }, { name: 'prediction_id' }];
    const answer = await client.call('ModelInfer', { ...typedTexts(10), outputs, model_version: '1.0.0' });
    expect(answer['raw_output_contents']).toEqual([]);
    const [labels, ids] = outputsOf(answer).map(({ contents }) =>
      (contents!['bytes_contents'] as Buffer[]).map((text) => text.toString()),
    );
    expect(labels).toEqual(texts.outputs.slice(0, 10).map(({ label }) => label));
    expect(new Set(ids).size).toBe(10);
    expect((await recorded(ids![9])).chunk.schema.deployment).toBe('texts');
    const asRaw = await client.call('ModelInfer', {
      ...typedTexts(1),
      parameters: { binary_data_output: { bool_param: true } },
    });
    expect((asRaw['raw_output_contents'] as Buffer[])[0]!.subarray(4).toString()).toBe(texts.outputs[0]!.label);
  });

  it('answers each request of a stream, and goes on after one that is refused', async () => {
    const stream = client.stream();
    const answers: Message[] = [];
    stream.on('data', (answer: Message) => answers.push(answer));
    for (let at = 0; at < 200; at++) stream.write({ ...rawNumbers(1), id: `id-${at}` });
    stream.write({ ...rawNumbers(1), model_name: 'nobody', id: 'refused' });
    stream.write({ ...rawNumbers(1), id: 'last' });
    stream.end();
    await once(stream, 'end');
    const idOf = ({ infer_response }: Message): unknown => (infer_response as Message)['id'];
    expect(new Set(answers.map(idOf)).size).toBe(202);
    const failed = answers.filter(({ error_message }) => error_message !== '');
    expect(failed).toMatchObject([{ error_message: "no deployment is named 'nobody'" }]);
    expect(idOf(failed[0]!)).toBe('refused');
  });
});

describe('what the server says of itself', () => {
  it('is alive, ready, and names its extensions', async () => {
    expect(await client.call('ServerLive')).toEqual({ live: true });
    expect(await client.call('ServerReady')).toEqual({ ready: true });
    expect(await client.call('ServerMetadata')).toMatchObject({
      name: 'modelog',
      extensions: expect.arrayContaining(['statistics']),
    });
  });

  it('tells of each deployment what it is, takes, and did', async () => {
    expect(await client.call('ModelReady', { name: 'numbers' })).toEqual({ ready: true });
    expect(await client.call('ModelReady', { name: 'numbers', version: '9' })).toEqual({ ready: false });
    expect(await client.call('ModelMetadata', { name: 'texts' })).toMatchObject({
      ...{ name: 'texts', versions: ['1.0.0'], platform: 'onnx_onnxv1' },
      inputs: expect.arrayContaining([{ name: 'housing', datatype: 'BYTES', shape: ['-1', '1'] }]),
    });
    await client.call('ModelInfer', rawNumbers(2));
    const { model_stats } = await client.call('ModelStatistics', { name: 'numbers' });
    const [stats] = model_stats as [Message];
    expect(stats).toMatchObject({ name: 'numbers', version: '1.0.0' });
    expect(Number(stats['inference_count'])).toBeGreaterThanOrEqual(2);
    expect(await client.call('RepositoryIndex', { ready: true })).toEqual({
      models: [
        { name: 'numbers', version: '1.0.0', state: 'READY', reason: '' },
        { name: 'texts', version: '1.0.0', state: 'READY', reason: '' },
      ],
    });
  });
});

describe('a refused call', () => {
  const tensor = (changes: Message, raw?: Buffer): Message => ({
    ...rawNumbers(1),
    inputs: [{ name: 'X', datatype: 'FP32', shape: [1, 13], ...changes }],
    raw_input_contents: [raw ?? Buffer.alloc(52)],
  });

  it.each<[string, Message, string, number, RegExp]>([
    [
      'an unknown model',
      { ...rawNumbers(1), model_name: 'nobody' },
      'deployment_not_found',
      status.NOT_FOUND,
      /'nobody'/,
    ],
    [
      'another version',
      { ...rawNumbers(1), model_version: '2.0.0' },
      'version_not_served',
      status.NOT_FOUND,
      /2\.0\.0/,
    ],
    ['a wrong shape', tensor({ shape: [1, 12] }, Buffer.alloc(48)), 'invalid_tensor', 3, /'X'.*FP32.*13.*12/],
    ['a negative dimension', tensor({ shape: [-1, 13] }), 'invalid_tensor', 3, /'X'.*negative/],
    ['too few bytes', tensor({}, Buffer.alloc(51)), 'invalid_tensor', 3, /'X'.*expected 52 bytes.*got 51/],
    ['an unknown datatype', tensor({ datatype: 'FP16' }), 'invalid_tensor', 3, /'X'.*datatype/],
    ['another family', tensor({ datatype: 'BYTES' }, Buffer.alloc(52)), 'invalid_tensor', 3, /'X'/],
    [
      'the wrong contents',
      { ...tensor({ contents: { int_contents: [1] } }), raw_input_contents: [] },
      'invalid_tensor',
      3,
      /'X'.*fp32_contents.*int_contents/,
    ],
    [
      'a name that is shown no further than the middle of a character',
      tensor({ name: `${'n'.repeat(126)}😀😀`, shape: [1, 12] }),
      'invalid_tensor',
      3,
      /'n{126}.…'/,
    ],
    ['contents twice', tensor({ contents: { fp32_contents: [1] } }), 'invalid_tensor', 3, /'X'.*either/],
    [
      'a raw tensor too many',
      { ...rawNumbers(1), raw_input_contents: [Buffer.alloc(52), Buffer.alloc(1)] },
      'invalid_request',
      3,
      /1 inputs, got 2/,
    ],
    ['no tensors', { model_name: 'numbers' }, 'invalid_request', 3, /inputs: expected at least one/],
    ['an unknown output', { ...rawNumbers(1), outputs: [{ name: 'none' }] }, 'invalid_tensor', 3, /'none'.*'label'/],
    [
      'shared memory',
      tensor({ parameters: { shared_memory_region: { string_param: 'r' } } }),
      'invalid_tensor',
      3,
      /shared_memory_region/,
    ],
  ])('for %s says what was expected', async (_what, message, code, expected, details) => {
    const refused = await client.refused('ModelInfer', message);
    expect(refused.details).toMatch(details);
    expect(refused.code).toBe(expected);
    expect(refused.metadata.get('modelog-code')).toEqual([code]);
    if (code !== 'invalid_tensor') return;
    const [id] = refused.metadata.get('modelog-prediction-id');
    expect((await recorded(id)).chunk.refused).toBeGreaterThan(0);
  });

  it('for a message past the limit says so, and others are answered on the same connection', async () => {
    const large = { ...rawNumbers(1), raw_input_contents: [Buffer.alloc(18 * 2 ** 20)] };
    expect(await client.refused('ModelInfer', large)).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    expect(await client.call('ServerLive')).toEqual({ live: true });
  });

  it('for what is not served of the protocol, and for models that are not there', async () => {
    const unknown = { code: status.NOT_FOUND, details: "no deployment is named 'nobody'" };
    expect(await client.refused('ModelMetadata', { name: 'nobody' })).toMatchObject(unknown);
    expect(await client.refused('ModelStatistics', { name: 'nobody' })).toMatchObject(unknown);
  });

  it('of a full process may be tried again, and says when', async () => {
    const full = await world.serve({ instance: 'full', grpc, maxQueuedRows: 1 });
    const other = new GrpcClient(addressOf(full));
    const refused = await other.refused('ModelInfer', rawNumbers(2));
    expect(refused).toMatchObject({ code: status.UNAVAILABLE });
    expect(refused.metadata.get('grpc-retry-pushback-ms')).toEqual(['1000']);
    await other.call('ModelInfer', rawNumbers(1));
    other.close();
    await full.stop();
  });
});

it('asks for a token where there is a secret, and for the permission; health is open', async () => {
  const guarded = await world.serve({ instance: 'guarded', grpc, authSecret: secret });
  const tokenOf = (role: 'operator' | 'viewer', key = secret): Promise<string> =>
    signToken({ actor: role, roles: [role], secret: key, now: Date.now(), validForS: 60 });
  const clientOf = (token?: string): GrpcClient => new GrpcClient(addressOf(guarded), token);
  const [nobody, forged, viewer, operator] = [
    clientOf(),
    clientOf(await tokenOf('operator', secret.toUpperCase())),
    clientOf(await tokenOf('viewer')),
    clientOf(await tokenOf('operator')),
  ];
  expect(await nobody.call('ServerReady')).toEqual({ ready: true });
  for (const method of ['ModelInfer', 'ModelMetadata', 'ModelStatistics', 'RepositoryIndex', 'ModelReady'])
    expect(await nobody.refused(method, {})).toMatchObject({ code: status.UNAUTHENTICATED });
  expect(await forged.refused('ModelInfer', rawNumbers(1))).toMatchObject({ code: status.UNAUTHENTICATED });
  expect(await viewer.refused('ModelInfer', rawNumbers(1))).toMatchObject({ code: status.PERMISSION_DENIED });
  expect(await viewer.call('ModelMetadata', { name: 'numbers' })).toMatchObject({ name: 'numbers' });
  expect(await operator.call('ModelInfer', rawNumbers(1))).toMatchObject({ model_name: 'numbers' });

  const stream = viewer.stream();
  stream.on('data', () => undefined);
  stream.write(rawNumbers(1));
  const [error] = (await once(stream, 'error')) as [{ code: number }];
  expect(error.code).toBe(status.PERMISSION_DENIED);
  for (const each of [nobody, forged, viewer, operator]) each.close();
  await guarded.stop();
});

it('a process that stops answers every call under way, sends its streams elsewhere, and is gone', async () => {
  const leaving = await world.serve({ instance: 'leaving', grpc });
  const other = new GrpcClient(addressOf(leaving));
  const stream = other.stream();
  const streamed: Message[] = [];
  stream.on('data', (answer: Message) => streamed.push(answer));
  stream.write(rawNumbers(1));
  await until(() => streamed.length === 1, { what: 'an answer of the stream' });
  const calls = Array.from({ length: 50 }, () => other.call('ModelInfer', rawNumbers(1)));
  await calls[0];
  for (let at = 0; at < 20; at++) stream.write(rawNumbers(1));
  const ended = once(stream, 'error');
  const stopped = leaving.stop();
  expect(await Promise.all(calls)).toHaveLength(50);
  const [error] = (await ended) as [{ code: number; details: string }];
  expect(error).toMatchObject({ code: status.UNAVAILABLE, details: expect.stringContaining('may be sent again') });
  expect(streamed.every(({ error_message }) => error_message === '')).toBe(true);
  await stopped;
  expect(await other.refused('ServerLive', {})).toMatchObject({ code: status.UNAVAILABLE });
  other.close();
});

it('holds no more connections than it may, over HTTP and gRPC together', async () => {
  const small = await world.serve({ instance: 'small', grpc, maxConnections: 2 });
  const held = [1, 2].map(() => connect(small.port, '127.0.0.1'));
  await Promise.all(held.map((socket) => once(socket, 'connect')));
  const other = new GrpcClient(addressOf(small));
  expect(await other.refused('ServerLive', {})).toMatchObject({ code: status.UNAVAILABLE });
  for (const socket of held) socket.destroy();
  await until(async () => (await other.call('ServerLive'))['live'], { what: 'room for the client' });
  other.close();
  await small.stop();
});

it('closes connections that say nothing, are no HTTP/2, or have nothing to do, and answers beside them', async () => {
  const patient = await world.serve({ instance: 'patient', grpc: { ...grpc, limits: { idleMs: 300, silentMs: 300 } } });
  const other = new GrpcClient(addressOf(patient));
  await other.call('ServerLive');
  const silent = Array.from({ length: 200 }, () => connect(patient.grpcPort!, '127.0.0.1'));
  const closed = silent.map(async (socket) => {
    socket.on('error', () => undefined);
    socket.resume();
    await once(socket, 'close');
  });
  await Promise.all(silent.map((socket) => once(socket, 'connect')));
  silent[0]!.write('GET / HTTP/1.1\r\n\r\n');
  silent[1]!.write('PRI');
  expect(await other.call('ModelInfer', rawNumbers(1))).toMatchObject({ model_name: 'numbers' });
  await Promise.all(closed);
  // Idle in the meantime: the client connects anew without anybody's notice.
  expect(await other.call('ServerLive')).toEqual({ live: true });
  other.close();
  await patient.stop();
});
