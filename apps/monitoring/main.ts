import { hostname } from 'node:os';
import { resolve } from 'node:path';
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
import { Checkpoints } from './checkpoints.js';
import type { Folding } from './fold.js';
import { FollowedGovernance } from './governance.js';
import { monitoringMetrics } from './monitoring-metrics.js';
import { OwnedDeployments, type OwnedDeploymentsOptions } from './owned-deployments.js';
import { placeOf } from './place.js';
import { References } from './references.js';
import { tellMetrics } from './tell-metrics.js';

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

interface Times extends Pick<OwnedDeploymentsOptions, 'tickMs' | 'checkpointMs' | 'beatMs' | 'retryMs'> {
  /** Seconds without a word after which a process counts as gone. */
  readonly goneAfterS?: number;
  readonly metricsMs?: number;
}

/** Checkpoints, beats and a take-over at once. */
const maxConnections = 4;
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
    await Promise.allSettled([connection.close(), database.end()]);
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
  const incarnation = randomIds.next(clock.now());
  const onUnusable = (deployment: string, reason: string): void => {
    logger.warn({ deployment, reason }, 'a checkpoint is of no use; the deployment is read from its beginning');
  };
  const metrics = monitoringMetrics(instance);
  const owned = new OwnedDeployments({
    ...{ place, folding, aggregates, governance, metrics, clock, logger, incarnation, ...times },
    traffic: stream(streamNames.traffic),
    windows: stream(streamNames.windows),
    checkpoints: new Checkpoints({
      ...{ database, name, incarnation, onUnusable, stateVersion: folding.version },
      ...(times.goneAfterS !== undefined && { goneAfterS: times.goneAfterS }),
    }),
    references: new References({ artifacts, logger }),
  });
  const health = new HealthRegistry({ clock });
  health.register('events', () => {
    if (governance.failure !== undefined) throw new Error(governance.failure);
  });
  health.register('deployments', () => {
    owned.assertWatched();
  });
  const following = governance.follow(stopping.signal);
  owned.start();
  const stopTelling = tellMetrics({
    ...{ connection, instance, metrics: metrics.metrics, measure: () => owned.measure() },
    ...(times.metricsMs !== undefined && { everyMs: times.metricsMs }),
  });
  return {
    health: () => health.report(),
    async stop() {
      stopTelling();
      await owned.stop();
      stopping.abort();
      await following;
      await aggregates.idle();
      await close();
    },
  };
}

/** Of several platforms on one log each has a first process: what tells them apart stays the same over restarts. */
const placeName = (folder: string): string => sha256Hex(`${hostname()} ${resolve(folder)}`).slice(0, 8);

if (process.argv[1] === import.meta.filename) await runApp(() => start(), { component: 'monitoring' });
