import { openArtifactStore } from '#libs/artifacts/index.js';
import { ensureStreams } from '#libs/event-log/index.js';
import { randomIds, systemClock } from '#libs/kernel/index.js';
import {
  connectNats,
  createLogger,
  requireConfiguration,
  requireLoopback,
  runApp,
  type RunningApp,
} from '#libs/nest/index.js';
import { streamDeclarations, streamNames } from '#config/streams.js';
import { startServing } from './serving-process.js';

/** A serving process with what its environment names. */
export async function start(): Promise<RunningApp> {
  const { environment, files } = await requireConfiguration({ env: process.env });
  const { MODELOG_PUBLIC_FD: fd, MODELOG_HOST: host, MODELOG_AUTH_SECRET: authSecret } = environment;
  if (fd === undefined) requireLoopback({ variable: 'MODELOG_HOST', host, secret: authSecret });
  const instance = environment.MODELOG_INSTANCE;
  const replicas = environment.MODELOG_REPLICAS;
  const logger = createLogger({ component: 'serving', instance, level: environment.LOG_LEVEL });
  const connection = await connectNats({ url: environment.NATS_URL, name: instance, logger });
  try {
    await ensureStreams(connection, streamDeclarations(replicas));
    const serving = await startServing({
      connection,
      streams: streamNames,
      replicas,
      artifacts: await openArtifactStore({ connection, replicas, clock: systemClock }),
      apiUrl: environment.MODELOG_API_URL,
      listen: { fd, host, port: environment.MODELOG_PORT },
      instance,
      authSecret,
      maxBatchRows: files.pipeline.serving.max_batch_rows,
      maxQueuedRows: files.pipeline.serving.max_queued_rows,
      clock: systemClock,
      ids: randomIds,
      logger,
    });
    return {
      async stop() {
        await serving.stop();
        await connection.close();
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

if (process.argv[1] === import.meta.filename) void runApp(start, { component: 'serving' });
