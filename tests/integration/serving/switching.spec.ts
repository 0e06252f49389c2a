/** @jest-environment ./tests/support/onnx-environment.mjs */
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodePredictionId } from '#libs/contracts/index.js';
import { ServingMembers } from '#libs/nest/index.js';
import { emptyRoutingTable, foldRouting } from '#apps/serving/routing/routing-table.js';
import { until } from '#tests/support/wait.js';
import { Client, type Answer } from './client.js';
import { fixture, startWorld, type World } from './world.js';

let world: World;
const clients: Client[] = [];

beforeEach(async () => {
  world = await startWorld();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await world.stop();
});

function clientOf({ url }: { url: string }): Client {
  const client = new Client(url);
  clients.push(client);
  return client;
}

/** Predictions in TRAFFIC. */
const storedRows = async (): Promise<number> =>
  (await world.chunks()).reduce((sum, { chunk }) => sum + chunk.served, 0);

/** Registers the forest as several versions of a model. */
async function registerForest(...versions: string[]) {
  const forest = await fixture('forest-plain');
  for (const version of versions) await world.register('wine', version, forest);
  return forest;
}

async function deployed(deployment: string, version: string): Promise<number> {
  const settled = await world.settled(deployment, await world.deploy(deployment, 'wine', version));
  expect(settled.type).toBe('DeploymentWentLive');
  return settled.seq;
}

describe('a version switch', () => {
  it('under load loses no request, and every row is of the version that its routing table names', async () => {
    const { rows } = await registerForest('1.0.0', '2.0.0', '3.0.0');
    world.superviseServing();
    const processes = await Promise.all([world.serve(), world.serve({ instance: 'serving-1' })]);
    await deployed('cellar', '1.0.0');
    for (const each of processes)
      await until(async () => (await predict(clientOf(each), 0)).status === 200, { what: 'live' });

    const before = await storedRows();
    const answers: Answer[] = [];
    let loading = true;
    const load = processes.flatMap((each) => {
      const client = clientOf(each);
      return Array.from({ length: 8 }, async (_, worker) => {
        for (let at = worker; loading; at++) answers.push(await predict(client, at));
      });
    });
    for (const version of ['2.0.0', '3.0.0', '1.0.0']) {
      const seen = answers.length;
      const seq = await deployed('cellar', version);
      await until(() => answers.length > seen + 200, { what: 'load' });
      await until(() => answers.slice(-16).every(({ json }) => json.version === version), {
        what: `${version} (${seq})`,
      });
    }
    loading = false;
    await Promise.all(load);

    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(new Set(answers.map(({ json }) => json.prediction_id)).size).toBe(answers.length);
    expect(new Set(answers.map(({ json }) => json.version))).toEqual(new Set(['1.0.0', '2.0.0', '3.0.0']));

    const { records } = await world.events.page(1, 500);
    const chunks = new Map((await world.chunks()).map(({ seq, chunk }) => [seq, chunk]));
    for (const { json } of answers) {
      const { seq, row } = decodePredictionId(json.prediction_id)!;
      const { schema, served } = chunks.get(seq)!;
      expect(row).toBeLessThan(served);
      expect(schema.arms[0]!.version).toBe(json.version);
    }
    for (const { schema } of chunks.values()) {
      const table = foldRouting(
        emptyRoutingTable,
        records.filter(({ seq }) => seq <= schema.routing_seq),
      );
      expect(table.deployments.get('cellar')!.live!.rolloutId).toBe(schema.arms[0]!.rollout_id);
    }
    expect(await storedRows()).toBe(before + answers.length);

    function predict(client: Client, at: number): Promise<Answer> {
      return client.post('/api/predict', { deployment: 'cellar', input: rows[at % rows.length] });
    }
  }, 60_000);

  it('is taken up by a process that starts later, without a supervisor', async () => {
    const { rows } = await registerForest('1.0.0');
    const supervisor = world.superviseServing();
    const first = await world.serve();
    const live = await deployed('cellar', '1.0.0');
    await supervisor.stop();
    await first.stop();
    const client = clientOf(await world.serve());
    const { status, json } = await client.post('/api/predict', { deployment: 'cellar', input: rows[0] });
    expect([status, json.version]).toEqual([200, '1.0.0']);
    const health = await client.get('/api/predict/health');
    expect(health.json).toMatchObject({
      routing_seq: live,
      deployments: [{ deployment: 'cellar', versions: [{ version: '1.0.0', role: 'live', weight: 1, loaded: true }] }],
    });
  });

  it('answers 503 for a deployment whose version this process cannot load, with the reason in health, and for that one only', async () => {
    const { rows } = await registerForest('1.0.0', '2.0.0');
    const supervisor = world.superviseServing();
    const first = await world.serve();
    await deployed('cellar', '1.0.0');
    await deployed('attic', '2.0.0');
    await supervisor.stop();
    await first.stop();
    let broken = true;
    const client = clientOf(
      await world.serve({
        artifacts: {
          // The store fails while the first deployment is loaded, and works for whoever asks after.
          read: (digest, options) =>
            broken ? Promise.reject(new Error('the disk is on fire')) : world.artifacts.read(digest, options),
        },
      }),
    );
    const refused = await client.post('/api/predict', { deployment: 'cellar', input: rows[0] });
    expect([refused.status, refused.json.code]).toEqual([503, 'deployment_not_live']);
    expect(refused.json.detail).toContain('the disk is on fire');
    expect(refused.headers['retry-after']).toBeDefined();
    expect((await client.get('/api/predict/health')).text).toContain('the disk is on fire');
    broken = false;
    for (const deployment of ['cellar', 'attic'])
      await until(async () => (await client.post('/api/predict', { deployment, input: rows[0] })).status === 200, {
        what: 'the version to be loaded after all',
      });
  });
});

