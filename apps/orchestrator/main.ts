import { eventCatalogue, type GovernanceEvent } from '#libs/contracts/index.js';
import { AggregateStore, ensureStreams, EventReader, JetStreamStore, SnapshotStore } from '#libs/event-log/index.js';
import { systemClock } from '#libs/kernel/index.js';
import {
  connectNats,
  createLogger,
  HealthRegistry,
  prepareOver,
  requireConfiguration,
  runApp,
  ServingMembers,
  type HealthReport,
  type RunningApp,
} from '#libs/nest/index.js';
import { ProcessRunner } from '#libs/processing/index.js';
import { streamDeclarations, streamNames } from '#config/streams.js';
import { assertRuns } from './health.js';
import { tellIn } from './notices.js';
import { hostedProcesses } from './processes.js';

export interface RunningOrchestrator extends RunningApp {
  /** Whether the processes are told of the log, and none is held up. */
  health(): Promise<HealthReport>;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Runs the process managers with what its environment names. One is needed; several do no harm.
 * @throws ConfigurationInvalid, NatsConnectFailed, StreamMismatch, EventLogError; nothing is left open then.
 */
export async function start({ env = process.env }: StartOptions = {}): Promise<RunningOrchestrator> {
  const { environment } = await requireConfiguration({ env });
  const instance = environment.MODELOG_INSTANCE;
  const logger = createLogger({ component: 'orchestrator', instance, level: environment.LOG_LEVEL });
  const connection = await connectNats({ url: environment.NATS_URL, name: `orchestrator ${instance}`, logger });
  try {
    await ensureStreams(connection, streamDeclarations(environment.MODELOG_REPLICAS));
    const events = new JetStreamStore({ connection, stream: streamNames.events });
    const snapshots = new JetStreamStore({ connection, stream: streamNames.snapshots });
    const aggregates = new AggregateStore({
      events,
      snapshots: new SnapshotStore(snapshots),
      clock: systemClock,
      random: Math.random,
    });
    const members = new ServingMembers({ connection, replicas: environment.MODELOG_REPLICAS });
    const runner = new ProcessRunner({
      name: 'orchestrator',
      processes: hostedProcesses({
        aggregates,
        clock: systemClock,
        listMembers: () => members.list(),
        prepare: prepareOver(connection),
      }),
      events: new EventReader<GovernanceEvent>(events, eventCatalogue),
      aggregates,
      snapshots,
      clock: systemClock,
      random: Math.random,
      actor: 'system:orchestrator',
      onNotice: tellIn(logger),
    });
    const health = new HealthRegistry({ clock: systemClock });
    health.register('processes', () => assertRuns(runner));
    runner.start();
    return {
      health: () => health.report(),
      async stop() {
        await runner.stop();
        await aggregates.idle();
        await connection.close();
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

if (import.meta.filename === process.argv[1]) await runApp(() => start(), { component: 'orchestrator' });
