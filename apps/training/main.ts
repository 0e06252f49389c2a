import { availableParallelism, getPriority, hostname, setPriority } from 'node:os';
import { join, resolve } from 'node:path';
import { openArtifactStore } from '#libs/artifacts/index.js';
import { eventCatalogue, type GovernanceEvent } from '#libs/contracts/index.js';
import { AggregateStore, ensureStreams, EventReader, JetStreamStore, SnapshotStore } from '#libs/event-log/index.js';
import { randomIds, sha256Hex, systemClock } from '#libs/kernel/index.js';
import { connectNats, createLogger, requireConfiguration, runApp, type RunningApp } from '#libs/nest/index.js';
import { streamDeclarations, streamNames } from '#config/streams.js';
import { TrainingWorker } from './worker/training-worker.js';

/** A third of the share of a process at 0 where both want a core: behind predictions, and not starved. */
const niceness = 5;

/** A training worker with what its environment names: it takes one job at a time. */
export async function start(): Promise<RunningApp> {
  const { environment, files } = await requireConfiguration({ env: process.env });
  const { MODELOG_INSTANCE: instance, MODELOG_DATA_DIR: folder, MODELOG_REPLICAS: replicas } = environment;
  // Predictions come first where both share a machine. Threads that are made from here on inherit it. Who was started
  // below that may not rise to it.
  setPriority(Math.max(getPriority(), niceness));
  const logger = createLogger({ component: 'training', instance, level: environment.LOG_LEVEL });
  const connection = await connectNats({ url: environment.NATS_URL, name: `training ${instance}`, logger });
  try {
    await ensureStreams(connection, streamDeclarations(replicas));
    const [clock, ids] = [systemClock, randomIds];
    const events = new JetStreamStore({ connection, stream: streamNames.events });
    const snapshots = new SnapshotStore(new JetStreamStore({ connection, stream: streamNames.snapshots }));
    const aggregates = new AggregateStore({ events, snapshots, clock, random: Math.random });
    const worker = new TrainingWorker({
      name: `${instance}@${placeOf(folder)}`,
      // Which process of this name it is: whoever comes after it takes its job back.
      incarnation: ids.next(clock.now()),
      events: new EventReader<GovernanceEvent>(events, eventCatalogue),
      operations: new JetStreamStore({ connection, stream: streamNames.operations }),
      aggregates,
      artifacts: await openArtifactStore({ connection, replicas, clock }),
      threads: environment.MODELOG_TRAINING_THREADS ?? availableParallelism(),
      computeProgram: join(import.meta.dirname, 'compute/compute-thread.js'),
      folders: {
        datasets: resolve(environment.MODELOG_DATASETS_DIR ?? join(folder, 'datasets')),
        work: resolve(folder, 'training', instance),
        configuration: resolve(environment.MODELOG_CONFIG_DIR),
      },
      allowedUrls: files.pipeline.training.allowed_urls,
      clock,
      ids,
      logger,
    });
    await worker.start();
    return {
      async stop() {
        await worker.stop();
        await aggregates.idle();
        await connection.close();
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/**
 * Of several platforms on one log each has a first worker: what tells them apart stays the same over restarts, so that a
 * worker takes back its own job and no other's.
 */
const placeOf = (folder: string): string => sha256Hex(`${hostname()} ${resolve(folder)}`).slice(0, 8);

if (process.argv[1] === import.meta.filename) void runApp(start, { component: 'training' });