describe('the supervisor', () => {
  it('fails a rollout that no serving process is there for', async () => {
    await registerForest('1.0.0');
    world.superviseServing();
    const requested = await world.deploy('cellar', 'wine', '1.0.0', { loadTimeoutS: 0.5 });
    expect(await world.settled('cellar', requested)).toMatchObject({
      type: 'DeploymentFailed',
      code: 'no_serving_instance',
    });
  });

  it('fails a rollout that a process cannot load; the version before goes on serving', async () => {
    const { rows } = await registerForest('1.0.0', '2.0.0');
    const supervisor = world.superviseServing();
    let broken = false;
    const serving = await world.serve({
      artifacts: {
        read: (digest, options) => world.artifacts.read(broken ? `sha256:${'0'.repeat(64)}` : digest, options),
      },
    });
    await deployed('cellar', '1.0.0');
    const other = await fixture('forest-zipmap');
    await world.register('wine', '9.0.0', other);
    broken = true;
    const requested = await world.deploy('cellar', 'wine', '9.0.0');
    expect(await world.settled('cellar', requested)).toMatchObject({
      type: 'DeploymentFailed',
      code: 'artifact_not_found',
    });
    const answer = await clientOf(serving).post('/api/predict', { deployment: 'cellar', input: rows[0] });
    expect([answer.status, answer.json.version]).toEqual([200, '1.0.0']);
    await supervisor.stop();
  });

  it('twice at once decides once', async () => {
    await registerForest('1.0.0', '2.0.0');
    world.superviseServing();
    world.superviseServing();
    await world.serve();
    await world.serve({ instance: 'serving-1' });
    await deployed('cellar', '1.0.0');
    await deployed('cellar', '2.0.0');
    const { records } = await world.events.page(1, 100);
    const types = records.map((record) => ('unknown' in record ? 'unknown' : record.event.type));
    expect(types.filter((type) => type.startsWith('Deployment'))).toEqual([
      'DeploymentRequested',
      'DeploymentWentLive',
      'DeploymentRequested',
      'DeploymentWentLive',
    ]);
    const live = records.at(-1)!;
    expect('unknown' in live ? null : live.event.data).toMatchObject({ instances: [{}, {}] });
    expect('unknown' in live ? null : live.meta).toMatchObject({ actor: 'system:serving-supervisor' });
  });

  it('takes up a rollout that was requested while it was away, and does not wait for members that are gone', async () => {
    await registerForest('1.0.0');
    await world.serve();
    const members = new ServingMembers({ connection: world.connection, replicas: 1 });
    await members.put({ instance: 'ghost', epoch: 'e', pid: 1, started_at: '2026-01-01T00:00:00.000Z' });
    const requested = await world.deploy('cellar', 'wine', '1.0.0');
    world.superviseServing();
    await members.remove('ghost');
    expect(await world.settled('cellar', requested)).toMatchObject({ type: 'DeploymentWentLive' });
  });
});

