import 'reflect-metadata';
import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ArtifactStore } from '#libs/artifacts/index.js';
import { eventCatalogue, subjects, type GovernanceEvent } from '#libs/contracts/index.js';
import { BulkPublisher, EventReader, JetStreamStore } from '#libs/event-log/index.js';
import { isoTime, type Clock, type IdSource } from '#libs/kernel/index.js';
import {
  authenticatorOf,
  HealthRegistry,
  listen,
  NestLogger,
  requirePermissions,
  sendProblem,
  ServingMembers,
  useProblems,
  type Authenticator,
  type Listening,
  type Logger,
  type NatsConnection,
} from '#libs/nest/index.js';
import { apiClient } from './api-client.js';
import { respondToControl } from './control-responder.js';
import { Admission } from './http/admission.js';
import { Connections } from './http/connections.js';
import { forwardToApi } from './http/forward.js';
import { nothingAt } from './http/forwardable-path.js';
import { createFrontServer, type RequestHandler } from './http/front-server.js';
import { accessOf } from './http/require-permission.js';
import type { SizeLimits } from './http/size-limits.js';
import { joinMembers } from './membership.js';
import { loadArtifactFrom } from './models/load-artifact.js';
import { ModelPool } from './models/model-pool.js';
import { predictHealth } from './predict-health.js';
import { Recorder, type Published } from './recording/recorder.js';
import { RecordingHealth } from './recording/recording-health.js';
import { keepLease } from './routing/lease-keeper.js';
import { Lease } from './routing/lease.js';
import { RoutingFollower } from './routing/routing-follower.js';
import { ServingModule } from './serving-module.js';
import { servingMetrics } from './serving-metrics.js';

export interface ServingOptions {
  readonly connection: NatsConnection;
  readonly streams: { readonly events: string; readonly traffic: string };
  readonly replicas: number;
  readonly artifacts: Pick<ArtifactStore, 'read'>;
  readonly apiUrl: string;
  readonly listen: { readonly fd?: number | undefined; readonly host: string; readonly port: number };
  /** Of the platform: `serving-0`. The process itself is told from its predecessor by a suffix. */
  readonly instance: string;
  /** MODELOG_AUTH_SECRET; left out: no authentication. */
  readonly authSecret?: string | undefined;
  readonly maxBatchRows: number;
  readonly maxQueuedRows: number;
  readonly limits?: SizeLimits;
  /** Milliseconds that the body of a request may stand still (default 30,000). */
  readonly bodyIdleMs?: number;
  /** Milliseconds until a prediction that cannot be recorded is given up (default 5,000). */
  readonly recordWithinMs?: number;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
}

export interface ServingProcess extends Listening {
  /** Names this life of the process: in members, chunks and health. */
  readonly instance: string;
  readonly epoch: string;
  stop(): Promise<void>;
}

/** A message holds the chunk, its schema and headers: so much is left for the values of a row. */
const messageOverhead = 16 * 1024;
const defaultMaxPayload = 1024 * 1024;
/** How long idle connections may bring one more request before they are closed. */
const idleGraceMs = 250;
/** How long forwarded requests may take to end when the process stops. */
const forwardGraceMs = 3_000;

/**
 * Starts a serving process: registers, follows the log until every live version is loaded, then listens. Does not own
 * the connection.
 */
