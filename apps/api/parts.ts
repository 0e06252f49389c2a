import { dirname, join } from 'node:path';
import { openArtifactStore, type ArtifactStore } from '#libs/artifacts/index.js';
import { eventCatalogue, monitoringMetricsSubject, type GovernanceEvent } from '#libs/contracts/index.js';
import {
  AggregateStore,
  ensureStreams,
  EventReader,
  JetStreamStore,
  SnapshotStore,
  type StreamStore,
} from '#libs/event-log/index.js';
import { randomIds, systemClock, type Clock, type IdSource } from '#libs/kernel/index.js';
import {
  answerFleetMetrics,
  authenticatorOf,
  connectNats,
  FleetMetrics,
  HealthRegistry,
  Metrics,
  packedFamilies,
  ServingFleet,
  packageVersion,
  ServingMembers,
  type Authenticator,
  type Configuration,
  type Logger,
  servingControl,
  ToldMetrics,
  type NatsConnection,
  type ServingControl,
} from '#libs/nest/index.js';
import { openDatabase, ProjectionReader, type Database } from '#libs/projecting/index.js';
import { streamDeclarations, streamNames } from '#config/streams.js';
import { deployments, DeploymentQueries } from '#projections/deployments/index.js';
import { findings, FindingQueries } from '#projections/findings/index.js';
import { lineage, LineageQueries } from '#projections/lineage/index.js';
import { registry, RegistryQueries } from '#projections/registry/index.js';
import { LabelQueries, traffic, OperationQueries, TrafficQueries } from '#projections/traffic/index.js';
import { training, TrainingQueries } from '#projections/training/index.js';
import { windows, WindowQueries } from '#projections/windows/index.js';
import { applyConfiguration, type AppliedConfiguration } from './configuration/apply-configuration.js';
import { DatasetProfiler } from './datasets/dataset-profiler.js';
import { DatasetScanner } from './datasets/dataset-scanner.js';
import { EventTail } from './events/event-tail.js';
import { LiveFeeds } from './events/live-feeds.js';
import { registerHealth } from './operations/health.js';
import { apiMetrics, type RequestSeconds } from './operations/metrics.js';
import { ModelTrial } from './trial/model-trial.js';

/** Everything the app works with, opened once. */
export interface Parts {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
  readonly authenticator: Authenticator;
  readonly version: string;
  readonly metrics: Metrics;
  readonly fleetMetrics: FleetMetrics;
  readonly toldMetrics: ToldMetrics;
  readonly requests: RequestSeconds;
  readonly health: HealthRegistry;
  readonly store: AggregateStore;
  readonly events: EventReader<GovernanceEvent>;
  readonly traffic: StreamStore;
  readonly operations: StreamStore;
  readonly artifacts: ArtifactStore;
  readonly registry: RegistryQueries;
  readonly lineage: LineageQueries;
  readonly deployments: DeploymentQueries;
  readonly predictions: TrafficQueries;
  readonly labels: LabelQueries;
  readonly training: TrainingQueries;
  readonly findings: FindingQueries;
  readonly windows: WindowQueries;
  readonly versionOperations: OperationQueries;
  readonly serving: ServingControl;
  readonly configuration: AppliedConfiguration;
  readonly trial: ModelTrial;
  readonly profiler: DatasetProfiler;
  readonly scanner: DatasetScanner;
  readonly datasetsFolder: string;
  readonly feeds: LiveFeeds;
  /** No new work: feeds end, a trial or a scan under way is given up. */
  release(): void;
  /** Waits for what is being written, then closes the connections. */
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly configuration: Configuration;
  readonly logger: Logger;
  /** The compiled trial process; the other compiled programs are found from where it lies. */
  readonly trialProgram: string;
}

/** Database connections of this app: its requests are short. */
const maxConnections = 8;
/** A PostgreSQL that accepts a query and says nothing is as good as away. */
const queryTimeoutMs = 5_000;

/**
 * Connects, brings the streams to their declarations and records the configuration.
 * @throws NatsConnectFailed, StreamMismatch, EventLogError, ArtifactStoreUnavailable; what was opened is closed again.
 */
export async function openParts(options: OpenOptions): Promise<Parts> {
  const { configuration, logger } = options;
  const { environment } = configuration;
  const connection = await connectNats({
    url: environment.NATS_URL,
    name: `api ${environment.MODELOG_INSTANCE}`,
    logger,
  });
  const database = openDatabase({
    url: environment.DATABASE_URL,
    applicationName: `modelog api ${environment.MODELOG_INSTANCE}`,
    maxConnections,
    queryTimeoutMs,
    onConnectionError: (error) => {
      logger.warn({ err: error }, 'a database connection was lost');
    },
  });
  try {
    return await assemble(options, connection, database);
  } catch (error) {
    await Promise.allSettled([connection.close(), database.end()]);
    throw error;
  }
}

