import { eventCatalogue, type GovernanceEvent } from '#libs/contracts/index.js';
import { AggregateStore, ensureStreams, EventReader, JetStreamStore, SnapshotStore } from '#libs/event-log/index.js';
import { randomIds, systemClock } from '#libs/kernel/index.js';
import {
  connectNats,
  createLogger,
  prepareOver,
  requireConfiguration,
  runApp,
  ServingMembers,
  type RunningApp,
} from '#libs/nest/index.js';
import { streamDeclarations, streamNames } from '#config/streams.js';
import { startScaling } from './supervision/scaling/start-scaling.js';
import { ServingSupervisor } from './supervision/supervisor.js';

/** The serving supervisor with what its environment names. One is needed; several do no harm but for scaling. */
export async function start(): Promise<RunningApp> {
  const { environment, files } = await requireConfiguration({ env: process.env });
  const replicas = environment.MODELOG_REPLICAS;
  const component = 'serving-supervisor';
  const logger = createLogger({ component, instance: environment.MODELOG_INSTANCE, level: environment.LOG_LEVEL });
  const connection = await connectNats({ url: environment.NATS_URL, name: component, logger });
  try {
    await ensureStreams(connection, streamDeclarations(replicas));
    const events = new JetStreamStore({ connection, stream: streamNames.events });
    const snapshots = new SnapshotStore(new JetStreamStore({ connection, stream: streamNames.snapshots }));
    const aggregates = new AggregateStore({ events, snapshots, clock: systemClock, random: Math.random });
    const members = new ServingMembers({ connection, replicas });
    const supervisor = new ServingSupervisor({
      events: new EventReader<GovernanceEvent>(events, eventCatalogue),
      aggregates,
      listMembers: () => members.list(),
      prepare: prepareOver(connection),
      clock: systemClock,
      ids: randomIds,
      logger,
    });
    supervisor.start();
    const stopScaling = startScaling({
      connection,
      operations: new JetStreamStore({ connection, stream: streamNames.operations }),
      listMembers: () => members.list(),
      scaling: files.pipeline.serving.scaling,
      startWith: environment.MODELOG_SERVING_PROCESSES,
      logger,
    });
    return {
      async stop() {
        await stopScaling();
        await supervisor.stop();
        await aggregates.idle();
        await connection.close();
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

if (process.argv[1] === import.meta.filename) void runApp(start, { component: 'serving-supervisor' });