export async function startServing(options: ServingOptions): Promise<ServingProcess> {
  const { connection, streams, clock, ids, logger } = options;
  const epoch = ids.next(clock.now());
  const instance = `${options.instance}-${epoch.slice(-6)}`;
  const stopping = new AbortController();

  const events = new EventReader<GovernanceEvent>(
    new JetStreamStore({ connection, stream: streams.events }),
    eventCatalogue,
  );
  const publisher = new BulkPublisher({
    connection,
    stream: streams.traffic,
    clock,
    giveUpAfterMs: options.recordWithinMs ?? 5_000,
  });
  const maxRecordedBytes = (connection.info?.max_payload ?? defaultMaxPayload) - messageOverhead;

  const lease = new Lease();
  const pool: ModelPool = new ModelPool({
    writer: { instance, epoch },
    maxRowsPerRun: options.maxBatchRows,
    load: loadArtifactFrom(options.artifacts),
    maxRecordedBytes,
    clock,
    logger,
    onChange: () => {
      follower.refresh();
    },
  });
  const follower: RoutingFollower = new RoutingFollower({ events, pool, lease, logger });
  const admission = new Admission({
    lease,
    clock,
    routing: () => follower.current,
    maxQueuedRows: options.maxQueuedRows,
  });
  const { metrics, published } = servingMetrics({
    instance: options.instance,
    admission,
    lease,
    clock,
    counts: () => pool.counts(),
    routingSeq: () => follower.current.sequence,
    publishesInFlight: () => publisher.inFlight,
  });
  const recording = new RecordingHealth(clock);
  const report = reported(published, logger);
  const recorder = new Recorder({
    epoch,
    publisher,
    clock,
    onPublished: (each) => {
      recording.published(each);
      report(each);
    },
  });

  const members = new ServingMembers({ connection, replicas: options.replicas });
  // Before the table is loaded: whoever waits for all processes must know of this one first.
  const stopAnswering = respondToControl({ connection, instance, follower, pool });
  const leaveMembers = await joinMembers({
    members,
    member: { instance, epoch, pid: process.pid, started_at: isoTime(clock.now()) },
    logger,
  });
  const stopLease = keepLease({ lease, head: () => events.head(), clock });
  await follower.start(stopping.signal);

  const api = apiClient(options.apiUrl);
  const health = new HealthRegistry({ clock });
  health.register('routing', () => {
    requireRouting(lease, clock, follower);
  });
  health.register('recording', () => {
    recording.check();
  });
  health.register('api', (signal) => api.requireReady(signal));

  const { app, server } = await createHttp(options, {
    authenticator: authenticatorOf({ secret: options.authSecret, clock }),
    predict: { admission, recorder, maxRecordedBytes },
    facade: {
      metrics,
      health,
      predictHealth: () =>
        predictHealth(instance, follower.table, {
          stateOf: (id) => pool.stateOf(id),
          unrecorded: (deployment) => recording.lastErrorOf(subjects.predictions(deployment)),
        }),
      apiMetrics: (authorization) => api.metrics(authorization),
    },
  });
  const connections = new Connections(server);
  const listening = await listen(app, options.listen);
  logger.info({ url: listening.url, instance, routing_seq: follower.current.sequence }, 'serving');

  return {
    ...listening,
    instance,
    epoch,
    async stop() {
      admission.draining = true;
      await leaveMembers();
      connections.stopAccepting();
      // A client may have a request on its way on a connection that is idle here: it is answered, and told to close.
      await delay(idleGraceMs);
      connections.closeIdle();
      await admission.idle();
      recorder.flush();
      await publisher.drain();
      await connections.finish(forwardGraceMs);
      await app.close();
      stopAnswering();
      stopLease();
      stopping.abort();
      await pool.close();
    },
  };
}

async function createHttp(
  { apiUrl, limits = {}, bodyIdleMs, logger }: ServingOptions,
  {
    authenticator,
    predict,
    facade,
  }: {
    readonly authenticator: Authenticator;
    readonly predict: Parameters<typeof createFrontServer>[0]['predict'];
    readonly facade: Parameters<typeof ServingModule.register>[0];
  },
): Promise<{ app: NestFastifyApplication; server: Server }> {
  const servers: Server[] = [];
  const adapter = new FastifyAdapter({
    frameworkErrors: (_error: Error, request: FastifyRequest, reply: FastifyReply): void => {
      void sendProblem(reply, nothingAt(request.url));
    },
    // The front server answers these; Fastify would answer a second time and destroy the connection.
    clientErrorHandler: () => undefined,
    serverFactory: (handler: RequestHandler) => {
      const server = createFrontServer({ predict, authenticator, otherwise: handler, bodyIdleMs, ...limits });
      servers.push(server);
      return server;
    },
    // Each forwarded body has the limit of its address (forward.ts); here only what is parsed would be held in memory.
    bodyLimit: 1024 * 1024,
    routerOptions: { maxParamLength: 2048 },
    forceCloseConnections: true,
  });
  const nestOptions: Pick<NestApplicationOptions, 'bodyParser' | 'logger' | 'abortOnError'> = {
    logger: new NestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  };
  const module = ServingModule.register(facade);
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, nestOptions);
  useProblems(app, { logger });
  const fastify: FastifyInstance = adapter.getInstance();
  requirePermissions(fastify, authenticator, accessOf);
  await forwardToApi(fastify, { apiUrl, logger, ...limits });
  return { app, server: servers[0]! };
}

function requireRouting(lease: Lease, clock: Clock, follower: RoutingFollower): void {
  if (follower.error !== null) throw new Error(`the event log cannot be followed: ${follower.error}`);
  if (!lease.isValidAt(clock.monotonic()))
    throw new Error('the routing table was not confirmed with the event log within a second');
}

const reported =
  (published: (each: Published) => void, logger: Logger) =>
  (each: Published): void => {
    published(each);
    if (each.error !== undefined)
      logger.error({ err: each.error, rows: each.rows, subject: each.version.subject }, 'a chunk was given up');
  };
