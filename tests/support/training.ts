import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { rootFolder } from '#apps/platform/root-folder.js';
import { configurationFiles, trainingSpec, type TrainingSpec } from '#libs/contracts/index.js';
import { trainingJobDefinition, type TrainingJobState } from '#libs/domain/index.js';
import { AggregateStore, ensureStreams, JetStreamStore, SnapshotStore } from '#libs/event-log/index.js';
import { entityIdOf, randomIds, systemClock } from '#libs/kernel/index.js';
import { commandMeta, connectNats, createLogger, type NatsConnection } from '#libs/nest/index.js';
import { streamDeclarations, streamNames } from '#config/streams.js';
import { startNats, type NatsHandle } from './nats.js';
import { makeFolder, register } from './run-folder.js';
import { until } from './wait.js';

export interface ProcessHandle {
  readonly name: string;
  readonly pid: number;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Real processes of the orchestrator and of training workers on a log of their own, without the HTTP edge. */
export interface TrainingRig {
  readonly nats: NatsHandle;
  readonly connection: NatsConnection;
  readonly store: AggregateStore;
  /** Where relative paths of data sets resolve. */
  readonly datasets: string;
  startOrchestrator(): Promise<ProcessHandle>;
  /** @param threads of the worker */
  startWorker(name: string, threads?: number): Promise<ProcessHandle>;
  /** What is left out is as a request without it would have it. @returns the job's id */
  request(spec: Partial<TrainingSpec> & Pick<TrainingSpec, 'model' | 'dataset' | 'target'>): Promise<string>;
  state(jobId: string): Promise<TrainingJobState>;
  /** @throws when the job has not ended in time, with what is known of it */
  ended(jobId: string, timeoutMs?: number): Promise<TrainingJobState>;
  stop(): Promise<void>;
}

const actor = 'test';

export async function startTrainingRig(): Promise<TrainingRig> {
  const nats = await startNats();
  const logger = createLogger({ component: 'test', instance: 'test', level: 'silent' });
  const connection = await connectNats({ url: nats.url, name: 'test', logger });
  await ensureStreams(connection, streamDeclarations(1));
  const stream = (name: string): JetStreamStore => new JetStreamStore({ connection, stream: name });
  const snapshots = new SnapshotStore(stream(streamNames.snapshots));
  const store = new AggregateStore({
    events: stream(streamNames.events),
    snapshots,
    clock: systemClock,
    random: Math.random,
  });
  const folder = makeFolder('training');
  const datasets = join(folder, 'datasets');
  await mkdir(datasets);
  const running = new Set<ProcessHandle>();

  const start = async (name: string, program: string, env: NodeJS.ProcessEnv): Promise<ProcessHandle> => {
    const child = spawn(process.execPath, ['--enable-source-maps', join(rootFolder, 'dist/apps', program)], {
      cwd: rootFolder,
      env: {
        ...process.env,
        NATS_URL: nats.url,
        // Neither of them opens it.
        DATABASE_URL: 'postgres://127.0.0.1:9/none',
        MODELOG_DATA_DIR: folder,
        MODELOG_DATASETS_DIR: datasets,
        MODELOG_INSTANCE: name,
        LOG_LEVEL: 'warn',
        ...env,
      },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await once(child, 'spawn');
    register(child.pid!, 'training');
    const handle = handleOf(name, child);
    running.add(handle);
    child.once('exit', () => running.delete(handle));
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => {
        resolve();
      });
      child.once('exit', (code) => {
        reject(new Error(`${name} ended with ${code} at its start`));
      });
    });
    return handle;
  };

  const state = async (jobId: string): Promise<TrainingJobState> =>
    (await store.load(trainingJobDefinition, jobId, { consistency: 'leader' })).state;
  return {
    nats,
    connection,
    store,
    datasets,
    state,
    startOrchestrator: () => start('orchestrator', 'orchestrator/main.js', {}),
    startWorker: (name, threads = 1) => start(name, 'training/main.js', { MODELOG_TRAINING_THREADS: String(threads) }),
    async request(spec) {
      const commandId = randomIds.next(Date.now());
      const jobId = entityIdOf('job', commandId);
      const meta = commandMeta({
        ...{ actor, call: 'request', target: jobId, body: spec, at: Date.now(), ids: randomIds },
      });
      const command = { type: 'RequestTraining', job_id: jobId, spec: specOf(spec) } as const;
      const answer = await store.execute(trainingJobDefinition, jobId, command, meta);
      if (!answer.ok) throw new Error(answer.rejection.detail);
      return jobId;
    },
    async ended(jobId, timeoutMs = 120_000) {
      let last: TrainingJobState | undefined;
      return until(async () => ((last = await state(jobId)).ended === null ? undefined : last), {
        what: () =>
          `job ${jobId} to end; it is at ${JSON.stringify(last?.claim)} behind ${last?.results.length ?? 0} stages`,
        timeoutMs,
      });
    },
    async stop() {
      await Promise.all([...running].map((each) => each.stop()));
      await store.idle();
      await connection.close();
      await nats.stop();
    },
  };
}

function handleOf(name: string, child: ChildProcess): ProcessHandle {
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  return { name, pid: child.pid!, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
}

/** A file of tests/fixtures/datasets, unpacked into a folder; the first so many rows of it. */
export async function unpackDataset(name: string, folder: string, rows = Number.POSITIVE_INFINITY): Promise<string> {
  const packed = await readFile(join(rootFolder, 'tests/fixtures/datasets', `${name}.gz`));
  const text = gunzipSync(packed).toString('utf8');
  const file = join(folder, name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(
    file,
    Number.isFinite(rows)
      ? `${text
          .split('\n')
          .slice(0, rows + 1)
          .join('\n')}\n`
      : text,
  );
  return name;
}

function specOf(given: Partial<TrainingSpec> & Pick<TrainingSpec, 'model' | 'dataset' | 'target'>): TrainingSpec {
  const { pipeline } = configurationFiles.parse({});
  return trainingSpec.parse({
    task: null,
    features: null,
    pipeline: null,
    trainer: { type: 'builtin', algorithm: 'gradient_boosting', hyperparameters: {} },
    validation: { test_size: 0.2, cv_folds: 3, split: 'stratified', by: null },
    search: null,
    checks: {},
    slices: [],
    gate: {},
    register: true,
    description: null,
    tags: {},
    seed: 7,
    timeout_s: pipeline.training.timeout_s,
    claim_s: pipeline.training.claim_s,
    max_attempts: pipeline.training.max_attempts,
    ...given,
  });
}
