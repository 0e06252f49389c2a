/** What the serving specs share: a real log, real models in it, serving processes and their supervisor on top. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { openArtifactStore, type ArtifactStore } from '#libs/artifacts/index.js';
import {
  configurationFiles,
  decodeChunk,
  eventCatalogue,
  type api,
  type Chunk,
  type GovernanceEvent,
  type Recording,
} from '#libs/contracts/index.js';
import { deploymentDefinition, findVersion, modelDefinition, type ModelCommand } from '#libs/domain/index.js';
import { AggregateStore, ensureStreams, EventReader, JetStreamStore, SnapshotStore } from '#libs/event-log/index.js';
import { randomIds, systemClock } from '#libs/kernel/index.js';
import {
  answerFleetMetrics,
  commandMeta,
  createLogger,
  FleetMetrics,
  packedFamilies,
  prepareOver,
  servingControl,
  ServingFleet,
  ServingMembers,
} from '#libs/nest/index.js';
import { readSignature } from '#libs/onnx/index.js';
import { ProcessRunner } from '#libs/processing/index.js';
import { Commands } from '#apps/api/commands.js';
import { RollBackDeployment, RollBackDeploymentHandler } from '#apps/api/deployments/roll-back.js';
import { hostedProcesses } from '#apps/orchestrator/processes.js';
import { startServing, type ServingOptions, type ServingProcess } from '#apps/serving/serving-process.js';
import { ServingSupervisor } from '#apps/serving/supervision/supervisor.js';
import { streamDeclarations, streamNames } from '#config/streams.js';
import { startNats, type NatsHandle } from '#tests/support/nats.js';
import { until } from '#tests/support/wait.js';

export interface World {
  readonly nats: NatsHandle;
  readonly connection: NatsConnection;
  readonly aggregates: AggregateStore;
  readonly artifacts: ArtifactStore;
  readonly events: EventReader<GovernanceEvent>;
  readonly traffic: JetStreamStore;
  /** Registers the bytes as a version; gives its digest. */
  register(
    model: string,
    version: string,
    fixture: Pick<Fixture, 'bytes' | 'feature_names' | 'nullable'>,
  ): Promise<string>;
  /** Asks for a deployment; gives the request's sequence. */
  deploy(deployment: string, model: string, version: string, options?: DeployOptions): Promise<number>;
  /** Any command on a model; gives the event's sequence. */
  onModel(model: string, command: ModelCommand): Promise<number>;
  /** Waits until the event that moves traffic, or says why not, is in the log: its type and sequence. */
  settled(deployment: string, afterSeq: number): Promise<{ type: string; seq: number; code?: string }>;
  serve(options?: Partial<ServingOptions>): Promise<ServingProcess>;
  superviseServing(): ServingSupervisor;
  /** Runs the processes of the product: blue-green rollouts go live by one of them. */
  orchestrate(): ProcessRunner;
  /** As `POST /api/deploy/rollback` does it; a refusal is thrown. */
  rollBack(body: api.RollBackDeployment, idempotencyKey?: string): Promise<api.DeploymentRolledBack>;
  /** From now on nobody adds up what serving processes count, as while the api is away. */
  stopTelling(): void;
  /** Every chunk in TRAFFIC, with its sequence. */
  chunks(): Promise<{ seq: number; chunk: Chunk }[]>;
  stop(): Promise<void>;
}

export interface DeployOptions {
  readonly recording?: Recording;
  readonly loadTimeoutS?: number;
  readonly strategy?: api.RequestedStrategy;
  /** The champion as a command sees it that was under way for long. */
  readonly sees?: { readonly version: string; readonly championSeq: number };
}

/** What ends the wait for a rollout. */
const settlements = new Set(['DeploymentWentLive', 'DeploymentFailed', 'DeploymentStayed']);

const quiet = createLogger({ component: 'test', instance: 'test', level: 'silent' });

