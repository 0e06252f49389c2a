import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { start, type RunningProjector } from '#apps/projector/main.js';
import { streamDeclarations, streamNames } from '#config/streams.js';
import {
  encodeChunk,
  encodeChunkSchema,
  encodeWindowRecord,
  eventCatalogue,
  header,
  predictionsRecorded,
  subjects,
  type ChunkSchema,
  type GovernanceEvent,
} from '#libs/contracts/index.js';
import { AggregateStore, ensureStreams, EventReader, JetStreamStore, SnapshotStore } from '#libs/event-log/index.js';
import { modelDefinition } from '#libs/domain/index.js';
import { systemClock } from '#libs/kernel/index.js';
import { commandMeta, connectNats, createLogger, type NatsConnection } from '#libs/nest/index.js';
import {
  eventsSource,
  openDatabase,
  ProjectionReader,
  rebuild,
  trafficSource,
  windowsSource,
  type Database,
} from '#libs/projecting/index.js';
import { deployments } from '#projections/deployments/index.js';
import { findings } from '#projections/findings/index.js';
import { registry, RegistryQueries } from '#projections/registry/index.js';
import { traffic, TrafficQueries } from '#projections/traffic/index.js';
import { windows } from '#projections/windows/index.js';
import { windowClosed } from '#projections/windows/testing/records.js';
import { startNats, type NatsHandle } from '#tests/support/nats.js';
import { createDatabase, type DatabaseHandle } from '#tests/support/postgres.js';
import { until } from '#tests/support/wait.js';

let nats: NatsHandle;
let handle: DatabaseHandle;
let database: Database;
let connection: NatsConnection;
let projector: RunningProjector;
let streams: { events: JetStreamStore; traffic: JetStreamStore; windows: JetStreamStore; snapshots: JetStreamStore };
let aggregates: AggregateStore;

beforeAll(async () => {
  [nats, handle] = await Promise.all([startNats(), createDatabase('projections')]);
  database = openDatabase({ url: handle.url, applicationName: 'spec', maxConnections: 4 });
  const logger = createLogger({ component: 'spec', instance: 'spec', level: 'silent' });
  connection = await connectNats({ url: nats.url, name: 'spec', logger });
  await ensureStreams(connection, streamDeclarations(1));
  const store = (stream: string): JetStreamStore => new JetStreamStore({ connection, stream });
  streams = {
    events: store(streamNames.events),
    traffic: store(streamNames.traffic),
    windows: store(streamNames.windows),
    snapshots: store(streamNames.snapshots),
  };
  aggregates = new AggregateStore({
    ...{ events: streams.events, snapshots: new SnapshotStore(streams.snapshots) },
    ...{ clock: systemClock, random: Math.random },
  });
  projector = await startProjector();
});

afterAll(async () => {
  await Promise.all(started.map((one) => one.stop()));
  await aggregates.idle();
  await connection.close();
  await database.end();
  await Promise.all([nats.stop(), handle.drop()]);
});

/** All that were started: whatever fails, none outlives the suite. */
const started: RunningProjector[] = [];

async function startProjector(): Promise<RunningProjector> {
  const one = await start({ env: { NATS_URL: nats.url, DATABASE_URL: handle.url, LOG_LEVEL: 'silent' } });
  started.push(one);
  return one;
}

async function register(model: string): Promise<number> {
  const artifact = `sha256:${'c'.repeat(64)}`;
  const body = { model };
  const accepted = await aggregates.execute(
    modelDefinition,
    model,
    {
      type: 'RegisterVersion',
      registration: {
        ...{ model, artifact, size: 1, tags: {}, metrics: {}, lineage: {} },
        signature: {
          inputs: [{ name: 'x', type: 'float32', shape: [null, 1] }],
          outputs: [{ name: 'y', type: 'float32', shape: [null, 1], role: 'value' }],
          features: [{ name: 'x', type: 'float32', nullable: false, input: 'x', index: 0 }],
        },
      },
    },
    commandMeta({
      ...{ actor: 'local', call: 'register', target: model, body, at: systemClock.now() },
      ids: { next: () => crypto.randomUUID() },
    }),
  );
  if (!accepted.ok) throw new Error(accepted.rejection.detail);
  return accepted.value.seq;
}

async function record(counter: number): Promise<number> {
  const schema: ChunkSchema = {
    ...{ deployment: 'churn', routing_seq: 1, epoch: 'e1', instance: 'serving-0', inputs: [], outputs: [] },
    arms: [{ role: 'live', model: 'm', version: '1.0.0', rollout_id: 'r', artifact: 'a' }],
  };
  const data = encodeChunk(schema, encodeChunkSchema(schema), {
    ...{ counter, givenUp: [], beganAt: systemClock.now(), served: 0, failed: 0, refused: 1 },
    ...{ arm: new Uint8Array(1), latencyUs: new Uint32Array(1), beganOffsetUs: new Uint32Array(1) },
    ...{ codes: ['missing_feature'], details: ['{}'], inputs: [], outputs: [] },
  });
  const headers = { [header.type]: predictionsRecorded.type };
  return (await streams.traffic.publish({ subject: subjects.predictions('churn'), headers, data })).seq;
}

