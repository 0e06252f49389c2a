/**
 * Half-hours of the Australian electricity market through the product's own HTTP API, in the order of time, each label 48
 * of them later, while the monitoring process is killed again and again.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { openArtifactStore } from '#libs/artifacts/index.js';
import { JetStreamStore } from '#libs/event-log/index.js';
import { seededRandom } from '#libs/inference/index.js';
import { systemClock } from '#libs/kernel/index.js';
import { connectNats, createLogger, type NatsConnection } from '#libs/nest/index.js';
import { streamNames } from '#config/streams.js';
import { post, untilLive } from '#tests/support/fixture-model.js';
import { recordedOf, replayOf, untilAsReplayed, type MonitoredLog, type Recorded } from '#tests/support/monitoring.js';
import { startPlatform, type PlatformHandle } from '#tests/support/platform.js';
import { runFolder } from '#tests/support/run-folder.js';
import { until } from '#tests/support/wait.js';

export interface MonitoringKillsOptions {
  /** Rows that the model learns from, and those behind them that it is asked. */
  readonly learnt: number;
  readonly asked: number;
  readonly kills: number;
  readonly seed: number;
}

export interface MonitoringKillsReport {
  readonly recorded: Recorded;
  readonly replayed: Recorded;
  /** Lives of the monitoring process. */
  readonly lives: number;
  /** `modelog_monitoring_*` at /metrics. */
  readonly metrics: readonly string[];
  /** What `modelog verify` says of the log. */
  readonly verify: { readonly ok: boolean; readonly output: string };
}

const deployment = 'market';
const stepsPerRequest = 48;
const labelsLaterBy = 48;

interface Step {
  readonly input: Readonly<Record<string, number>>;
  readonly label: number;
}

export async function monitoringKills(options: MonitoringKillsOptions): Promise<MonitoringKillsReport> {
  const config = await mkdtemp(join(runFolder(), 'monitoring-config-'));
  // A window is a week.
  const monitoring =
    'monitoring: { drift_detection: { window_size: 336 }, performance: { accuracy_threshold: 0.7 } }\n';
  await writeFile(join(config, 'monitoring_config.yaml'), monitoring);
  const platform = await startPlatform({
    env: { MODELOG_CONFIG_DIR: config, MODELOG_TRAINING_WORKERS: '1', MODELOG_MONITORING_PROCESSES: '1' },
  });
  try {
    const [header, ...lines] = (await electricity()).trimEnd().split('\n');
    await train(platform, `${[header, ...lines.slice(0, options.learnt)].join('\n')}\n`);
    const steps = lines.slice(options.learnt, options.learnt + options.asked).map((line) => stepOf(header!, line));
    const lives = await streamThroughKills(platform, steps, options);
    const connection = await connectTo(platform);
    try {
      const log = await logOver(connection);
      const replayed = await replayOf(log, deployment);
      await untilAsReplayed(log, deployment, { replayed, timeoutMs: 60_000 });
      const verified = await platform.cli(['verify']);
      const verify = { ok: verified.ok, output: verified.output + verified.errors };
      const metrics = await metricsOf(platform);
      return { recorded: await recordedOf(log, deployment), replayed, lives, metrics, verify };
    } finally {
      await connection.close();
    }
  } finally {
    await platform.stop();
  }
}

const electricity = async (): Promise<string> =>
  gunzipSync(await readFile('tests/fixtures/datasets/elec.csv.gz')).toString('utf8');

async function train({ url }: PlatformHandle, csv: string): Promise<void> {
  const { digest } = await post<{ digest: string }>(url, '/api/artifacts', Buffer.from(csv));
  const dataset = { artifact: digest, format: 'csv' };
  const request = { model: 'electricity', dataset, target: 'class', algorithm: 'gradient_boosting' };
  const { job_id } = await post<{ job_id: string }>(url, '/api/training/start', request);
  const status = await until(
    async () => {
      const response = await fetch(`${url}/api/training/status/${job_id}`);
      const { status } = (await response.json()) as { status: string };
      return ['succeeded', 'failed', 'cancelled'].includes(status) && status;
    },
    { what: 'the model to be trained', timeoutMs: 120_000, everyMs: 250 },
  );
  if (status !== 'succeeded') throw new Error(`the training has ${status}`);
  await post(url, '/api/deploy', { deployment, model: 'electricity@1.0.0' });
  await untilLive(url, deployment);
}