export async function startWorld(): Promise<World> {
  const nats = await startNats();
  const connection = await connect({ ...nats.connection, reconnectTimeWait: 50, maxReconnectAttempts: -1 });
  await ensureStreams(connection, streamDeclarations(1));
  const eventStream = new JetStreamStore({ connection, stream: streamNames.events });
  const traffic = new JetStreamStore({ connection, stream: streamNames.traffic });
  const aggregates = new AggregateStore({
    events: eventStream,
    snapshots: new SnapshotStore(new JetStreamStore({ connection, stream: streamNames.snapshots })),
    clock: systemClock,
    random: Math.random,
  });
  const events = new EventReader<GovernanceEvent>(eventStream, eventCatalogue);
  const artifacts = await openArtifactStore({ connection, replicas: 1, clock: systemClock });
  const members = new ServingMembers({ connection, replicas: 1 });
  const running: { stop(): Promise<void> }[] = [];
  const fleet = new ServingFleet({ connection, members });
  const stopTelling = answerFleetMetrics({
    connection,
    fleet: new FleetMetrics({ ask: () => fleet.ask('metrics', packedFamilies), onFailure: () => undefined }),
    logger: quiet,
  });

  const meta = (call: string, target: string, body: unknown) =>
    commandMeta({ actor: 'local', call, target, body, at: systemClock.now(), ids: randomIds });

  return {
    nats,
    connection,
    aggregates,
    artifacts,
    events,
    traffic,
    stopTelling,
    async register(model, version, { bytes, feature_names, nullable }) {
      const { digest } = await artifacts.put(pieces(bytes));
      const read = readSignature(bytes, { featureNames: feature_names, nullable });
      if (!read.ok) throw new Error(`${model}: ${read.rejection.detail}`);
      const registration = {
        model,
        version,
        artifact: digest,
        size: bytes.length,
        signature: read.value,
        metrics: {},
        tags: {},
        lineage: {},
      };
      const registered = await aggregates.execute(
        modelDefinition,
        model,
        { type: 'RegisterVersion', registration },
        meta('register', model, { version }),
      );
      if (!registered.ok) throw new Error(registered.rejection.detail);
      return digest;
    },
    async onModel(model, command) {
      const changed = await aggregates.execute(modelDefinition, model, command, meta(command.type, model, command));
      if (!changed.ok) throw new Error(changed.rejection.detail);
      return changed.value.seq;
    },
    async deploy(deployment, model, version, { recording = 'acknowledged', loadTimeoutS = 20, strategy, sees } = {}) {
      const { state, seq } = await aggregates.load(modelDefinition, model, { consistency: 'leader' });
      const found = findVersion(state, sees?.version ?? version);
      const command = meta('deploy', deployment, { model, version });
      const deployed = await aggregates.execute(
        deploymentDefinition,
        deployment,
        {
          type: 'Deploy',
          commandId: command.commandId,
          deployment,
          model: {
            ...{ name: model, seq, selector: version },
            ...(version === 'champion' ? { championSeq: sees?.championSeq ?? state.champion_seq } : {}),
            ...(found ? { state: found } : {}),
          },
          recording,
          ...(strategy === undefined ? {} : { strategy }),
          defaults: {
            environment: 'development',
            recording: 'acknowledged',
            loadTimeoutS,
            blueGreen: { warmupRequests: 3, keepOldS: 60 },
          },
        },
        command,
      );
      if (!deployed.ok) throw new Error(deployed.rejection.detail);
      return deployed.value.seq;
    },
    settled: (deployment, afterSeq) =>
      until(
        async () => {
          const { records } = await events.page(afterSeq + 1, 100);
          for (const record of records) {
            if ('unknown' in record) continue;
            const { event, seq } = record;
            if (!settlements.has(event.type) || !('deployment' in event.data)) continue;
            if (event.data.deployment !== deployment) continue;
            return { type: event.type, seq, ...('code' in event.data ? { code: event.data.code } : {}) };
          }
          return undefined;
        },
        { what: `the rollout of ${deployment} to be settled`, timeoutMs: 25_000 },
      ),
    async serve(options = {}) {
      const serving = await startServing({
        connection,
        streams: streamNames,
        replicas: 1,
        artifacts,
        apiUrl: 'http://127.0.0.1:9',
        listen: { host: '127.0.0.1', port: 0 },
        instance: 'serving-0',
        maxBatchRows: 256,
        maxQueuedRows: 100_000,
        clock: systemClock,
        ids: randomIds,
        logger: quiet,
        ...options,
      });
      let stopped: Promise<void> | undefined;
      const once = { ...serving, stop: () => (stopped ??= serving.stop()) };
      running.push(once);
      return once;
    },
    superviseServing() {
      const supervisor = new ServingSupervisor({
        events,
        aggregates,
        listMembers: () => members.list(),
        prepare: prepareOver(connection),
        clock: systemClock,
        ids: randomIds,
        logger: quiet,
      });
      supervisor.start();
      running.push(supervisor);
      return supervisor;
    },
    orchestrate() {
      const runner = new ProcessRunner({
        name: 'orchestrator',
        processes: hostedProcesses({
          aggregates,
          clock: systemClock,
          listMembers: () => members.list(),
          prepare: prepareOver(connection),
        }),
        events,
        aggregates,
        clock: systemClock,
        random: Math.random,
      });
      runner.start();
      running.push(runner);
      return runner;
    },
    rollBack(body, idempotencyKey) {
      const configuration = { files: configurationFiles.parse({}), seq: 1 };
      const handler = new RollBackDeploymentHandler(
        aggregates,
        servingControl(connection, members),
        systemClock,
        new Commands(systemClock, randomIds, configuration),
      );
      const caller = { actor: 'ada', idempotencyKey, correlationId: undefined, traceparent: undefined };
      return handler.execute(new RollBackDeployment(body, caller));
    },
    async chunks() {
      const { lastSeq } = await traffic.head();
      const found: { seq: number; chunk: Chunk }[] = [];
      for (let from = 1; from <= lastSeq;) {
        const messages = await traffic.readFrom(from, 500, 'leader');
        for (const { seq, data } of messages) found.push({ seq, chunk: decodeChunk(data) });
        from = messages.at(-1)!.seq + 1;
      }
      return found;
    },
    async stop() {
      for (const each of running.splice(0).reverse()) await each.stop();
      await aggregates.idle();
      await connection.close();
      await nats.stop();
    },
  };
}

export interface Fixture {
  readonly bytes: Uint8Array;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly outputs: readonly { label?: unknown; probabilities?: Record<string, number>; value?: unknown }[];
  readonly feature_names?: readonly string[];
  readonly nullable?: readonly string[];
}

/** A model made by another library, 100 rows and that library's own outputs. */
export async function fixture(name: string): Promise<Fixture> {
  const folder = join(process.cwd(), 'tests/fixtures/models', name);
  const cases = JSON.parse(await readFile(join(folder, 'cases.json'), 'utf8')) as Omit<Fixture, 'bytes'>;
  return { ...cases, bytes: await readFile(join(folder, 'model.onnx')) };
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
  await Promise.resolve();
}
