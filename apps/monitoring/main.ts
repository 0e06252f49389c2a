import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openArtifactStore } from '#libs/artifacts/index.js';
import { AggregateStore, ensureStreams, JetStreamStore, SnapshotStore } from '#libs/event-log/index.js';
import { randomIds, sha256Hex, systemClock } from '#libs/kernel/index.js';
import { DeploymentMonitor, monitorStateVersion, type MonitorState } from '#libs/monitoring/index.js';
import {
  connectNats,
  createLogger,
  HealthRegistry,
  requireConfiguration,
  runApp,
  type HealthReport,
  type Logger,
  type NatsConnection,
  type RunningApp,
} from '#libs/nest/index.js';
import { openDatabase, type Database } from '#libs/projecting/index.js';
import { streamDeclarations, streamNames } from '#config/streams.js';
import { Checkpoints } from './checkpoints/checkpoints.js';
import type { Folding } from './deployments/fold.js';
import { FollowedGovernance } from './governance/governance.js';
import { monitoringMetrics } from './metrics/monitoring-metrics.js';
import { OwnedDeployments, type OwnedDeploymentsOptions } from './deployments/owned-deployments.js';
import { placeOf } from './deployments/place.js';
import { References } from './governance/references.js';
import { tellMetrics } from './metrics/tell-metrics.js';
import { Watching, type WatchingLife } from './checkpoints/watching.js';

