/** @jest-environment ./tests/support/onnx-environment.mjs */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeChunk, decodePredictionId, epochCheck, type Chunk } from '#libs/contracts/index.js';
import { expositionOf, packedFamilies, ServingFleet, ServingMembers } from '#libs/nest/index.js';
import type { ServingProcess } from '#apps/serving/serving-process.js';
import { Client, type Answer, type Output } from './client.js';
import { fixture, startWorld, type Fixture, type World } from './world.js';

let world: World;
let serving: ServingProcess;
let client: Client;

const models = [
  'forest-plain',
  'forest-zipmap',
  'logistic-strings',
  'mixed-pipeline',
  'hist-missing',
  'xgboost-regressor',
  'lightgbm-zipmap',
  'torch-conv',
];
const fixtures = new Map<string, Fixture>();

beforeAll(async () => {
  world = await startWorld();
  world.superviseServing();
  serving = await world.serve();
  client = new Client(serving.url);
  for (const name of models) {
    const made = await fixture(name);
    fixtures.set(name, made);
    await world.register(name, '1.0.0', made);
    const requested = await world.deploy(name, name, '1.0.0');
    expect(await world.settled(name, requested)).toMatchObject({ type: 'DeploymentWentLive' });
  }
}, 60_000);

afterAll(async () => {
  client.close();
  await world.stop();
});

const given = (name: string): Fixture => fixtures.get(name)!;

