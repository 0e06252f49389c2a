import 'reflect-metadata';
import type { NestApplicationContextOptions } from '@nestjs/common/interfaces/nest-application-context-options.interface.js';
import { NestFactory } from '@nestjs/core';
import { eventCatalogue, type GovernanceEvent } from '#libs/contracts/index.js';
import { ensureStreams, EventReader, JetStreamStore } from '#libs/event-log/index.js';
import { systemClock } from '#libs/kernel/index.js';
import {
  connectNats,
  createLogger,
  HealthRegistry,
  NestLogger,
  requireConfiguration,
  runApp,
  type HealthReport,
  type Logger,
  type NatsConnection,
  type RunningApp,
} from '#libs/nest/index.js';
import { openDatabase, type Database } from '#libs/projecting/index.js';
import { streamDeclarations, streamNames } from '#config/streams.js';
import { ProjectorModule } from './projector.module.js';

export interface RunningProjector extends RunningApp {
  /** Every projection with whether it follows the log. */
  health(): Promise<HealthReport>;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Seven projections, each with a batch in hand; one for a rebuild's lock and one for its batches. */
const maxConnections = 9;

/**
 * Keeps the read models. Ready when it follows the streams; PostgreSQL may come later.
 * @throws ConfigurationInvalid, NatsConnectFailed, StreamMismatch, EventLogError; nothing is left open then.
 */
export async function start({ env = process.env }: StartOptions = {}): Promise<RunningProjector> {
  const { environment } = await requireConfiguration({ env });
  const instance = environment.MODELOG_INSTANCE;
  const logger = createLogger({ component: 'projector', instance, level: environment.LOG_LEVEL });
  const connection = await connectNats({ url: environment.NATS_URL, name: `projector ${instance}`, logger });
  const database = openDatabase({
    url: environment.DATABASE_URL,
    applicationName: `modelog projector ${instance}`,
    maxConnections,
    onConnectionError: (error) => {
      logger.warn({ err: error }, 'a database connection was lost');
    },
  });
  const close = async (): Promise<void> => {
    await Promise.allSettled([connection.close(), database.end()]);
  };
  try {
    await ensureStreams(connection, streamDeclarations(environment.MODELOG_REPLICAS));
    const health = new HealthRegistry({ clock: systemClock });
    const options: Partial<NestApplicationContextOptions> = { logger: new NestLogger(logger), abortOnError: false };
    const app = await NestFactory.createApplicationContext(moduleOf(connection, database, health, logger), options);
    return {
      health: () => health.report(),
      async stop() {
        await app.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const moduleOf = (connection: NatsConnection, database: Database, health: HealthRegistry, logger: Logger) =>
  ProjectorModule.with({
    database,
    events: new EventReader<GovernanceEvent>(
      new JetStreamStore({ connection, stream: streamNames.events }),
      eventCatalogue,
    ),
    traffic: new JetStreamStore({ connection, stream: streamNames.traffic }),
    windows: new JetStreamStore({ connection, stream: streamNames.windows }),
    clock: systemClock,
    random: Math.random,
    health,
    logger,
  });

if (import.meta.filename === process.argv[1]) await runApp(() => start(), { component: 'projector' });