describe('without the log', () => {
  it('nothing is answered once the lease has run out, and all is well when the log is back', async () => {
    const { rows } = await registerForest('1.0.0');
    world.superviseServing();
    const client = clientOf(await world.serve({ recordWithinMs: 2_000 }));
    await deployed('cellar', '1.0.0');
    const predict = (): Promise<Answer> => client.post('/api/predict', { deployment: 'cellar', input: rows[0] });
    await until(async () => (await predict()).status === 200, { what: 'live' });

    await world.nats.kill();
    const answers: Answer[] = [];
    while (answers.at(-1)?.json.code !== 'routing_stale') answers.push(await predict());
    expect(answers.filter(({ status }) => status === 200)).toEqual([]);
    for (const { json } of answers.slice(0, -1)) expect(json.code).toBe('log_unavailable');
    expect(answers.at(-1)!.headers['retry-after']).toBe('1');
    const ready = await client.get('/health/ready');
    expect([ready.status, ready.json.errors.map(({ path }) => path)]).toEqual([
      503,
      expect.arrayContaining(['routing']),
    ]);

    await world.nats.restart();
    await until(async () => (await predict()).status === 200, { what: 'the log to be back', timeoutMs: 20_000 });
    // What was given up while the log was away is named, so that no reader waits for it.
    const named = new Set((await world.chunks()).flatMap(({ chunk }) => chunk.givenUp));
    expect(named.size).toBe(answers.filter(({ json }) => json.code === 'log_unavailable').length);
  }, 60_000);

  it('not even unacknowledged predictions', async () => {
    const { rows } = await registerForest('1.0.0');
    world.superviseServing();
    const serving = await world.serve({ recordWithinMs: 500 });
    const client = clientOf(serving);
    const requested = await world.deploy('cellar', 'wine', '1.0.0', { recording: 'unacknowledged' });
    await world.settled('cellar', requested);
    const predict = (): Promise<Answer> => client.post('/api/predict', { deployment: 'cellar', input: rows[0] });
    const answered = await until(
      async () => {
        const answer = await predict();
        return answer.status === 200 && answer;
      },
      { what: 'live' },
    );
    const [, epoch, counter, row] = answered.json.prediction_id.split('.');
    expect([epoch, row]).toEqual([serving.epoch, '0']);
    await until(async () => (await world.chunks()).some(({ chunk }) => chunk.counter === Number(counter)), {
      what: 'the chunk to be stored',
    });
    await world.nats.kill();
    await until(async () => (await predict()).json.code === 'routing_stale', { what: 'the lease to run out' });
    await world.nats.restart();
  }, 60_000);
});

describe('a client that leaves', () => {
  it('before its answer is there costs nobody else anything; its prediction is recorded', async () => {
    const { rows } = await registerForest('1.0.0');
    world.superviseServing();
    const serving = await world.serve();
    await deployed('cellar', '1.0.0');
    const client = clientOf(serving);
    const body = JSON.stringify({ deployment: 'cellar', input: rows[0], request_id: 'gone' });
    const head = `POST /api/predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    for (let each = 0; each < 20; each++) {
      const socket = connectSocket(serving.port, serving.host);
      await once(socket, 'connect');
      socket.write(head + body, () => socket.resetAndDestroy());
    }
    await until(
      async () => {
        const ids = (await world.chunks()).flatMap(({ chunk }) => chunk.requestIds ?? []);
        return ids.some((id) => id === 'gone');
      },
      { what: 'a prediction of a client that left' },
    );
    const { status } = await client.post('/api/predict', { deployment: 'cellar', input: rows[0] });
    expect(status).toBe(200);
  });
});

describe('a stop', () => {
  it('finishes what is under way, leaves the members, and answers nothing twice', async () => {
    const { rows } = await registerForest('1.0.0');
    world.superviseServing();
    const serving = await world.serve();
    await deployed('cellar', '1.0.0');
    const client = clientOf(serving);
    const round = (): Promise<Answer>[] =>
      Array.from({ length: 50 }, (_, at) =>
        client.post('/api/predict', { deployment: 'cellar', input: rows[at % rows.length] }),
      );
    // A connection that nobody accepted dies with its listening socket; the platform's outlives the process.
    await Promise.all(round());
    const before = await storedRows();
    const sent = round();
    const first = await sent[0]!;
    const stopped = serving.stop();
    const answers = await Promise.all(sent);
    await stopped;
    expect(first.status).toBe(200);
    expect(answers.map(({ status }) => status)).toEqual(new Array(50).fill(200));
    expect(await storedRows()).toBe(before + 50);
    const members = new ServingMembers({ connection: world.connection, replicas: 1 });
    expect(await members.list()).toEqual([]);
    await expect(client.get('/health/live')).rejects.toThrow();
  });
});
