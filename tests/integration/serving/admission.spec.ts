/** @jest-environment ./tests/support/onnx-environment.mjs */
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { controlSubjects, decodePredictionId, type Chunk } from '#libs/contracts/index.js';
import type { ServingProcess } from '#apps/serving/serving-process.js';
import { packedFamilies } from '#libs/nest/index.js';
import { until } from '#tests/support/wait.js';
import { Client, type Answer } from './client.js';
import { fixture, startWorld, type Fixture, type World } from './world.js';

let world: World;
let serving: ServingProcess;
let client: Client;
let wine: Fixture;
const models = ['forest-plain', 'xgboost-regressor', 'mlp-iris'] as const;
const rows = new Map<string, Fixture['rows']>();

beforeAll(async () => {
  world = await startWorld();
  world.superviseServing();
  serving = await world.serve({ cacheEntries: 50, maxConnections: 20, bodyIdleMs: 300 });
  client = new Client(serving.url);
  for (const name of models) {
    const made = await fixture(name);
    rows.set(name, made.rows);
    if (name === 'forest-plain') wine = made;
    await world.register(name, '1.0.0', made);
    await world.settled(name, await world.deploy(name, name, '1.0.0'));
  }
}, 60_000);

afterAll(async () => {
  client.close();
  await world.stop();
});

const predict = (to: Client, name: string, at: number, more: object = {}, headers = {}): Promise<Answer> =>
  to.post('/api/predict', { deployment: name, input: rows.get(name)![at % 100], ...more }, headers);

/** What a process counts. */
async function metric(process: ServingProcess, name: string, labels: Record<string, string> = {}): Promise<number> {
  const reply = await world.connection.request(controlSubjects.metrics(process.instance), '', { timeout: 5_000 });
  const families = await packedFamilies.parseAsync(reply.json());
  const found = families
    .find((each) => each.name === name)
    ?.values.find((each) => Object.entries(labels).every(([label, value]) => each.labels[label] === value));
  if (found === undefined) throw new Error(`${name} is not counted`);
  return found.value;
}

/** Rows of the log whose request said so of itself: outcome, code and inputs. */
async function recorded(requestId: string): Promise<{ chunk: Chunk; row: number; outcome: string; code: string }[]> {
  return (await world.chunks()).flatMap(({ chunk }) =>
    (chunk.requestIds ?? []).flatMap((id, row) => {
      if (id !== requestId) return [];
      const outcome = row < chunk.served ? 'served' : row < chunk.served + chunk.failed ? 'failed' : 'refused';
      return [{ chunk, row, outcome, code: chunk.codes[row - chunk.served] ?? '' }];
    }),
  );
}

describe('X-Request-Timeout-Ms', () => {
  it.each(['soon', '0', '-5', '1e3'])('%j is refused by name', async (text) => {
    for (const path of ['/api/predict', '/api/predict/batch']) {
      const answer = await client.post(path, {}, { 'X-Request-Timeout-Ms': text });
      expect([answer.status, answer.json.code]).toEqual([422, 'invalid_request']);
      expect(answer.json.errors.map((each) => each.path)).toEqual(['header X-Request-Timeout-Ms']);
    }
  });

  it('that is over: 504, and the row is recorded as failed with what it asked; others are answered', async () => {
    const header = { 'X-Request-Timeout-Ms': '0.001' };
    const [late, batch, patient] = await Promise.all([
      predict(client, 'forest-plain', 1, { request_id: 'late' }, header),
      client.post(
        '/api/predict/batch',
        { deployment: 'forest-plain', inputs: wine.rows.slice(0, 3), request_id: 'late batch' },
        header,
      ),
      predict(client, 'forest-plain', 2, {}, { 'X-Request-Timeout-Ms': '20000' }),
    ]);
    expect([late.status, late.json.code, batch.status, patient.status]).toEqual([504, 'deadline_exceeded', 504, 200]);
    const [row] = await until(async () => (await recorded('late')).map((each) => [each])[0], { what: 'the row' });
    expect(row).toMatchObject({ outcome: 'failed', code: 'deadline_exceeded' });
    const { inputs, schema } = row!.chunk;
    const ash = schema.inputs[0]!.features.indexOf('ash');
    expect(inputs[0]![row!.row * schema.inputs[0]!.width + ash]).toBeCloseTo(wine.rows[1]!['ash'] as number);
    await until(async () => (await recorded('late batch')).length === 3, { what: 'the rows of the batch' });
    expect((await recorded('late batch')).map(({ code }) => code)).toEqual(new Array(3).fill('deadline_exceeded'));
  });
});

