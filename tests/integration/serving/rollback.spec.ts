/** @jest-environment ./tests/support/onnx-environment.mjs */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect } from '@nats-io/transport-node';
import { decodePredictionId, type GovernanceEvent } from '#libs/contracts/index.js';
import { deploymentDefinition } from '#libs/domain/index.js';
import { isoTime, randomIds } from '#libs/kernel/index.js';
import { ServingMembers } from '#libs/nest/index.js';
import { startRelay, type Relay } from '#tests/support/relay.js';
import { until } from '#tests/support/wait.js';
import { Client, type Answer } from './client.js';
import { misroutedRows } from './routing-check.js';
import { fixture, startWorld, type Fixture, type World } from './world.js';

let world: World;
let forest: Fixture;
const cleanUp: (() => unknown)[] = [];

beforeEach(async () => {
  world = await startWorld();
  forest = await fixture('forest-plain');
  for (const version of ['1.0.0', '2.0.0', '3.0.0']) await world.register('wine', version, forest);
});

afterEach(async () => {
  for (const each of cleanUp.splice(0).reverse()) await each();
  await world.stop();
});

function clientOf({ url }: { url: string }): Client {
  const client = new Client(url);
  cleanUp.push(() => {
    client.close();
  });
  return client;
}

const direct = { type: 'direct' } as const;
const blueGreen = { type: 'blue_green', warmup_requests: 20 } as const;
const reason = 'it is worse';

async function deployed(version: string, strategy: typeof blueGreen | typeof direct = blueGreen): Promise<number> {
  const requested = await world.deploy('cellar', 'wine', version, { strategy });
  const settled = await world.settled('cellar', requested);
  expect(settled.type).toBe('DeploymentWentLive');
  return settled.seq;
}

const eventsOf = async (): Promise<{ seq: number; event: GovernanceEvent }[]> =>
  (await world.events.page(1, 500)).records.flatMap((record) => ('unknown' in record ? [] : [record]));

/** Requests one after the other on several connections; each says in its `request_id` which it was. */
class Load {
  readonly answers: (Answer & { readonly at: number })[] = [];
  /** Of the next request. */
  next = 0;
  #going = true;
  readonly #workers: Promise<void>[];

  constructor(clients: readonly Client[], connections: number) {
    this.#workers = clients.flatMap((client) => Array.from({ length: connections }, () => this.#send(client)));
  }

  async #send(client: Client): Promise<void> {
    while (this.#going) {
      const at = this.next++;
      const input = forest.rows[at % forest.rows.length];
      const answer = await client.post('/api/predict', { deployment: 'cellar', input, request_id: String(at) });
      this.answers.push({ ...answer, at });
    }
  }

  async more(requests: number): Promise<void> {
    const seen = this.answers.length;
    await until(() => this.answers.length >= seen + requests, { what: `${requests} more answers` });
  }

  async stop(): Promise<void> {
    this.#going = false;
    await Promise.all(this.#workers);
  }
}

