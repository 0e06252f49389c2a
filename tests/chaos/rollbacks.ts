/** Blue-green rollouts are rolled back again and again while clients predict, now and then with a stopped process. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect } from '@nats-io/transport-node';
import { decodeChunk, eventCatalogue, type Chunk, type GovernanceEvent } from '#libs/contracts/index.js';
import { EventReader, JetStreamStore, type LogRecord } from '#libs/event-log/index.js';
import { seededRandom } from '#libs/inference/index.js';
import { streamNames } from '#config/streams.js';
import { misroutedRows } from '#tests/integration/serving/routing-check.js';
import { connectionOf } from '#tests/support/nats.js';
import { startPlatform, type PlatformHandle } from '#tests/support/platform.js';
import { until } from '#tests/support/wait.js';
import { startClients } from './clients.js';
import { newLedger } from './ledger.js';
import { casesOf, deployFixture, post } from '#tests/support/fixture-model.js';

export interface RollbacksOptions {
  readonly rounds: number;
  /** Every so many rounds a serving process is stopped (SIGSTOP) until the rollback has been answered. */
  readonly stopEvery: number;
  readonly connections: number;
  /** Milliseconds that a connection rests after an answer. */
  readonly restMs: number;
  /** Decides which process is stopped. */
  readonly seed: number;
}

interface RolledBack {
  readonly seq: number;
  /** When the answer had arrived, milliseconds since the epoch, and how long it took. */
  readonly answeredAt: number;
  readonly tookMs: number;
  readonly expired: readonly string[];
  readonly isOneStopped: boolean;
}

export interface RollbacksReport {
  readonly answered: number;
  /** What clients saw in place of an answer. */
  readonly failures: Readonly<Record<string, number>>;
  readonly rolledBack: readonly RolledBack[];
  /** From the log: rows, those of a version that was not live in their table, and those that came too late for theirs. */
  readonly rows: number;
  readonly misrouted: readonly unknown[];
  readonly late: readonly unknown[];
}

const deployment = 'returning';

export async function rollbacks(options: RollbacksOptions): Promise<RollbacksReport> {
  const platform = await startPlatform({ env: { MODELOG_SERVING_PROCESSES: '2' } });
  try {
    const { url } = platform;
    const { model } = await deployFixture(url, 'forest-plain', deployment);
    const { rows: inputs, feature_names } = await casesOf('forest-plain');
    const graph = readFileSync('tests/fixtures/models/forest-plain/model.onnx');
    const { digest: artifact } = await post<{ digest: string }>(url, '/api/artifacts', graph);
    await post(url, '/api/models', { name: model, version: '2.0.0', artifact, feature_names });
    const ledger = newLedger();
    const { connections, restMs } = options;
    const clients = startClients({ url, deployment, inputs, connections, restMs, ledger });
    const rolledBack: RolledBack[] = [];
    try {
      const random = seededRandom(options.seed);
      for (let round = 1; round <= options.rounds; round++) {
        await rollOut(url, `${model}@2.0.0`);
        const seen = ledger.answers.length;
        await until(() => ledger.answers.length > seen + connections, { what: 'answers of the new version' });
        const stopped = round % options.stopEvery === 0 ? servingPid(platform, random) : undefined;
        rolledBack.push(await rollBack(url, stopped));
      }
      const seen = ledger.answers.length;
      await until(() => ledger.answers.length > seen + connections, { what: 'answers after the last rollback' });
    } finally {
      await clients.stop();
    }
    const log = await readLog(platform);
    return {
      ...{ answered: ledger.answers.length, failures: Object.fromEntries(ledger.failures), rolledBack },
      rows: log.chunks.reduce((sum, { chunk }) => sum + chunk.beganOffsetUs.length, 0),
      misrouted: misroutedRows(log.records, log.chunks),
      late: log.chunks.flatMap(({ chunk }) => lateIn(chunk, rolledBack)),
    };
  } finally {
    await platform.stop();
  }
}