export interface RunningMonitoring extends RunningApp {
  /** Whether the log is followed, and every deployment that falls to this process is watched. */
  health(): Promise<HealthReport>;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** How monitors are made (default: the product's own). */
  readonly folding?: Folding | undefined;
  readonly times?: Times;
  /** Default: one that writes to standard output. */
  readonly logger?: Logger | undefined;
}

interface Times extends Pick<OwnedDeploymentsOptions, 'tickMs' | 'checkpointMs' | 'beatMs' | 'retryMs' | 'restMs'> {
  /** Seconds without a word after which a process counts as gone. */
  readonly goneAfterS?: number;
  readonly metricsMs?: number;
}

/** Two checkpoints, a beat and a take-over at once. */
const maxConnections = 4;
/** What a connection may take to close, that nobody answers on. */
const closeWithinMs = 1_000;
/** A PostgreSQL that accepts a query and says nothing is as good as away. */
const queryTimeoutMs = 10_000;

const productFolding: Folding = {
  version: monitorStateVersion,
  begin: (deployment) => new DeploymentMonitor(deployment),
  restore: (state) => DeploymentMonitor.restore(state as MonitorState),
};

/**
 * Watches the deployments that fall to its place. Ready when it is connected to the log; PostgreSQL may come later.
 * @throws ConfigurationInvalid, ModelogError `place_invalid`, NatsConnectFailed, StreamMismatch, EventLogError,
 * ArtifactStoreUnavailable; nothing is left open then.
 */
export async function start({
  env = process.env,
  folding = productFolding,
  times = {},
  logger: given,
}: StartOptions = {}): Promise<RunningMonitoring> {
  const { environment } = await requireConfiguration({ env });
  const { MODELOG_INSTANCE: instance, MODELOG_DATA_DIR: folder, MODELOG_REPLICAS: replicas } = environment;
  const place = placeOf(environment.MODELOG_MONITORING_PLACE);
  const logger = given ?? createLogger({ component: 'monitoring', instance, level: environment.LOG_LEVEL });
  const connection = await connectNats({ url: environment.NATS_URL, name: `monitoring ${instance}`, logger });
  const database = openDatabase({
    url: environment.DATABASE_URL,
    applicationName: `modelog monitoring ${instance}`,
    ...{ maxConnections, queryTimeoutMs },
    onConnectionError: (error) => {
      logger.warn({ reason: error.message }, 'a database connection was lost');
    },
  });
  const close = async (): Promise<void> => {
    const closed = Promise.allSettled([connection.close(), database.end()]);
    await Promise.race([closed, delay(closeWithinMs, undefined, { ref: false })]);
  };
  try {
    await ensureStreams(connection, streamDeclarations(replicas));
    const name = `${instance}@${placeName(folder)}`;
    return await run({ connection, database, logger, instance, name, place, folding, replicas, times }, close);
  } catch (error) {
    await close();
    throw error;
  }
}

interface Opened extends Pick<OwnedDeploymentsOptions, 'place' | 'folding'> {
  readonly connection: NatsConnection;
  readonly database: Database;
  readonly logger: Logger;
  readonly instance: string;
  readonly name: string;
  readonly replicas: number;
  readonly times: Times;
}

async function run(opened: Opened, close: () => Promise<void>): Promise<RunningMonitoring> {
  const { connection, database, logger, instance, name, place, folding, replicas, times } = opened;
  const clock = systemClock;
  const stream = (of: string): JetStreamStore => new JetStreamStore({ connection, stream: of });
  const events = stream(streamNames.events);
  const aggregates = new AggregateStore({
    ...{ events, snapshots: new SnapshotStore(stream(streamNames.snapshots)), clock, random: Math.random },
    onSnapshotError: (subject, error) => {
      logger.warn({ err: error, subject }, 'a snapshot could not be kept');
    },
  });
  const stopping = new AbortController();
  const governance = new FollowedGovernance(events, logger);
  const artifacts = await openArtifactStore({ connection, replicas, clock });
  const onUnusable = (deployment: string, reason: string): void => {
    logger.warn({ deployment, reason }, 'a checkpoint is of no use; the deployment is read from its beginning');
  };
  const metrics = monitoringMetrics(instance);
  const [traffic, windows] = [stream(streamNames.traffic), stream(streamNames.windows)];
  const references = new References({ artifacts, clock, logger });
  const { goneAfterS, metricsMs, ...paces } = times;
  const begin = (onNameTaken: () => void): WatchingLife => {
    const incarnation = randomIds.next(clock.now());
    const checkpoints = new Checkpoints({
      ...{ database, name, incarnation, onUnusable, stateVersion: folding.version },
      ...(goneAfterS !== undefined && { goneAfterS }),
    });
    const shared = { place, folding, aggregates, events, governance, references, metrics, clock, logger, ...paces };
    const owned = new OwnedDeployments({ ...shared, traffic, windows, checkpoints, incarnation, onNameTaken });
    return { owned, checkpoints };
  };
  const following = governance.follow(stopping.signal);
  const watching = new Watching({ begin, logger, ...(paces.beatMs !== undefined && { lookMs: paces.beatMs }) });
  const health = new HealthRegistry({ clock });
  health.register('events', () => governance.assertFollows());
  health.register('traffic', () => watching.owned.assertFollows());
  health.register('postgres', () => {
    watching.owned.assertKept();
  });
  health.register('deployments', () => {
    watching.owned.assertWatched();
  });
  const measure = async (): Promise<void> => {
    for (const { component, healthy } of (await health.report()).components)
      metrics.healthy.set({ check: component }, healthy ? 1 : 0);
    await watching.owned.measure();
  };
  const telling = tellMetrics({
    ...{ connection, instance, metrics: metrics.metrics, measure, signal: stopping.signal },
    ...(metricsMs !== undefined && { everyMs: metricsMs }),
  });
  return {
    health: () => health.report(),
    async stop() {
      await watching.stop();
      stopping.abort();
      await Promise.all([following, telling]);
      await aggregates.idle();
      await close();
    },
  };
}

/** Of several platforms on one log each has a first process: what tells them apart stays the same over restarts. */
const placeName = (folder: string): string => sha256Hex(`${hostname()} ${resolve(folder)}`).slice(0, 8);

if (process.argv[1] === import.meta.filename) await runApp(() => start(), { component: 'monitoring' });