describe('a blue-green rollout', () => {
  it('is switched and rolled back under load without an error, and nothing that began after an answer met the version before', async () => {
    world.superviseServing();
    world.orchestrate();
    const processes = await Promise.all([world.serve(), world.serve({ instance: 'serving-1' })]);
    await deployed('1.0.0', direct);
    const clients = processes.map(clientOf);
    for (const client of clients)
      await until(
        async () => (await client.post('/api/predict', { deployment: 'cellar', input: forest.rows[0] })).status === 200,
        { what: 'live' },
      );
    const load = new Load(clients, 4);
    const rolledBack: { seq: number; from: number }[] = [];
    try {
      for (const version of ['2.0.0', '3.0.0', '2.0.0']) {
        await load.more(50);
        const seq = await deployed(version);
        await load.more(50);
        const { records } = await world.events.page(seq, 1);
        expect(records[0]).toMatchObject({ event: { data: { instances: [{ warmed: 20 }, { warmed: 20 }] } } });
        const answer = await world.rollBack({ deployment: 'cellar', reason });
        rolledBack.push({ seq: answer.seq, from: load.next });
        expect(answer).toMatchObject({ to: { version: '1.0.0' }, from: { version }, expired: [] });
        expect(answer.confirmed_by).toEqual(processes.map(({ instance }) => instance).sort());
      }
      await load.more(50);
    } finally {
      await load.stop();
    }

    expect(load.answers.filter(({ status }) => status !== 200)).toEqual([]);
    const chunks = await world.chunks();
    expect(misroutedRows((await world.events.page(1, 500)).records, chunks)).toEqual([]);
    const routingOf = new Map(chunks.map(({ seq, chunk }) => [seq, chunk.schema.routing_seq]));
    for (const { seq, from } of rolledBack)
      expect(
        load.answers.filter(
          ({ at, json }) => at >= from && routingOf.get(decodePredictionId(json.prediction_id)!.seq)! < seq,
        ),
      ).toEqual([]);
    const versions = load.answers.map(({ json }) => json.version);
    expect(new Set(versions)).toEqual(new Set(['1.0.0', '2.0.0', '3.0.0']));
  }, 60_000);

  it('is warmed up with given inputs; one that the version refuses fails it, and the version before serves on', async () => {
    world.superviseServing();
    world.orchestrate();
    const client = clientOf(await world.serve());
    await deployed('1.0.0', direct);
    const [row] = forest.rows;
    const [feature] = Object.keys(row!);
    const strategy = { type: 'blue_green' as const, warmup_requests: [{ ...row }, { ...row, [feature!]: 'red' }] };
    const requested = await world.deploy('cellar', 'wine', '2.0.0', { strategy });
    expect(await world.settled('cellar', requested)).toMatchObject({ type: 'DeploymentFailed', code: 'warmup_failed' });
    const failed = (await eventsOf()).findLast(({ event }) => event.type === 'DeploymentFailed')!;
    expect(failed.event.data).toMatchObject({ reason: expect.stringContaining(`warmup_requests[1].${feature}`) });
    const good = await world.deploy('cellar', 'wine', '2.0.0', {
      strategy: { ...strategy, warmup_requests: [{ ...row }] },
    });
    expect(await world.settled('cellar', good)).toMatchObject({ type: 'DeploymentWentLive' });
    await until(
      async () => (await client.post('/api/predict', { deployment: 'cellar', input: row })).json.version === '2.0.0',
      { what: 'the new version' },
    );
  });

  it('lets the former version go when its time is over; then nothing is left to return to', async () => {
    world.superviseServing();
    world.orchestrate();
    await world.serve();
    await deployed('1.0.0', direct);
    const requested = await world.deploy('cellar', 'wine', '2.0.0', { strategy: { ...blueGreen, keep_old_s: 0 } });
    await world.settled('cellar', requested);
    await until(async () => (await eventsOf()).some(({ event }) => event.type === 'FormerVersionReleased'), {
      what: 'the former version to be let go',
    });
    await expect(world.rollBack({ deployment: 'cellar', reason })).rejects.toMatchObject({
      rejection: { code: 'no_former_version' },
    });
  });

  it('is given up where a process that came after its preparation is not heard of in time', async () => {
    world.superviseServing();
    const client = clientOf(await world.serve());
    await deployed('1.0.0', direct);
    const requested = await world.deploy('cellar', 'wine', '2.0.0', { strategy: blueGreen, loadTimeoutS: 2 });
    await until(async () => (await eventsOf()).some(({ event }) => event.type === 'DeploymentPrepared'), {
      what: 'the version to be prepared',
    });
    const members = new ServingMembers({ connection: world.connection, replicas: 1 });
    await members.put({ instance: 'serving-9', epoch: 'e', pid: 1, started_at: isoTime(0) });
    world.orchestrate();
    expect(await world.settled('cellar', requested)).toMatchObject({ type: 'DeploymentFailed', code: 'load_timeout' });
    const failed = (await eventsOf()).findLast(({ event }) => event.type === 'DeploymentFailed')!;
    expect(failed.event.data).toMatchObject({ reason: expect.stringContaining('within 2 s: serving-9 ') });
    const answer = await client.post('/api/predict', { deployment: 'cellar', input: forest.rows[0] });
    expect([answer.status, answer.json.version]).toEqual([200, '1.0.0']);
  });

  it('fails when its artifact has rotted, and the version before serves on', async () => {
    world.superviseServing();
    world.orchestrate();
    const rotten = await fixture('forest-zipmap');
    const digest = await world.register('wine', '9.0.0', rotten);
    const client = clientOf(
      await world.serve({
        artifacts: {
          read: async (wanted, options) => {
            const bytes = await world.artifacts.read(wanted, options);
            return wanted === digest ? bytes.subarray(0, bytes.length >> 1) : bytes;
          },
        },
      }),
    );
    await deployed('1.0.0', direct);
    const requested = await world.deploy('cellar', 'wine', '9.0.0', { strategy: blueGreen });
    expect(await world.settled('cellar', requested)).toMatchObject({ type: 'DeploymentFailed' });
    const answer = await client.post('/api/predict', { deployment: 'cellar', input: forest.rows[0] });
    expect([answer.status, answer.json.version]).toEqual([200, '1.0.0']);
  });
});