async function rollOut(url: string, model: string): Promise<void> {
  const strategy = { type: 'blue_green', warmup_requests: 10 };
  const { rollout_id } = await post<{ rollout_id: string }>(url, '/api/deploy', { deployment, model, strategy });
  await until(
    async () => {
      const response = await fetch(`${url}/api/deploy/status?deployment=${deployment}`);
      const { items } = (await response.json()) as { items?: { rollout: { rollout_id: string; state: string } }[] };
      const rollout = items?.[0]?.rollout;
      if (rollout?.state === 'failed') throw new Error(`the rollout failed: ${JSON.stringify(rollout)}`);
      return rollout?.rollout_id === rollout_id && rollout.state === 'live';
    },
    { what: 'the rollout to be live', timeoutMs: 60_000 },
  );
}

async function rollBack(url: string, stopped: number | undefined): Promise<RolledBack> {
  if (stopped !== undefined) process.kill(stopped, 'SIGSTOP');
  try {
    const began = performance.now();
    const answer = await askAnew(url, { deployment, reason: 'the next round' });
    const [answeredAt, tookMs] = [Date.now(), performance.now() - began];
    return { ...{ answeredAt, tookMs, isOneStopped: stopped !== undefined }, seq: answer.seq, expired: answer.expired };
  } finally {
    if (stopped !== undefined) process.kill(stopped, 'SIGCONT');
  }
}

/** Over a connection of its own: one that is open may be that of the stopped process, which accepts none. */
async function askAnew(url: string, body: unknown): Promise<{ readonly seq: number; readonly expired: string[] }> {
  const headers = { 'content-type': 'application/json' };
  const call = request(`${url}/api/deploy/rollback`, { method: 'POST', agent: false, headers });
  call.end(JSON.stringify(body));
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const answer = await text(response);
  if (response.statusCode !== 200) throw new Error(`the rollback: ${response.statusCode} ${answer}`);
  return JSON.parse(answer) as { seq: number; expired: string[] };
}

function servingPid(platform: PlatformHandle, random: () => number): number {
  const serving = platform.processes().filter(({ component }) => /^serving-\d+$/.test(component));
  return serving[Math.floor(random() * serving.length)]!.pid;
}

interface Log {
  readonly records: readonly LogRecord<GovernanceEvent>[];
  readonly chunks: readonly { readonly chunk: Chunk }[];
}

async function readLog({ dataDir }: PlatformHandle): Promise<Log> {
  const run = JSON.parse(readFileSync(join(dataDir, 'run/connection.json'), 'utf8')) as { nats_url: string };
  const connection = await connect(connectionOf(run.nats_url));
  try {
    const events = new JetStreamStore({ connection, stream: streamNames.events });
    const reader = new EventReader<GovernanceEvent>(events, eventCatalogue);
    const records: LogRecord<GovernanceEvent>[] = [];
    const { lastSeq } = await events.head();
    while (records.length < lastSeq) records.push(...(await reader.page(records.length + 1, 500)).records);
    const traffic = new JetStreamStore({ connection, stream: streamNames.traffic });
    const chunks: { chunk: Chunk }[] = [];
    const end = (await traffic.head()).lastSeq;
    while (chunks.length < end)
      for (const { data } of await traffic.readFrom(chunks.length + 1, 500, 'leader'))
        chunks.push({ chunk: decodeChunk(data) });
    return { records, chunks };
  } finally {
    await connection.close();
  }
}

/** Rows whose request began after a rollback was answered, by a table from before it. */
function lateIn({ schema, beganAt, beganOffsetUs }: Chunk, rolledBack: readonly RolledBack[]): unknown[] {
  const newest = Math.max(...beganOffsetUs) / 1000 + beganAt;
  return rolledBack
    .filter(({ seq, answeredAt }) => newest > answeredAt && schema.routing_seq < seq)
    .map(({ seq, answeredAt }) => ({ seq, routing_seq: schema.routing_seq, afterMs: newest - answeredAt }));
}
