import 'reflect-metadata';
import type { Server } from 'node:http';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ArtifactStore } from '#libs/artifacts/index.js';
import { controlSubjects, eventCatalogue, subjects, type GovernanceEvent } from '#libs/contracts/index.js';
import { BulkPublisher, EventReader, JetStreamStore } from '#libs/event-log/index.js';
import { isoTime, type Clock, type IdSource } from '#libs/kernel/index.js';
import {
  authenticatorOf,
  fleetMetricsOver,
  HealthRegistry,
  listen,
  NestLogger,
  packageVersion,
  requirePermissions,
  sendProblem,
  ServingFleet,
  ServingMembers,
  useProblems,
  type Authenticator,
  type Listening,
  type Logger,
  type NatsConnection,
} from '#libs/nest/index.js';
import { apiClient } from './api-client.js';
import { health as processHealth } from './control/health.js';
import { load } from './control/load.js';
import { metrics as processMetrics } from './control/metrics.js';
import { confirm } from './control/confirm.js';
import { prepare } from './control/prepare.js';
import { report } from './control/report.js';
import { respondToControl } from './control/responder.js';
import { CrashJournal } from './crashes/crash-journal.js';
import { memberName, reportLastCrash, type LastCrashOptions } from './crashes/last-crash.js';
import { startGrpc, type GrpcLimits } from './grpc/start-grpc.js';
import { ConnectionRoom, systemConnectionLimit } from './http/connection-limit.js';
import { Connections } from './http/connections.js';
import { forwardToApi } from './http/forward.js';
import { nothingAt } from './http/forwardable-path.js';
import { createFrontServer, type RequestHandler } from './http/front-server.js';
import { accessOf } from './http/require-permission.js';
import type { SizeLimits } from './http/size-limits.js';
import { joinMembers } from './membership.js';
import type { PendingRows } from './metrics/model-servers.js';
import { loadArtifactFrom, type LoadArtifact } from './models/load-artifact.js';
import { ModelPool } from './models/model-pool.js';
import { recordedMessages } from './models/recorded-messages.js';
import { recycledAfter, type Recycling } from './models/recycled-after.js';
import { DeploymentInference } from './oip/inference-service.js';
import { protocolRoutes } from './oip/rest/protocol-routes.js';
import { Admission } from './prediction/admission.js';
import { Deadlines } from './prediction/deadlines.js';
import { predictHealth } from './predict-health.js';
import { Recorder, type Published } from './recording/recorder.js';
import { RecordingHealth } from './recording/recording-health.js';
import type { ActiveRouting } from './routing/active-routing.js';
import { keepLease } from './routing/lease-keeper.js';
import { Lease } from './routing/lease.js';
import { RoutingFollower } from './routing/routing-follower.js';
import type { Rollout } from './routing/routing-table.js';
import { ServingModule } from './serving-module.js';
import { servingMetrics } from './serving-metrics.js';

type ListenAt = Parameters<typeof listen>[1];

export interface ServingOptions {
  readonly connection: NatsConnection;
  readonly streams: { readonly events: string; readonly traffic: string };
  readonly replicas: number;
  readonly artifacts: Pick<ArtifactStore, 'read'>;
  readonly apiUrl: string;
  readonly listen: ListenAt;
  /** Open Inference Protocol over gRPC; left out: it is not served. */
  readonly grpc?: ListenAt & { readonly limits?: GrpcLimits };
  /** Of the platform: `serving-0`. The process itself is told from its predecessor by a suffix. */
  readonly instance: string;
  /** MODELOG_AUTH_SECRET; left out: no authentication. */
  readonly authSecret?: string | undefined;
  readonly maxBatchRows: number;
  readonly maxQueuedRows: number;
  /** Milliseconds that the oldest row may have waited when another one enters (default 2,000). */
  readonly queueDeadlineMs?: number;
  /** MiB of models to hold (default: no bound). */
  readonly maxModelMb?: number | null;
  /** Answers kept for identical rows, for each version (default none). */
  readonly cacheEntries?: number;
  readonly limits?: SizeLimits;
  /** Milliseconds that the body of a request may stand still (default 30,000). */
  readonly bodyIdleMs?: number;
  /** Connections that may be open, over HTTP and gRPC together (default: nine tenths of the files that the system lets the process open). */
  readonly maxConnections?: number;
  /** Milliseconds until a prediction that cannot be recorded is given up (default 5,000). */
  readonly recordWithinMs?: number;
  /** Where it is kept which version runs, and what becomes of the predecessor's last entry. Left out: neither. */
  readonly crashes?: Omit<LastCrashOptions, 'instance' | 'clock' | 'ids' | 'logger'>;
  /** Whom to ask for another process, and after how many loaded models. Left out: nobody. */
  readonly recycling?: Recycling;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
}