describe('a process with a cache', () => {
  it('answers a row that it knows without the model, and records it as any other', async () => {
    const first = await predict(client, 'xgboost-regressor', 3, { request_id: 'first' });
    const again = await Promise.all(
      [1, 2, 3].map(() => predict(client, 'xgboost-regressor', 3, { request_id: 'again' })),
    );
    expect(again.map(({ json }) => json.output)).toEqual(new Array(3).fill(first.json.output));
    expect(new Set([first, ...again].map(({ json }) => json.prediction_id)).size).toBe(4);
    const valuesOf = ({ chunk, row }: { chunk: Chunk; row: number }) =>
      [chunk.schema.inputs, chunk.schema.outputs].flatMap((columns, which) =>
        columns.flatMap(({ width }, index) =>
          [...(which === 0 ? chunk.inputs : chunk.outputs)[index]!].slice(row * width, (row + 1) * width),
        ),
      );
    const [one] = await recorded('first');
    const others = await recorded('again');
    expect(others.map(({ outcome }) => outcome)).toEqual(['served', 'served', 'served']);
    for (const other of others) expect(valuesOf(other)).toEqual(valuesOf(one!));
    const labels = { deployment: 'xgboost-regressor' };
    const counted = async (outcome: string) => metric(serving, 'modelog_predict_cache_total', { ...labels, outcome });
    expect([await counted('hit'), await counted('miss')]).toEqual([3, 1]);
  });
});

describe('a process with room for one model', () => {
  const maxModelMb = 0.6;
  const bound = maxModelMb * 2 ** 20;

  it('loads versions as they are asked for, one in place of another, and refuses nothing', async () => {
    const small = await world.serve({ instance: 'serving-1', maxModelMb });
    const other = new Client(small.url);
    const answers: Answer[] = [];
    for (let round = 0; round < 4; round++) {
      answers.push(...(await Promise.all(models.map((name) => predict(other, name, round)))));
      expect(await metric(small, 'modelog_model_memory_bytes')).toBeLessThanOrEqual(bound);
    }
    expect(answers.map(({ status }) => status)).toEqual(new Array(12).fill(200));
    const known = new Client(serving.url);
    for (const [at, { json }] of answers.entries()) {
      const same = await predict(known, models[at % 3]!, Math.floor(at / 3));
      expect(json.output).toEqual(same.json.output);
    }
    const evictions = await metric(small, 'modelog_model_evictions_total');
    expect(evictions).toBeGreaterThan(3);
    expect(await metric(small, 'modelog_model_loads_total')).toBeGreaterThan(evictions);
    expect(await metric(small, 'modelog_model_memory_bytes')).toBeLessThanOrEqual(bound);
    known.close();
    other.close();
    await small.stop();
  });

  it('holds no more than that at any moment, while every version has rows under way', async () => {
    const small = await world.serve({ instance: 'serving-2', maxModelMb, queueDeadlineMs: 25_000 });
    const other = new Client(small.url);
    const seen: number[] = [];
    const over = new AbortController();
    const watched = (async () => {
      while (!over.signal.aborted) seen.push(await metric(small, 'modelog_model_memory_bytes'));
    })();
    const statuses = await Promise.all(
      models.map(async (name) => {
        const told: number[] = [];
        for (let round = 0; round < 6; round++)
          for (const { status } of await Promise.all([0, 1, 2, 3].map((at) => predict(other, name, at))))
            told.push(status);
        return told;
      }),
    );
    over.abort();
    await watched;
    expect(statuses.flat()).toEqual(new Array(72).fill(200));
    expect(seen.filter((bytes) => bytes > bound)).toEqual([]);
    expect(seen.some((bytes) => bytes > 0)).toBe(true);
    other.close();
    await small.stop();
  });
});

describe('many connections', () => {
  const open = async (): Promise<Socket & { text: string }> => {
    const socket = Object.assign(connect(serving.port, '127.0.0.1'), { text: '' });
    socket.setEncoding('utf8').on('data', (data) => (socket.text += String(data)));
    await once(socket, 'connect');
    return socket;
  };

  it('that say nothing do not hold up predictions; one too many is told so and closed', async () => {
    await predict(client, 'forest-plain', 0);
    const idle = await Promise.all(Array.from({ length: 25 }, open));
    const refused = await until(() => idle.find(({ text }) => text.includes('overloaded')), { what: 'a refusal' });
    expect(refused.text).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: 1[^]*"code":"overloaded"/i);
    expect(idle.filter(({ text }) => text === '').length).toBeGreaterThanOrEqual(10);
    expect((await predict(client, 'forest-plain', 0)).status).toBe(200);
    for (const socket of idle) socket.destroy();
    await until(
      async () => {
        const socket = await open();
        socket.write('GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
        await once(socket, 'close');
        return socket.text.startsWith('HTTP/1.1 200');
      },
      { what: 'connections to be taken again' },
    );
  });

  it('that send a byte now and then: predictions go on, the body that stands still is refused', async () => {
    const slow = await open();
    slow.write(
      'POST /api/predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{',
    );
    await until(
      async () => {
        expect((await predict(client, 'forest-plain', 5)).status).toBe(200);
        return slow.text !== '';
      },
      { what: 'the refusal' },
    );
    expect(slow.text).toMatch(/^HTTP\/1\.1 408 /);
    slow.destroy();
  });
});

it('every answered id names a row of the log', async () => {
  const { json } = await predict(client, 'forest-plain', 9);
  const { seq } = decodePredictionId(json.prediction_id)!;
  expect((await world.chunks()).map((each) => each.seq)).toContain(seq);
});