function expectClose(output: Output, expected: Fixture['outputs'][number]): void {
  expect(Object.keys(output).sort()).toEqual(Object.keys(expected).sort());
  if (expected.label !== undefined) expect(output.label).toEqual(expected.label);
  for (const [name, p] of Object.entries(expected.probabilities ?? {}))
    expect(Math.abs(output.probabilities![name]! - p)).toBeLessThan(1e-5);
  const values = [expected.value ?? []].flat(4) as number[];
  const found = [output.value ?? []].flat(4) as number[];
  expect(found).toHaveLength(values.length);
  for (const [at, value] of values.entries())
    expect(Math.abs(found[at]! - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
}

/** The chunk and row that an answered id names. */
async function recorded(id: string): Promise<{ chunk: Chunk; row: number; seq: number }> {
  const locator = decodePredictionId(id)!;
  const message = await world.traffic.get(locator.seq, 'leader');
  const chunk = decodeChunk(message!.data);
  expect(epochCheck(chunk.schema.epoch)).toBe(locator.check);
  return { chunk, row: locator.row, seq: locator.seq };
}

const position = async (): Promise<number> => (await world.traffic.head()).lastSeq;

const backwards = (row: object): object => Object.fromEntries(Object.entries(row).reverse());

describe('predictions', () => {
  it.each(models)('of %s equal those of the library that made it, and are recorded with their inputs', async (name) => {
    const { rows, outputs } = given(name);
    const answers = await Promise.all(rows.map((input) => client.post('/api/predict', { deployment: name, input })));
    for (const [at, { status, json }] of answers.entries()) {
      expect(status).toBe(200);
      expect(json).toMatchObject({ deployment: name, model: name, version: '1.0.0' });
      expectClose(json.output, outputs[at]!);
    }
    expect(new Set(answers.map(({ json }) => json.prediction_id)).size).toBe(rows.length);
    const { chunk, row } = await recorded(answers[7]!.json.prediction_id);
    expect(chunk.schema).toMatchObject({ deployment: name, instance: serving.instance, epoch: serving.epoch });
    expect(chunk.schema.arms).toMatchObject([{ role: 'live', model: name, version: '1.0.0' }]);
    expect(row).toBeLessThan(chunk.served);
  });

  it.each([
    ['alike', (row: object) => row],
    ['whose names come in any order', (row: object, at: number) => (at % 2 === 0 ? row : backwards(row))],
  ])(
    'of a batch of rows %s keep their order, each with an id of its own that names the same output',
    async (what, form) => {
      const { rows, outputs } = given('forest-plain');
      const inputs = Array.from({ length: 700 }, (_, at) => form(rows[at % rows.length]!, at));
      const { status, json } = await client.post('/api/predict/batch', {
        deployment: 'forest-plain',
        inputs,
        request_id: what,
      });
      expect(status).toBe(200);
      expect(json.predictions).toHaveLength(700);
      for (const [at, { output, version }] of json.predictions.entries()) {
        expect(version).toBe('1.0.0');
        expectClose(output, outputs[at % rows.length]!);
      }
      expect(new Set(json.predictions.map(({ prediction_id }) => prediction_id)).size).toBe(700);
      const chunks = new Map((await world.chunks()).map(({ seq, chunk }) => [seq, chunk]));
      for (const { prediction_id, output } of json.predictions) {
        const { seq, row } = decodePredictionId(prediction_id)!;
        const { schema, outputs: columns, requestIds } = chunks.get(seq)!;
        const index = schema.outputs.findIndex(({ role }) => role === 'label');
        expect(Number(columns[index]![row])).toBe(output.label);
        expect(requestIds![row]).toBe(what);
      }
      for (const at of [0, 1, 699]) {
        const { chunk, row } = await recorded(json.predictions[at]!.prediction_id);
        const { features, width } = chunk.schema.inputs[0]!;
        const values = features.map((name, index) => [name, chunk.inputs[0]![row * width + index]] as const);
        const expected = Object.entries(rows[at % rows.length] as Record<string, number>);
        expect(Object.fromEntries(values)).toEqual(
          Object.fromEntries(expected.map(([name, value]) => [name, Math.fround(value)])),
        );
      }
    },
  );

  it('carry what the request said of itself into the record', async () => {
    const body = {
      deployment: 'forest-plain',
      input: given('forest-plain').rows[0],
      request_id: 'r-1',
      routing_key: 'käse',
      subject_id: 's-1',
    };
    const { json } = await client.post('/api/predict', body);
    const { chunk, row } = await recorded(json.prediction_id);
    expect([chunk.requestIds![row], chunk.routingKeys![row], chunk.subjectIds![row]]).toEqual(['r-1', 'käse', 's-1']);
    expect(Math.abs(chunk.beganAt - Date.now())).toBeLessThan(60_000);
  });

  it('are counted, under the names of other model servers too, a batch that was cut as one request', async () => {
    const { connection } = world;
    const fleet = new ServingFleet({ connection, members: new ServingMembers({ connection, replicas: 1 }) });
    const [told] = await fleet.ask('metrics', packedFamilies);
    const lines = (await expositionOf(...told!.answer!)).split('\n');
    const value = (name: string, ...labels: string[]): number => {
      const found = lines.filter(
        (line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label)),
      );
      expect([name, found.length]).toEqual([name, 1]);
      return Number(found[0]!.split(' ')[1]);
    };
    // One by one, two batches of 700, one with all traits.
    const [requests, rows] = [103, 1501];
    const ours = ['deployment="forest-plain"', 'version="forest-plain@1.0.0"'];
    expect(value('modelog_predict_requests_total', 'outcome="served"', ...ours)).toBe(requests);
    expect(value('modelog_predict_rows_total', ...ours)).toBe(rows);
    expect(value('modelog_predict_seconds_bucket', 'le="+Inf"', ...ours)).toBe(rows);
    const triton = ['model="forest-plain"', 'version="1.0.0"'];
    expect(value('nv_inference_request_success', ...triton)).toBe(requests);
    expect(value('nv_inference_request_failure', 'reason="BACKEND"', ...triton)).toBe(0);
    expect(value('nv_inference_count', ...triton)).toBe(rows);
    const runs = value('nv_inference_exec_count', ...triton);
    expect([runs >= 4, runs <= requests + 2]).toEqual([true, true]);
    const whole = value('nv_inference_request_duration_us', ...triton);
    const parts = ['queue', 'compute_input', 'compute_infer', 'compute_output'].map((part) =>
      value(`nv_inference_${part}_duration_us`, ...triton),
    );
    expect(parts.filter((part) => !(part > 0 && part <= whole))).toEqual([]);
    expect(value('nv_inference_pending_request_count', ...triton)).toBe(0);
    expect(value('model_infer_request_success_total', ...triton)).toBe(requests);
    expect(value('model_infer_request_failure_total', ...triton)).toBe(0);
    expect(value('model_infer_request_duration_count', ...triton)).toBe(requests);
    expect(value('model_infer_request_duration_sum', ...triton) * 1e6).toBeCloseTo(whole, 3);
    const kserve = ['model_name="forest-plain"', 'model_version="1.0.0"'];
    expect(value('request_predict_seconds_count', ...kserve)).toBe(requests);
    expect(value('request_predict_seconds_bucket', 'le="+Inf"', ...kserve)).toBe(requests);
    expect(value('modelog_routing_lease_seconds', 'component="serving"')).toBeGreaterThan(0);
  });

  it('carry how many rows waited in the process when they were recorded', async () => {
    const inputs = given('forest-plain').rows.slice(0, 30);
    const { json } = await client.post('/api/predict/batch', { deployment: 'forest-plain', inputs });
    expect((await recorded(json.predictions[0]!.prediction_id)).chunk.queued).toBe(30);
  });
});

describe('refused requests', () => {
  const row = (): Record<string, unknown> => ({ ...given('forest-plain').rows[0]! });
  const predict = (input: unknown, more: object = {}): Promise<Answer> =>
    client.post('/api/predict', { deployment: 'forest-plain', input, ...more });

  it.each<[string, () => Promise<Answer>, number, string, string | undefined]>([
    ['a missing feature', () => predict(without(row(), 'ash')), 422, 'missing_feature', 'input.ash'],
    ['null for a required one', () => predict({ ...row(), ash: null }), 422, 'missing_feature', 'input.ash'],
    ['an unknown feature', () => predict({ ...row(), smell: 1 }), 422, 'unknown_feature', 'input.smell'],
    ['a text for a number', () => predict({ ...row(), ash: 'NaN' }), 422, 'ill_typed_feature', 'input.ash'],
    ['an array for a number', () => predict({ ...row(), ash: [1] }), 422, 'ill_typed_feature', 'input.ash'],
    ['a number beyond float32', () => predict({ ...row(), ash: 1e39 }), 422, 'not_finite', 'input.ash'],
    ['an input that is no object', () => predict([1, 2]), 422, 'invalid_request', 'input'],
    ['an unknown field', () => predict(row(), { color: 1 }), 422, 'invalid_request', 'color'],
    ['an empty request id', () => predict(row(), { request_id: '' }), 422, 'invalid_request', 'request_id'],
    [
      'an empty batch',
      () => client.post('/api/predict/batch', { deployment: 'forest-plain', inputs: [] }),
      422,
      'empty_batch',
      'inputs',
    ],
    [
      'a batch with bad rows',
      () => client.post('/api/predict/batch', { deployment: 'forest-plain', inputs: [row(), { ash: 1 }, row()] }),
      422,
      'missing_feature',
      'inputs[1].alcohol',
    ],
  ])('%s: a precise problem, recorded as a row without values', async (_what, send, status, code, path) => {
    const before = await position();
    const answer = await send();
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.json.code).toBe(code);
    if (path !== undefined) expect(answer.json.errors.map((each) => each.path)).toContain(path);
    expect(await position()).toBe(before + 1);
    const { chunk, row: at } = await recorded(answer.json.prediction_id);
    expect([chunk.served, chunk.failed, chunk.refused, at]).toEqual([0, 0, 1, 0]);
    expect(chunk.codes).toEqual([code]);
    expect(JSON.parse(chunk.details[0]!)).toEqual(answer.json.errors.map((each) => each.path));
  });

  it.each<[string, () => Promise<Answer>, number, string]>([
    ['JSON that is none', () => client.post('/api/predict', '{"deployment": "forest-plain", '), 400, 'malformed_json'],
    ['no body', () => client.post('/api/predict', ''), 400, 'malformed_json'],
    [
      'bytes that are not UTF-8',
      () => client.post('/api/predict', Buffer.from([0x7b, 0xff, 0x7d])),
      400,
      'malformed_json',
    ],
    ['a body that is a list', () => client.post('/api/predict', '[1]'), 400, 'malformed_body'],
    [
      'another content type',
      () => client.post('/api/predict', '{}', { 'content-type': 'text/plain' }),
      415,
      'unsupported_media_type',
    ],
    ['another method', () => client.send('GET', '/api/predict'), 405, 'method_not_allowed'],
    [
      'an unknown deployment',
      () => client.post('/api/predict', { deployment: 'none', input: {} }),
      404,
      'deployment_not_found',
    ],
    ['no name at all', () => client.post('/api/predict', { deployment: 'a/b', input: {} }), 422, 'invalid_request'],
    [
      'a batch of too many rows',
      () => client.post('/api/predict/batch', { deployment: 'none', inputs: new Array(10_001).fill({}) }),
      413,
      'payload_too_large',
    ],
    ['a megabyte and more', () => client.post('/api/predict', ' '.repeat(2 ** 20 + 1)), 413, 'payload_too_large'],
    [
      'the same, unannounced',
      () => client.post('/api/predict', ' '.repeat(2 ** 20 + 1), { 'transfer-encoding': 'chunked' }),
      413,
      'payload_too_large',
    ],
  ])('%s: a precise problem, and nothing recorded', async (_what, send, status, code) => {
    const before = await position();
    const answer = await send();
    expect([answer.status, answer.json.code]).toEqual([status, code]);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(await position()).toBe(before);
  });
});