async function close(window: number): Promise<number> {
  const message = encodeWindowRecord(windowClosed(window), { seq: window, logTime: systemClock.now(), index: 0 });
  return (await streams.windows.publish(message)).seq;
}

const events = (): EventReader<GovernanceEvent> => new EventReader<GovernanceEvent>(streams.events, eventCatalogue);

const readers = () => ({
  registry: new ProjectionReader({ database, projection: registry, head: () => events().head(), clock: systemClock }),
  traffic: new ProjectionReader({
    database,
    projection: traffic,
    head: () => streams.traffic.head(),
    clock: systemClock,
  }),
  windows: new ProjectionReader({
    database,
    projection: windows,
    head: () => streams.windows.head(),
    clock: systemClock,
  }),
});

describe('the projector', () => {
  it('follows the streams, and a reader may wait for its own sequence', async () => {
    const seq = await register('first');
    expect(await new RegistryQueries(readers().registry).getModel('first', { min_seq: seq })).toMatchObject({
      ok: true,
      value: { model_id: 'first', as_of_seq: seq },
    });
    const trafficSeq = await record(1);
    await until(async () => (await readers().traffic.checkpoint())?.position === trafficSeq, { what: 'the chunk' });
    const windowsSeq = await close(1);
    await until(async () => (await readers().windows.checkpoint())?.position === windowsSeq, { what: 'the window' });
    const queries = new TrafficQueries({ traffic: readers().traffic, events: readers().registry });
    expect(await queries.chunkOf('e1', 1)).toMatchObject({ value: { traffic_seq: trafficSeq, refused: 1 } });
    expect(await queries.summary('churn', { as_of: { at: systemClock.now() } })).toMatchObject({
      value: { as_of_cut: { events: seq, traffic: trafficSeq }, versions: [{ refused: 1 }] },
    });
    const report = await projector.health();
    expect(report.components.map(({ component }) => component)).toEqual([
      'projection registry',
      'projection deployments',
      'projection lineage',
      'projection training',
      'projection findings',
      'projection traffic',
      'projection windows',
    ]);
    expect(report.ready).toBe(true);
  });

  it('loses and repeats nothing over a killed log, lost database connections and its own restart', async () => {
    let last = 0;
    for (let n = 0; n < 40; n++) {
      last = await register(`model ${n}`);
      await record(2 + n);
      if (n === 10)
        await database.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'modelog projector%'`,
        );
      if (n === 20) {
        await nats.kill();
        await nats.restart();
        await until(async () => (await streams.events.head()).lastSeq === last, { what: 'the log' });
      }
      if (n === 30) {
        await projector.stop();
        projector = await startProjector();
      }
    }
    const page = await new RegistryQueries(readers().registry).listModels({ limit: 500, min_seq: last });
    if (!page.ok) throw new Error(page.rejection.detail);
    const ours = page.value.items.filter(({ model_id }) => model_id.startsWith('model '));
    expect(ours.map(({ versions }) => versions)).toEqual(new Array<number>(40).fill(1));
    await until(
      async () => (await readers().traffic.checkpoint())?.position === (await streams.traffic.head()).lastSeq,
      {
        what: 'all chunks',
      },
    );
    const { rows } = await database.query('select highest, missing, dropped, chunks from traffic.epochs');
    expect(rows).toEqual([{ highest: 41, missing: [], dropped: 0, chunks: 41 }]);
  });

  it('has read models that equal a rebuild from the log', async () => {
    const [governance, chunks] = [eventsSource(events()), trafficSource(streams.traffic)];
    expect(await rebuild(registry, { database, source: governance })).toMatchObject({ identical: true, swapped: true });
    expect(await rebuild(deployments, { database, source: governance })).toMatchObject({ identical: true });
    expect(await rebuild(traffic, { database, source: chunks })).toMatchObject({ identical: true, swapped: true });
    expect(await rebuild(findings, { database, source: governance })).toMatchObject({ identical: true });
    const records = windowsSource(streams.windows);
    expect(await rebuild(windows, { database, source: records })).toMatchObject({ identical: true, swapped: true });
    const seq = await register('after the swap');
    expect(await new RegistryQueries(readers().registry).getModel('after the swap', { min_seq: seq })).toMatchObject({
      ok: true,
    });
    expect((await projector.health()).ready).toBe(true);
  });

  it('is unhealthy, by the projection’s name, once another projector has taken over', async () => {
    const other = await startProjector();
    await until(async () => (await other.health()).ready, { what: 'the other projector' });
    const seq = await register('for the other');
    await record(42);
    await close(2);
    expect(await new RegistryQueries(readers().registry).getModel('for the other', { min_seq: seq })).toMatchObject({
      ok: true,
    });
    const report = await until(
      async () => {
        const now = await projector.health();
        return now.components.every(({ healthy }) => !healthy) && now;
      },
      { what: 'the older projector to stop' },
    );
    expect(report.components[0]).toMatchObject({
      component: 'projection registry',
      reason: expect.stringMatching(/taken over by epoch/) as unknown,
    });
    await projector.stop();
    projector = other;
  });
});