describe('a rollback', () => {
  let relay: Relay;
  beforeEach(async () => {
    relay = await startRelay(world.nats.connection.servers);
    cleanUp.push(() => relay.stop());
  });

  it('answers while a process is silent, when that one may not route any more', async () => {
    world.superviseServing();
    world.orchestrate();
    const one = await world.serve();
    const far = await connect({
      ...world.nats.connection,
      ...{ servers: relay.address, reconnectTimeWait: 50, maxReconnectAttempts: -1 },
    });
    cleanUp.push(() => far.close());
    const silent = await world.serve({ instance: 'serving-1', connection: far });
    await deployed('1.0.0', direct);
    await deployed('2.0.0');
    const [near, away] = [clientOf(one), clientOf(silent)];
    const predict = (client: Client) =>
      client.post('/api/predict', { deployment: 'cellar', input: forest.rows[0], request_id: 'r' });
    for (const client of [near, away])
      await until(async () => (await predict(client)).json.version === '2.0.0', { what: 'the new version' });

    relay.pause();
    const answer = await world.rollBack({ deployment: 'cellar', reason });
    // What it would say to a request that begins now: nothing but that it may not route.
    const refused = await predict(away);
    expect([refused.status, refused.json.code]).toEqual([503, 'routing_stale']);
    expect(answer).toMatchObject({ confirmed_by: [one.instance], expired: [silent.instance] });
    expect((await predict(near)).json.version).toBe('1.0.0');

    relay.resume();
    const back = await until(
      async () => {
        const heard = await predict(away);
        return heard.status === 200 && heard;
      },
      { what: 'the silent process to route again' },
    );
    expect(back.json.version).toBe('1.0.0');
    expect(misroutedRows((await world.events.page(1, 500)).records, await world.chunks())).toEqual([]);
    await silent.stop();
  }, 60_000);

  it('of the same key is the same event; without one it is refused once it is done, and `to` returns', async () => {
    world.superviseServing();
    await world.serve();
    await deployed('1.0.0', direct);
    await deployed('2.0.0', direct);
    const first = await world.rollBack({ deployment: 'cellar', reason }, 'key');
    expect(await world.rollBack({ deployment: 'cellar', reason }, 'key')).toEqual(first);
    await expect(world.rollBack({ deployment: 'cellar', reason })).rejects.toMatchObject({
      rejection: { code: 'already_rolled_back' },
    });
    await expect(
      world.rollBack({ deployment: 'cellar', reason, to: { name: 'wine', selector: '3.0.0' } }),
    ).rejects.toMatchObject({ rejection: { code: 'rollout_not_kept' } });
    const returned = await world.rollBack({ deployment: 'cellar', reason, to: { name: 'wine', selector: '2.0.0' } });
    expect(returned).toMatchObject({ from: { version: '1.0.0' }, to: { version: '2.0.0' } });
  });

  it('does not return to a version that was cut off while it was kept', async () => {
    world.superviseServing();
    await world.serve();
    await deployed('1.0.0', direct);
    await deployed('2.0.0', direct);
    const { state } = await world.aggregates.load(deploymentDefinition, 'cellar', { consistency: 'leader' });
    const { rollout_id } = state.former!;
    const crash = { deployment: 'cellar', rollout_id, instance: 'serving-0-a', epoch: 'e', cause: 'SIGSEGV' };
    await world.aggregates.execute(
      deploymentDefinition,
      'cellar',
      { type: 'ReportCrash', ...crash, breaker: { crashes: 1, withinS: 60 } },
      { commandId: randomIds.next(0), digest: 'd', actor: 'ada', correlationId: 'c', at: isoTime(0) },
    );
    await expect(world.rollBack({ deployment: 'cellar', reason })).rejects.toMatchObject({
      rejection: { code: 'version_cut_off' },
    });
  });

  it('does not return to a version that was archived', async () => {
    world.superviseServing();
    await world.serve();
    await deployed('1.0.0', direct);
    const seq = await deployed('2.0.0', direct);
    await world.onModel('wine', {
      ...{ type: 'Archive', model: 'wine', version: '1.0.0', reason: 'gone' },
      deployments: { serving: [], seq },
    });
    await expect(world.rollBack({ deployment: 'cellar', reason })).rejects.toMatchObject({
      rejection: { code: 'version_archived' },
    });
  });
});
