import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { start, type RunningMonitoring, type StartOptions } from '#apps/monitoring/main.js';
import { rootFolder } from '#apps/platform/root-folder.js';
import { openArtifactStore, type ArtifactStore } from '#libs/artifacts/index.js';
import {
  decodeWindowRecord,
  eventCatalogue,
  monitoringConfig,
  subjects,
  type GovernanceEvent,
  type MonitoringEvent,
  type WindowRecord,
} from '#libs/contracts/index.js';
import {
  encodeEvent,
  ensureStreams,
  EventReader,
  genesisHash,
  isUnknown,
  JetStreamStore,
  verifyEvents,
  type StreamStore,
} from '#libs/event-log/index.js';
import { namespaces, sha256Hex, systemClock, uuidv5 } from '#libs/kernel/index.js';
import {
  deploymentOf,
  DeploymentMonitor,
  Governance,
  missingBaseline,
  nothingRead,
  parseBaseline,
  readTraffic,
  referenceOf,
  type MonitorContext,
  type MonitorOutput,
  type RegisteredVersion,
  type TrafficFact,
  type WatchedVersion,
} from '#libs/monitoring/index.js';
import { connectNats, createLogger, type NatsConnection } from '#libs/nest/index.js';
import { streamDeclarations, streamNames } from '#config/streams.js';
import { startNats, type NatsHandle } from './nats.js';
import { createDatabase, type DatabaseHandle } from './postgres.js';
import { makeFolder, register } from './run-folder.js';
import { until } from './wait.js';

/** What follows one deployment, as a replay does. */
export interface ReplayedFold {
  apply(fact: TrafficFact, context: MonitorContext): readonly MonitorOutput[];
}

export interface Recorded {
  readonly findings: readonly MonitoringEvent[];
  readonly records: readonly WindowRecord[];
}

