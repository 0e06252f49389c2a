import 'reflect-metadata';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { authenticatorOf, fleetMetricsOver, listen, packageVersion, type Listening } from '#libs/nest/index.js';
import { CrashJournal } from './crashes/crash-journal.js';
import { memberName, reportLastCrash } from './crashes/last-crash.js';
import type { GrpcOptions, RunningGrpc } from './grpc/start-grpc.js';
import { ConnectionRoom, systemConnectionLimit } from './http/connection-limit.js';
import { Connections } from './http/connections.js';
import { createHttp } from './http/create-http.js';
import { joinFleet, type FleetPlace } from './join-fleet.js';
import { DeploymentInference } from './oip/inference-service.js';
import { protocolRoutes } from './oip/rest/protocol-routes.js';
import { predictHealth } from './predict-health.js';
import { predictionPath, type Life, type PredictionPath } from './prediction-path.js';
import { canServe, readiness } from './readiness.js';
import type { ServingOptions } from './serving-options.js';

export type { ServingOptions } from './serving-options.js';

export interface ServingProcess extends Listening {
  /** Names this life of the process: in members, chunks and health. */
  readonly instance: string;
  readonly epoch: string;
  /** Of gRPC, where it is served. */
  readonly grpcPort: number | undefined;
  stop(): Promise<void>;
}

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
  let isServing = false;
  const life = await beginLife(options, () => isServing);
  const { instance, epoch } = life;
  const stopping = new AbortController();
  const path = predictionPath(options, life);
  // Before the table is loaded: whoever waits for all processes must know of this one first.
  const place = await joinFleet(options, life, path);
  await path.follower.start(stopping.signal);
  isServing = true;
  const fronts = await openFronts(options, path, place);
  const routingSeq = path.follower.current.sequence;
  options.logger.info({ url: fronts.listening.url, instance, routing_seq: routingSeq }, 'serving');

  return {
    ...fronts.listening,
    instance,
    epoch,
    grpcPort: fronts.grpc?.port,
    async stop() {
      await endRequests(path, fronts);
      // Only now: as long as it may route, a rollback has to wait for it.
      await place.leave();
      stopping.abort();
      await path.pool.close();
      life.journal?.close();
    },
  };
}

/** Reports what the last life died of before this one overwrites its journal. */
async function beginLife({ crashes, ...options }: ServingOptions, isServing: () => boolean): Promise<Life> {
  const { instance, clock, ids, logger } = options;
  const epoch = ids.next(clock.now());
  if (crashes !== undefined) await reportLastCrash({ ...crashes, instance, clock, ids, logger });
  const journal = crashes && new CrashJournal(crashes.journal, epoch);
  return { instance: memberName(instance, epoch), epoch, journal, isServing };
}

/** Where requests come in. */
interface Fronts {
  readonly app: Awaited<ReturnType<typeof createHttp>>['app'];
  readonly connections: Connections;
  readonly listening: Listening;
  readonly grpc: RunningGrpc | undefined;
}

async function openFronts(options: ServingOptions, path: PredictionPath, place: FleetPlace): Promise<Fronts> {
  const { connection, apiUrl, clock, logger } = options;
  const { admission, predict, follower, pool } = path;
  const sources = { ...path, clock };
  const service = new DeploymentInference({
    predict,
    table: () => follower.table,
    stateOf: (id) => pool.stateOf(id),
    fleetMetrics: fleetMetricsOver(connection),
    ready: () => Promise.resolve(canServe(sources)),
  });
  const protocol = { service, admission, version: packageVersion() };
  const shared = {
    authenticator: authenticatorOf({ secret: options.authSecret, clock }),
    room: new ConnectionRoom(options.maxConnections ?? systemConnectionLimit() ?? Number.POSITIVE_INFINITY),
  };
  const { app, server } = await createHttp(options, {
    ...shared,
    predict,
    protocol: protocolRoutes(protocol),
    facade: {
      health: readiness(sources, apiUrl),
      predictHealth: () => predictHealth({ fleet: place.fleet, own: place.health }),
    },
  });
  const connections = new Connections(server);
  const listening = await listen(app, options.listen);
  const grpc =
    options.grpc &&
    (await grpcFront({ ...protocol, ...shared, listen: options.grpc, limits: options.grpc.limits, clock, logger }));
  return { app, connections, listening, grpc };
}

/** Loads 250 modules, which a process without the port has no use for. */
async function grpcFront(options: GrpcOptions): Promise<RunningGrpc> {
  const { startGrpc } = await import('./grpc/start-grpc.js');
  return startGrpc(options);
}

/** Accepts what waits and then nothing more; resolves when all of it is answered and in the log. */
async function endRequests(path: PredictionPath, { app, connections, grpc }: Fronts): Promise<void> {
  const { admission, recorder, publisher } = path;
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
}