export interface ServingProcess extends Listening {
  /** Names this life of the process: in members, chunks and health. */
  readonly instance: string;
  readonly epoch: string;
  /** Of gRPC, where it is served. */
  readonly grpcPort: number | undefined;
  stop(): Promise<void>;
}

/** A message holds the chunk, its schema and headers: so much is left for the values of a row. */
const messageOverhead = 16 * 1024;
const defaultMaxPayload = 1024 * 1024;
/** How long idle connections may bring one more request before they are closed. */
const idleGraceMs = 250;
/** How long calls of gRPC may take to end when the process stops: their predictions are answered before. */
const grpcGraceMs = 6_000;
/** How long forwarded requests may take to end when the process stops. */
const forwardGraceMs = 3_000;

/**
 * Starts a serving process: registers, follows the log until every live version is loaded, then listens. Does not own
 * the connection.
 */
export async function startServing(options: ServingOptions): Promise<ServingProcess> {
  const { connection, streams, clock, ids, logger } = options;
  const epoch = ids.next(clock.now());
  const instance = memberName(options.instance, epoch);
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

  if (options.crashes !== undefined)
    await reportLastCrash({ ...options.crashes, instance: options.instance, clock, ids, logger });
  const journal = options.crashes && new CrashJournal(options.crashes.journal, epoch);
  const observe = journal && ((rollout: Rollout) => journal.observe(rollout));
  let isServing = false;
  const lease = new Lease();
  const pool: ModelPool = new ModelPool({
    writer: { instance, epoch },
    maxRowsPerRun: options.maxBatchRows,
    cacheEntries: options.cacheEntries ?? 0,
    maxModelBytes: (options.maxModelMb ?? Number.POSITIVE_INFINITY) * 2 ** 20,
    load: loading(options, journal, () => isServing),
    observe,
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
    queueDeadlineMs: options.queueDeadlineMs ?? 2_000,
  });
  const { metrics, published } = servingMetrics({
    instance: options.instance,
    admission,
    lease,
    clock,
    models: pool,
    counts: () => pool.counts(),
    pending: () => pendingRows(follower.current),
    routingSeq: () => follower.current.sequence,
    publishesInFlight: () => publisher.inFlight,
  });
  const recording = new RecordingHealth(clock);
  const tell = reported(published, logger);
  const recorder = new Recorder({
    epoch,
    publisher,
    clock,
    queuedRows: () => admission.queuedRows,
    onPublished: (each) => {
      recording.published(each);
      tell(each);
    },
  });

  const members = new ServingMembers({ connection, replicas: options.replicas });
  // Before the table is loaded: whoever waits for all processes must know of this one first.
  const controlled = { instance, follower, pool };
  const ownHealth = processHealth({
    instance,
    table: () => follower.table,
    stateOf: (id) => pool.stateOf(id),
    unrecorded: (deployment) => recording.lastErrorOf(subjects.predictions(deployment)),
  });
  const fleet = new ServingFleet({ connection, members });
  const stopAnswering = respondToControl({
    ...{ connection, instance, logger, subjects: controlSubjects },
    handlers: {
      prepare: prepare({
        ...controlled,
        clock,
        recorded: recordedIn(connection, streams.traffic),
        observe,
        pause: (milliseconds) => delay(milliseconds, undefined, { ref: false }),
        isStopping: () => admission.draining,
      }),
      confirm: confirm(controlled),
      report: report(controlled),
      metrics: processMetrics(metrics),
      health: ownHealth,
      load: load({ instance, admission, clock, counts: () => pool.counts(), loads: () => pool.loads }),
    },
  });
  const membership = await joinMembers({
    members,
    member: { instance, epoch, pid: process.pid, started_at: isoTime(clock.now()) },
    clock,
    logger,
  });
  const stopLease = keepLease({
    lease,
    head: () => events.head(),
    listedUntil: () => membership.listedUntil,
    clock,
    onTurn: (now) => {
      admission.turned(now);
    },
  });
  await follower.start(stopping.signal);
  isServing = true;

  const api = apiClient(options.apiUrl);
  const health = new HealthRegistry({ clock });
  health.register('routing', () => {
    requireRouting(lease, clock, follower);
  });
  health.register('recording', () => {
    recording.check();
  });
  health.register('api', (signal) => api.requireReady(signal));

  const predict = { admission, recorder, deadlines: new Deadlines(clock), maxRecordedBytes };
  const inference = new DeploymentInference({
    predict,
    table: () => follower.table,
    stateOf: (id) => pool.stateOf(id),
    fleetMetrics: fleetMetricsOver(connection),
    ready: () => Promise.resolve(canServe(lease, clock, follower, recording)),
  });
  const authenticator = authenticatorOf({ secret: options.authSecret, clock });
  const protocol = { service: inference, admission, version: packageVersion() };
  const room = new ConnectionRoom(options.maxConnections ?? systemConnectionLimit() ?? Number.POSITIVE_INFINITY);
  const { app, server } = await createHttp(options, {
    authenticator,
    room,
    predict,
    protocol: protocolRoutes(protocol),
    facade: {
      health,
      predictHealth: () => predictHealth({ fleet, own: ownHealth }),
    },
  });
  const connections = new Connections(server);
  const listening = await listen(app, options.listen);
  const grpc =
    options.grpc &&
    (await startGrpc({
      ...protocol,
      authenticator,
      room,
      listen: options.grpc,
      limits: options.grpc.limits,
      clock,
      logger,
    }));
  logger.info({ url: listening.url, instance, routing_seq: follower.current.sequence }, 'serving');

  return {
    ...listening,
    instance,
    epoch,
    grpcPort: grpc?.port,
    async stop() {
      admission.draining = true;
      // What waits to be accepted is lost with the last listening socket: each turn accepts it all.
      await nextTurn();
      await nextTurn();
      connections.stopAccepting();
      grpc?.stopAccepting();
      // A client may have a request on its way on a connection that is idle here: it is answered, and told to close.
      await delay(idleGraceMs);
      connections.closeIdle();
      const grpcStopped = grpc?.stop(grpcGraceMs);
      await admission.idle();
      recorder.flush();
      await publisher.drain();
      await connections.finish(forwardGraceMs);
      await grpcStopped;
      await app.close();
      stopLease();
      // Only now: as long as it may route, a rollback has to wait for it.
      await membership.leave();
      stopAnswering();
      stopping.abort();
      await pool.close();
      journal?.close();
    },
  };
}

