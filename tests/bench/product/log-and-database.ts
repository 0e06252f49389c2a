import { connect } from '@nats-io/transport-node';
import { streamDeclarations, streamNames } from '#config/streams.js';
import { eventCatalogue, type GovernanceEvent } from '#libs/contracts/index.js';
import {
  AggregateStore,
  ensureStreams,
  EventReader,
  JetStreamStore,
  SnapshotStore,
  type LogRecord,
} from '#libs/event-log/index.js';
import { systemClock } from '#libs/kernel/index.js';
import { eventsSource, openDatabase, type Database, type MessageSource } from '#libs/projecting/index.js';

/** A nats-server with the product's streams and a PostgreSQL for read models of them. */
export interface LogAndDatabase {
  readonly events: JetStreamStore;
  readonly source: MessageSource<LogRecord<GovernanceEvent>>;
  readonly database: Database;
  /** An append path of its own. @param cacheSize aggregates it remembers (default: the product's) */
  readonly storeOf: (cacheSize?: number) => AggregateStore;
  readonly close: () => Promise<void>;
}

export async function openLogAndDatabase(): Promise<LogAndDatabase> {
  const { startNats } = await import('#tests/support/nats.js');
  const { createDatabase } = await import('#tests/support/postgres.js');
  const [server, created] = await Promise.all([startNats(), createDatabase('bench')]);
  const connection = await connect(server.connection);
  await ensureStreams(connection, streamDeclarations(1));
  const events = new JetStreamStore({ connection, stream: streamNames.events });
  const snapshots = new SnapshotStore(new JetStreamStore({ connection, stream: streamNames.snapshots }));
  const database = openDatabase({
    url: created.url,
    applicationName: 'bench',
    maxConnections: 4,
    onConnectionError: (error) => {
      throw error;
    },
  });
  return {
    ...{ events, database },
    source: eventsSource(new EventReader<GovernanceEvent>(events, eventCatalogue)),
    storeOf: (cacheSize) =>
      new AggregateStore({
        ...{ events, snapshots, clock: systemClock, random: Math.random },
        ...(cacheSize === undefined ? {} : { cacheSize }),
      }),
    async close() {
      await Promise.all([connection.drain(), database.end()]);
      await Promise.all([server.stop(), created.drop()]);
    },
  };
}