export interface MonitoringProcess {
  readonly pid: number;
  /** What it has logged, a JSON object a line. */
  output(): string;
  /** SIGKILL. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Each milliseconds from one to the next. */
const quick = { checkpointMs: 100, beatMs: 200, retryMs: 50, tickMs: 3_600_000 } as const;

export interface WatchOptions {
  readonly place?: string;
  readonly times?: StartOptions['times'];
  readonly folding?: StartOptions['folding'];
}

export interface WatchingProcess extends RunningMonitoring {
  /** What it has logged. */
  lines(): readonly Readonly<Record<string, unknown>>[];
}

/** Where monitoring reads and writes. */
export interface MonitoredLog {
  readonly events: StreamStore;
  readonly traffic: StreamStore;
  readonly windows: StreamStore;
  readonly artifacts: ArtifactStore;
}

/** Of the tests' own requests: what is tested under load is the monitoring process. */
const patienceMs = 20_000;

/** The log, a database and processes of apps/monitoring, without the rest of the platform. */
export interface MonitoringRig extends MonitoredLog {
  readonly nats: NatsHandle;
  readonly database: DatabaseHandle;
  readonly connection: NatsConnection;
  /** What a process of apps/monitoring is started with. */
  env(name: string, place?: string): Record<string, string>;
  /** Appends an event as the one that follows on its subject. @returns its sequence */
  append(subject: string, event: GovernanceEvent): Promise<number>;
  /** @param monitoring the content of monitoring_config.yaml */
  configure(monitoring: unknown): Promise<number>;
  store(value: unknown): Promise<string>;
  start(
    name: string,
    options?: { readonly place?: string; readonly env?: NodeJS.ProcessEnv },
  ): Promise<MonitoringProcess>;
  /** The same within this process. */
  watch(name: string, options?: WatchOptions): Promise<WatchingProcess>;
  /** Stops what `watch` has started. */
  stopWatching(): Promise<void>;
  recorded(deployment: string): Promise<Recorded>;
  /** What follows from TRAFFIC and EVENTS alone. */
  replay(deployment: string, begin?: (deployment: string) => ReplayedFold): Promise<Recorded>;
  stop(): Promise<void>;
}

export async function startMonitoringRig(name: string): Promise<MonitoringRig> {
  const [nats, database] = await Promise.all([startNats(), createDatabase(name)]);
  const logger = createLogger({ component: 'test', instance: 'test', level: 'silent' });
  const connection = await connectNats({ url: nats.url, name: 'test', logger });
  await ensureStreams(connection, streamDeclarations(1));
  const stream = (of: string): StreamStore => new JetStreamStore({ connection, stream: of, timeoutMs: patienceMs });
  const [events, traffic, windows] = [streamNames.events, streamNames.traffic, streamNames.windows].map(stream) as [
    StreamStore,
    StreamStore,
    StreamStore,
  ];
  const artifacts = await openArtifactStore({ connection, replicas: 1, clock: systemClock });
  const folder = makeFolder('monitoring');
  const running = new Set<MonitoringProcess>();
  const within = new Set<RunningMonitoring>();
  const tails = new Map<string, { seq: number; version: number; hash: string }>();

  const stopWatching = async (): Promise<void> => {
    await Promise.all([...within].map((each) => each.stop()));
    within.clear();
  };

  const env = (instance: string, place = '0/1'): Record<string, string> => ({
    NATS_URL: nats.url,
    DATABASE_URL: database.url,
    MODELOG_DATA_DIR: folder,
    MODELOG_INSTANCE: instance,
    MODELOG_MONITORING_PLACE: place,
    LOG_LEVEL: 'info',
  });

  const append = async (subject: string, event: GovernanceEvent): Promise<number> => {
    const tail = tails.get(subject) ?? { seq: 0, version: 0, hash: genesisHash };
    const key = `${subject} ${tail.version}`;
    const meta = {
      ...{ commandId: uuidv5(namespaces.command, key), digest: sha256Hex(key), actor: 'test' },
      ...{ correlationId: uuidv5(namespaces.command, key), at: new Date().toISOString() },
    };
    const place = { subject, aggregateVersion: tail.version + 1, previousHash: tail.hash };
    const { message, hash } = encodeEvent(eventCatalogue, event, meta, place);
    const { seq } = await events.publish({ ...message, expectedLastSubjectSeq: tail.seq });
    tails.set(subject, { seq, version: tail.version + 1, hash });
    return seq;
  };

  const log: MonitoredLog = { events, traffic, windows, artifacts };

  return {
    ...{ nats, database, connection, ...log, env, append },
    replay: (deployment, begin) => replayOf(log, deployment, begin),
    recorded: (deployment) => recordedOf(log, deployment),
    configure: (monitoring) => {
      const content = { monitoring: monitoringConfig.parse({ monitoring }) };
      const digest = `sha256:${sha256Hex(JSON.stringify(content))}`;
      return append(subjects.configuration(), { type: 'ConfigurationApplied', data: { digest, content } });
    },
    async store(value) {
      return (await artifacts.put(Readable.from([Buffer.from(JSON.stringify(value), 'utf8')]))).digest;
    },
    async start(instance, options = {}) {
      const started = await startProcess({ ...env(instance, options.place), ...options.env });
      running.add(started);
      return started;
    },
    async watch(instance, { place, times, folding } = {}) {
      const lines: Record<string, unknown>[] = [];
      const destination = { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) };
      const own = createLogger({ component: 'monitoring', instance, level: 'info', destination });
      const watching = await start({ env: env(instance, place), folding, times: { ...quick, ...times }, logger: own });
      within.add(watching);
      return {
        lines: () => lines,
        health: () => watching.health(),
        stop: () => {
          within.delete(watching);
          return watching.stop();
        },
      };
    },
    stopWatching,
    async stop() {
      await Promise.all([...running].map((each) => each.kill()));
      await stopWatching();
      const problems = [];
      for await (const problem of verifyEvents(events, eventCatalogue)) problems.push(problem);
      await connection.close();
      await nats.stop();
      await database.drop();
      if (problems.length > 0) throw new Error(`EVENTS is not intact: ${JSON.stringify(problems)}`);
    },
  };
}

/** What follows from TRAFFIC and EVENTS alone. */
export async function replayOf(
  { events, traffic, artifacts }: MonitoredLog,
  deployment: string,
  begin: (deployment: string) => ReplayedFold = (of) => new DeploymentMonitor(of),
): Promise<Recorded> {
  const governance = await foldedGovernance(events);
  const references = await referencesOf(artifacts, governance);
  const outputs: MonitorOutput[] = [];
  const fold = begin(deployment);
  let position = nothingRead;
  for (const message of await traffic.readFrom(1, Infinity, 'leader')) {
    if (deploymentOf(message.subject) !== deployment) continue;
    const read = readTraffic(deployment, message, position);
    position = read.position;
    if (read.fact === null) continue;
    const context = governance.contextOf(deployment, position.eventsSeq, (version) => references.get(keyOf(version))!);
    outputs.push(...fold.apply(read.fact, context));
  }
  return {
    findings: outputs.flatMap((output) => (output.kind === 'finding' ? [plain(output.finding)] : [])),
    records: outputs.flatMap((output) => (output.kind === 'record' ? [plain(output.record)] : [])),
  };
}

