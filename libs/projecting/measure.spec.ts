import { afterAll, beforeAll, it } from '@jest/globals';
import { encodeChunk, encodeChunkSchema, header, type ChunkSchema, type GovernanceEvent } from '#libs/contracts/index.js';
import type { LogRecord, StreamMessage } from '#libs/event-log/index.js';
import { systemClock } from '#libs/kernel/index.js';
import { createDatabase, type DatabaseHandle } from '#tests/support/postgres.js';
import { registry } from '#projections/registry/apply.js';
import { RegistryQueries } from '#projections/registry/queries.js';
import { traffic } from '#projections/traffic/apply.js';
import { openDatabase, type Database } from './database.js';
import { digest } from './digest.js';
import { runProjection } from './run-projection.js';
import { ProjectionReader } from './reader.js';
import { rebuild } from './rebuild.js';
import { ArraySource } from './testing/array-source.js';
import { positionOfRecord, recordedEvent } from './testing/recorded-events.js';

let handle: DatabaseHandle;
let database: Database;
beforeAll(async () => {
  handle = await createDatabase('measure');
  database = openDatabase({ url: handle.url, applicationName: 'spec' });
});
afterAll(async () => {
  await database.end();
  await handle.drop();
});
const features = Array.from({ length: 30 }, (_, index) => ({ name: `feature_${index}`, type: 'float32' as const, nullable: false, input: 'x', index }));
const event = (seq: number, model: string, version: string): LogRecord<GovernanceEvent> =>
  recordedEvent(seq, { type: 'VersionRegistered', data: { model, version, artifact: 'sha256:' + 'a'.repeat(64), size: 1, tags: {}, metrics: { auc: 0.9 }, lineage: {}, signature: { inputs: [{ name: 'x', type: 'float32', shape: [null, 30] }], outputs: [{ name: 'y', type: 'float32', shape: [null, 1], role: 'value' }], features } } });

it('registry', async () => {
  const source = new ArraySource<LogRecord<GovernanceEvent>>('EVENTS', positionOfRecord);
  const models = 10_000, versions = Number(process.env['VERSIONS'] ?? 4);
  let seq = 0;
  for (let v = 0; v < versions; v++) for (let m = 0; m < models; m++) source.append(event(++seq, `model ${m}`, `1.${v}.0`));
  const begun = performance.now();
  const projector = runProjection(registry, { database, source, clock: systemClock, random: () => 0.5 });
  await projector.until(seq, 300_000);
  const took = performance.now() - begun;
  console.log(`registry ${seq} events ${(seq / took * 1000).toFixed(0)}/s`);
  const queries = new RegistryQueries(new ProjectionReader({ database, projection: registry, head: () => source.head(), clock: systemClock }));
  for (const at of [{}, { as_of: { seq: Math.floor(seq / 2) } }]) {
    const times: number[] = [];
    for (let n = 0; n < 200; n++) { const t = performance.now(); await queries.getModel(`model ${n * 37 % models}`, at); times.push(performance.now() - t); }
    const lists: number[] = [];
    for (let n = 0; n < 50; n++) { const t = performance.now(); await queries.listModels({ limit: 50, ...at }); lists.push(performance.now() - t); }
    console.log(JSON.stringify(at), 'getModel p50', times.sort((a, b) => a - b)[100]!.toFixed(2), 'list p50', lists.sort((a, b) => a - b)[25]!.toFixed(2));
  }
  let t = performance.now();
  await digest(database, registry);
  console.log('digest ms', (performance.now() - t).toFixed(0));
  t = performance.now();
  const report = await rebuild(registry, { database, source });
  console.log('rebuild ms', (performance.now() - t).toFixed(0), report.identical);
  const one: number[] = [];
  for (let n = 0; n < 200; n++) { const t = performance.now(); source.append(event(++seq, `model ${n}`, `2.0.0`)); await projector.until(seq, 5000); one.push(performance.now() - t); }
  console.log('append→folded p50 ms', one.sort((a, b) => a - b)[100]!.toFixed(2));
  await projector.stop();
}, 300_000);

it('traffic', async () => {
  const schema: ChunkSchema = { deployment: 'churn', routing_seq: 7, epoch: 'e1-0000-0000-0000', instance: 'serving-0', inputs: [{ name: 'x', type: 'float32', width: 30, features: features.map((f) => f.name) }], outputs: [{ name: 'y', type: 'float32', width: 1, role: 'value' }], arms: [{ role: 'live', model: 'm', version: '1.0.0', rollout_id: 'r', artifact: 'a' }] };
  const bytes = encodeChunkSchema(schema);
  const rows = 32;
  const make = (seq: number): StreamMessage => ({ seq, time: 1_700_000_000_000 + seq * 2, subject: 'pred.churn', headers: new Map([[header.type, 'PredictionsRecorded']]), data: encodeChunk(schema, bytes, { counter: seq, givenUp: [], beganAt: 1e12, served: rows, failed: 0, refused: 0, arm: new Uint8Array(rows), latencyUs: new Uint32Array(rows).fill(1000), beganOffsetUs: new Uint32Array(rows), codes: [], details: [], inputs: [new Float32Array(rows * 30)], outputs: [new Float32Array(rows)] }) });
  const source = new ArraySource<StreamMessage>('TRAFFIC', ({ seq, time }) => ({ seq, storedAt: time }));
  const count = 40_000;
  for (let seq = 1; seq <= count; seq++) source.append(make(seq));
  source.maxBatch = 64;
  let t = performance.now();
  for (const message of source.messages.slice(0, 10_000)) traffic.decode(message);
  console.log('decode/s', (10_000 / (performance.now() - t) * 1000).toFixed(0));
  t = performance.now();
  const projector = runProjection(traffic, { database, source, clock: systemClock, random: () => 0.5 });
  await projector.until(count, 300_000);
  const took = performance.now() - t;
  console.log(`traffic ${(count / took * 1000).toFixed(0)} chunks/s, ${(rows * count / took * 1000).toFixed(0)} rows/s`);
  const { rows: size } = await database.query(`select pg_total_relation_size('traffic.chunks') / ${count} as chunk, pg_total_relation_size('traffic.log_times') / ${count} as time`);
  console.log(JSON.stringify(size));
  t = performance.now();
  await digest(database, traffic);
  console.log('digest ms', (performance.now() - t).toFixed(0));
  await projector.stop();
}, 300_000);