async function assemble(
  { configuration, logger, trialProgram }: OpenOptions,
  connection: NatsConnection,
  database: Database,
): Promise<Parts> {
  const [clock, ids] = [systemClock, randomIds];
  const { MODELOG_REPLICAS: replicas, MODELOG_INSTANCE: instance } = configuration.environment;
  const { MODELOG_DATASETS_DIR, MODELOG_DATA_DIR } = configuration.environment;
  const authenticator = authenticatorOf({ secret: configuration.environment.MODELOG_AUTH_SECRET, clock });
  await ensureStreams(connection, streamDeclarations(replicas));
  const stream = (name: string): StreamStore => new JetStreamStore({ connection, stream: name });
  const [eventStream, trafficStream] = [stream(streamNames.events), stream(streamNames.traffic)];
  const windowStream = stream(streamNames.windows);
  const store = new AggregateStore({
    ...{ events: eventStream, snapshots: new SnapshotStore(stream(streamNames.snapshots)), clock },
    random: Math.random,
    onSnapshotError: (subject, error) => {
      logger.warn({ err: error, subject }, 'a snapshot could not be kept');
    },
  });
  const events = new EventReader<GovernanceEvent>(eventStream, eventCatalogue);
  const artifacts = await openArtifactStore({ connection, replicas, clock });
  const readers = {
    registry: new ProjectionReader({ database, projection: registry, head: () => events.head(), clock }),
    lineage: new ProjectionReader({ database, projection: lineage, head: () => events.head(), clock }),
    deployments: new ProjectionReader({ database, projection: deployments, head: () => events.head(), clock }),
    training: new ProjectionReader({ database, projection: training, head: () => events.head(), clock }),
    findings: new ProjectionReader({ database, projection: findings, head: () => events.head(), clock }),
    traffic: new ProjectionReader({ database, projection: traffic, head: () => trafficStream.head(), clock }),
    windows: new ProjectionReader({ database, projection: windows, head: () => windowStream.head(), clock }),
  };
  const metrics = new Metrics({ component: 'api', instance });
  const health = new HealthRegistry({ clock });
  const members = new ServingMembers({ connection, replicas });
  registerHealth(health, { connection, database, members, readers: Object.values(readers) });
  const fleetMetrics = fleetMetricsOf(new ServingFleet({ connection, members }), logger);
  const tail = new EventTail(events);
  const feeds = new LiveFeeds(tail, clock);
  const trial = new ModelTrial({ artifacts, program: trialProgram });
  const profiler = new DatasetProfiler(join(dirname(trialProgram), '../datasets/profile-thread.js'));
  const scanner = new DatasetScanner({
    ...{ artifacts, program: join(dirname(trialProgram), '../../../libs/datasets/scan/scan-process.js') },
    allowedUrls: configuration.files.pipeline.training.allowed_urls,
  });
  const requests = apiMetrics(metrics, {
    feeds,
    streams: [
      {
        name: streamNames.events,
        head: () => eventStream.head(),
        readers: [readers.registry, readers.lineage, readers.deployments, readers.training, readers.findings],
      },
      { name: streamNames.traffic, head: () => trafficStream.head(), readers: [readers.traffic] },
      { name: streamNames.windows, head: () => windowStream.head(), readers: [readers.windows] },
    ],
  });
  const applied = await applyConfiguration(configuration, { store, clock, ids });
  await tail.start((error) => {
    logger.error({ err: error }, 'the log cannot be followed: live feeds end');
  });
  fleetMetrics.start();
  const toldMetrics = new ToldMetrics({ connection, subject: monitoringMetricsSubject, clock, logger });
  const stopTelling = answerFleetMetrics({ connection, fleet: fleetMetrics, logger });
  return {
    ...{
      clock,
      ids,
      logger,
      authenticator,
      version: packageVersion(),
      metrics,
      fleetMetrics,
      toldMetrics,
      requests,
      health,
      store,
      events,
      artifacts,
      trial,
      profiler,
      scanner,
      datasetsFolder: MODELOG_DATASETS_DIR ?? join(MODELOG_DATA_DIR, 'datasets'),
      feeds,
    },
    traffic: trafficStream,
    operations: stream(streamNames.operations),
    registry: new RegistryQueries(readers.registry),
    lineage: new LineageQueries(readers.lineage),
    deployments: new DeploymentQueries(readers.deployments),
    predictions: new TrafficQueries({ traffic: readers.traffic, events: readers.deployments }),
    labels: new LabelQueries({ traffic: readers.traffic, events: readers.deployments }),
    training: new TrainingQueries(readers.training),
    findings: new FindingQueries(readers.findings),
    windows: new WindowQueries({
      ...{ windows: readers.windows, traffic: readers.traffic, events: readers.deployments },
    }),
    versionOperations: new OperationQueries({ traffic: readers.traffic, events: readers.deployments, clock }),
    serving: servingControl(connection, members),
    configuration: applied,
    release() {
      feeds.stop();
      trial.stop();
      scanner.stop();
    },
    async close() {
      stopTelling();
      fleetMetrics.stop();
      toldMetrics.stop();
      tail.stop();
      await store.idle();
      await Promise.all([connection.drain(), database.end()]);
    },
  };
}

function fleetMetricsOf(fleet: ServingFleet, logger: Logger): FleetMetrics {
  return new FleetMetrics({
    ask: () => fleet.ask('metrics', packedFamilies),
    onFailure: (error) => {
      if (error === null) logger.info('serving processes tell their metrics again');
      else logger.warn({ err: error }, 'serving processes cannot be asked for their metrics');
    },
  });
}