export async function recordedOf({ events, windows }: MonitoredLog, deployment: string): Promise<Recorded> {
  const reader = new EventReader<GovernanceEvent>(events, eventCatalogue);
  const { records } = await reader.page(1, 100_000, { aggregate: subjects.monitor(deployment) });
  const findings = records.map((record) => {
    if (isUnknown(record)) throw new Error(JSON.stringify(record));
    return record.event as MonitoringEvent;
  });
  const messages = await windows.readSubject(subjects.windows(deployment), 1, 'leader');
  return { findings, records: messages.map(decodeWindowRecord) };
}

/** Resolves with what is recorded of a deployment when it is at least as much as a replay of the log gives. */
export async function untilAsReplayed(
  log: MonitoredLog,
  deployment: string,
  { replayed, timeoutMs = 15_000 }: { readonly replayed?: Recorded; readonly timeoutMs?: number } = {},
): Promise<Recorded> {
  const expected = replayed ?? (await replayOf(log, deployment));
  // Counted first: what there is, is decoded once.
  const counted = { findings: 0, records: 0 };
  await until(
    async () => {
      counted.findings = (await log.events.readSubject(subjects.monitor(deployment), 1, 'leader')).length;
      counted.records = (await log.windows.readSubject(subjects.windows(deployment), 1, 'leader')).length;
      return counted.findings >= expected.findings.length && counted.records >= expected.records.length;
    },
    {
      ...{ timeoutMs, everyMs: 50 },
      what: () =>
        `${expected.records.length} records and ${expected.findings.length} findings of ${deployment}; there are ${counted.records} and ${counted.findings}`,
    },
  );
  return recordedOf(log, deployment);
}

async function foldedGovernance(events: StreamStore): Promise<Governance> {
  const governance = new Governance();
  const reader = new EventReader<GovernanceEvent>(events, eventCatalogue);
  for (let from: number | undefined = 1; from !== undefined;) {
    const { records, nextSeq }: Awaited<ReturnType<typeof reader.page>> = await reader.page(from, 1000);
    for (const record of records) governance.fold(record.seq, isUnknown(record) ? null : record.event);
    from = nextSeq;
  }
  return governance;
}

async function referencesOf(artifacts: ArtifactStore, governance: Governance): Promise<Map<string, WatchedVersion>> {
  const references = new Map<string, WatchedVersion>();
  for (const version of governance.versions()) {
    const { signature, baseline } = version;
    const stat = baseline && (await artifacts.stat(baseline.artifact).catch(() => null));
    const reference =
      baseline === null
        ? { missing: missingBaseline.none }
        : stat === null
          ? { missing: missingBaseline.notFound(baseline.artifact) }
          : referenceOf(
              parseBaseline(await artifacts.read(baseline.artifact, { maxBytes: 2 ** 26 })),
              baseline.artifact,
              signature,
            );
    references.set(keyOf(version), { signature, reference });
  }
  return references;
}

const keyOf = ({ model, version }: RegisteredVersion): string => `${model}@${version}`;

/** As it comes back from the log. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

async function startProcess(env: NodeJS.ProcessEnv): Promise<MonitoringProcess> {
  const program = join(rootFolder, 'dist/apps/monitoring/main.js');
  const child = spawn(process.execPath, ['--enable-source-maps', program], {
    cwd: rootFolder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const pipe of [child.stdout!, child.stderr!]) pipe.on('data', (data: Buffer) => (output += data.toString()));
  await once(child, 'spawn');
  register(child.pid!, 'monitoring');
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => {
      resolve();
    });
    child.once('exit', (code) => {
      reject(new Error(`monitoring ended with ${code ?? child.signalCode ?? ''} at its start:\n${output}`));
    });
  });
  return {
    pid: child.pid!,
    output: () => output,
    kill: () => end(child, 'SIGKILL'),
    stop: () => end(child, 'SIGTERM'),
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}