describe('a model that fails on an input', () => {
  const bad = { ...{ housing: 'a cave', purpose: 'furniture' }, income: 16.5, amount: 2.5, dependants: 1 };

  it('is answered with 500 and recorded as a failed row with its inputs; a neighbour in the same run is not touched', async () => {
    const good = given('mixed-pipeline').rows[0];
    const [failed, served] = await Promise.all([
      client.post('/api/predict', { deployment: 'mixed-pipeline', input: bad }),
      client.post('/api/predict', { deployment: 'mixed-pipeline', input: good }),
    ]);
    expect([failed.status, failed.json.code, served.status]).toEqual([500, 'model_failed', 200]);
    const { chunk, row } = await recorded(failed.json.prediction_id);
    expect([chunk.failed, row]).toEqual([1, chunk.served]);
    expect(chunk.codes).toEqual(['model_failed']);
    const input = chunk.schema.inputs.findIndex(({ features }) => features[0] === 'housing');
    expect(chunk.inputs[input]![chunk.served]).toBe('a cave');
  });

  it('fails its batch as a whole', async () => {
    const inputs = [given('mixed-pipeline').rows[0], bad];
    const answer = await client.post('/api/predict/batch', { deployment: 'mixed-pipeline', inputs });
    expect([answer.status, answer.json.code]).toEqual([500, 'model_failed']);
    const { chunk } = await recorded(answer.json.prediction_id);
    expect([chunk.served, chunk.failed]).toEqual([0, 2]);
  });
});

const without = (row: Record<string, unknown>, name: string): Record<string, unknown> =>
  Object.fromEntries(Object.entries(row).filter(([key]) => key !== name));