function stepOf(header: string, line: string): Step {
  const names = header.split(',');
  const values = line.split(',').map(Number);
  const input = Object.fromEntries(names.slice(0, -1).map((name, index) => [name, values[index]!]));
  return { input, label: values.at(-1)! };
}

/** @returns lives of the monitoring process. */
async function streamThroughKills(
  platform: PlatformHandle,
  steps: readonly Step[],
  { kills, seed }: MonitoringKillsOptions,
): Promise<number> {
  const random = seededRandom(seed);
  const ids: string[] = [];
  const seen = new Set<number>();
  const killEvery = Math.floor(steps.length / stepsPerRequest / (kills + 1));
  let [requests, killed, next] = [0, 0, killEvery];
  for (let from = 0; from < steps.length; from += stepsPerRequest) {
    ids.push(...(await predict(platform, steps.slice(from, from + stepsPerRequest))));
    await label(platform, steps, ids, from + stepsPerRequest - labelsLaterBy);
    requests += 1;
    if (requests < next || killed === kills) continue;
    const pid = await until(() => pidOf(platform, seen), { what: 'the next life', timeoutMs: 30_000 });
    // Somewhere within what it does next.
    const later = performance.now() + 400 * random();
    await until(() => performance.now() >= later, { what: 'the moment of the kill', everyMs: 5 });
    process.kill(pid, 'SIGKILL');
    killed += 1;
    next = requests + killEvery;
  }
  if (killed < kills) throw new Error(`${killed} of ${kills} kills found a process`);
  await until(() => pidOf(platform, seen), { what: 'the last life', timeoutMs: 30_000 });
  return seen.size;
}

/** Of a life of the monitoring process that was not met before; it is from now on. */
function pidOf(platform: PlatformHandle, seen: Set<number>): number | undefined {
  const found = platform.processes().find(({ component, pid }) => component === 'monitoring-1' && !seen.has(pid));
  if (found !== undefined) seen.add(found.pid);
  return found?.pid;
}

async function predict({ url }: PlatformHandle, steps: readonly Step[]): Promise<string[]> {
  const answer = await post<{ predictions: { prediction_id: string }[] }>(url, '/api/predict/batch', {
    deployment,
    inputs: steps.map(({ input }) => input),
  });
  return answer.predictions.map(({ prediction_id }) => prediction_id);
}

/** Those of one request that ended so many steps ago. */
async function label(
  { url }: PlatformHandle,
  steps: readonly Step[],
  ids: readonly string[],
  end: number,
): Promise<void> {
  if (end <= 0) return;
  const first = Math.max(0, end - stepsPerRequest);
  const items = ids
    .slice(first, end)
    .map((prediction_id, index) => ({ prediction_id, label: steps[first + index]!.label }));
  await post(url, '/api/feedback', { items });
}

async function metricsOf({ url }: PlatformHandle): Promise<string[]> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith('modelog_monitoring_'));
}

async function connectTo({ dataDir }: PlatformHandle): Promise<NatsConnection> {
  const { nats_url } = JSON.parse(readFileSync(join(dataDir, 'run/connection.json'), 'utf8')) as { nats_url: string };
  const logger = createLogger({ component: 'test', instance: 'test', level: 'silent' });
  return connectNats({ url: nats_url, name: 'test', logger });
}

async function logOver(connection: NatsConnection): Promise<MonitoredLog> {
  const stream = (of: string): JetStreamStore => new JetStreamStore({ connection, stream: of });
  return {
    events: stream(streamNames.events),
    traffic: stream(streamNames.traffic),
    windows: stream(streamNames.windows),
    artifacts: await openArtifactStore({ connection, replicas: 1, clock: systemClock }),
  };
}