/** How a version is loaded here: noted in the journal, counted towards the end of this process. */
function loading(
  { artifacts, recycling }: ServingOptions,
  journal: CrashJournal | undefined,
  isServing: () => boolean,
): LoadArtifact {
  const fromStore = loadArtifactFrom(artifacts);
  const noted: LoadArtifact =
    journal === undefined ? fromStore : (...args) => journal.loading(args[0], () => fromStore(...args));
  return recycling === undefined ? noted : recycledAfter(recycling, isServing, noted);
}

async function createHttp(
  { apiUrl, limits = {}, bodyIdleMs, logger }: ServingOptions,
  {
    authenticator,
    room,
    predict,
    protocol,
    facade,
  }: {
    readonly authenticator: Authenticator;
    readonly room: ConnectionRoom;
    readonly predict: Parameters<typeof createFrontServer>[0]['predict'];
    readonly protocol: RequestHandler;
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
      const server = createFrontServer({
        ...{ predict, authenticator, protocol, otherwise: handler, bodyIdleMs, room },
        ...limits,
      });
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

/** Whether requests that come here can be answered: it may route, and records what it answers. */
function canServe(lease: Lease, clock: Clock, follower: RoutingFollower, recording: RecordingHealth): boolean {
  try {
    requireRouting(lease, clock, follower);
    recording.check();
    return true;
  } catch {
    return false;
  }
}

function* pendingRows({ routes }: ActiveRouting): Generator<PendingRows> {
  for (const { servable } of routes.values())
    if (servable !== undefined)
      yield {
        deployment: servable.rollout.deployment,
        version: servable.rollout.version,
        rows: servable.batcher.pendingRows,
      };
}

/** Messages of a deployment's predictions, newest first. */
function recordedIn(connection: NatsConnection, stream: string) {
  const traffic = new JetStreamStore({ connection, stream });
  return (deployment: string) => recordedMessages(traffic, subjects.predictions(deployment));
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
