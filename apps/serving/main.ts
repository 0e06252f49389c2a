import { join } from 'node:path';
import { openArtifactStore } from '#libs/artifacts/index.js';
import type { EnvironmentVariables, ToPlatform } from '#libs/contracts/index.js';
import { AggregateStore, ensureStreams, JetStreamStore, SnapshotStore } from '#libs/event-log/index.js';
import { randomIds, systemClock } from '#libs/kernel/index.js';
import {
  connectNats,
  createLogger,
  requireConfiguration,
  requireLoopback,
  runApp,
  type NatsConnection,
  type RunningApp,
} from '#libs/nest/index.js';
import { streamDeclarations, streamNames } from '#config/streams.js';
import { configured } from './configured.js';
import { sendHeartbeats } from './heartbeat.js';
import { startServing, type ServingOptions } from './serving-process.js';
import { standBy } from './standby.js';

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
      ...grpcOf(environment),
      instance,
      authSecret,
      ...configured(files.pipeline),
      crashes: {
        journal: join(environment.MODELOG_DATA_DIR, 'run', 'serving', `${instance}.running`),
        lastExit: environment.MODELOG_LAST_EXIT,
        breaker: {
          crashes: files.pipeline.deployment.circuit_breaker.crashes,
          withinS: files.pipeline.deployment.circuit_breaker.within_s,
        },
        aggregates: aggregatesOver(connection),
      },
      recycling: { afterLoads: files.pipeline.serving.recycle_after_loads, ask: askForAnother },
      clock: systemClock,
      ids: randomIds,
      logger,
    });
    const stopHeartbeat = sendHeartbeats();
    return {
      async stop() {
        await serving.stop();
        await connection.close();
        stopHeartbeat();
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Alone, without a port that is inherited, a process serves gRPC where its port is named. */
function grpcOf({
  MODELOG_GRPC_FD: fd,
  MODELOG_GRPC_PORT: port,
  MODELOG_HOST: host,
}: EnvironmentVariables): Pick<ServingOptions, 'grpc'> {
  if (fd === undefined && port === undefined) return {};
  return { grpc: { fd, host, port: port ?? 0 } };
}

function aggregatesOver(connection: NatsConnection): AggregateStore {
  const events = new JetStreamStore({ connection, stream: streamNames.events });
  const snapshots = new SnapshotStore(new JetStreamStore({ connection, stream: streamNames.snapshots }));
  return new AggregateStore({ events, snapshots, clock: systemClock, random: Math.random });
}

/** Of the platform. A process that has none is replaced by whoever runs it, if at all. */
function askForAnother(opened: number): void {
  const message: ToPlatform = { type: 'recycle', reason: `${opened} models loaded` };
  process.send?.(message);
}

if (process.argv[1] === import.meta.filename) {
  await standBy();
  void runApp(start, { component: 'serving' });
}
