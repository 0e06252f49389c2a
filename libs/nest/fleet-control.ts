import { fleetMetricsRequest, fleetMetricsSubject, type FleetMetricsRequest } from '#libs/contracts/index.js';
import type { FleetMetrics } from './fleet-metrics.js';
import type { Logger } from './logging.js';
import { packedFamilies, packFamilies, type MetricFamily } from './metric-families.js';
import type { NatsConnection } from './nats-connection.js';

export interface AnswerFleetMetricsOptions {
  readonly connection: NatsConnection;
  readonly fleet: FleetMetrics;
  readonly logger: Logger;
}

/** Of several that answer, one does; what fails is logged and left without an answer. @returns a function that stops it. */
export function answerFleetMetrics({ connection, fleet, logger }: AnswerFleetMetricsOptions): () => void {
  const subscription = connection.subscribe(fleetMetricsSubject, {
    queue: 'fleet',
    callback: (error, message) => {
      if (error !== null) return;
      Promise.resolve(message.data)
        .then((data) => fleetMetricsRequest.parse(JSON.parse(Buffer.from(data).toString('utf8'))))
        .then(({ families }) => fleet.families(new Set(families)))
        .then(packFamilies)
        .then((packed) => message.respond(JSON.stringify(packed)))
        .catch((failure: unknown) => {
          logger.warn({ err: failure }, 'the metrics of the serving processes could not be told');
        });
    },
  });
  return () => {
    subscription.unsubscribe();
  };
}

/** Asks for what all serving processes count together. Rejects when nobody answers within `timeoutMs`. */
export type AskFleetMetrics = (names: readonly string[], timeoutMs: number) => Promise<readonly MetricFamily[]>;

export const fleetMetricsOver =
  (connection: Pick<NatsConnection, 'request'>): AskFleetMetrics =>
  async (names, timeoutMs) => {
    const request: FleetMetricsRequest = { families: [...names] };
    const reply = await connection.request(fleetMetricsSubject, JSON.stringify(request), { timeout: timeoutMs });
    return packedFamilies.parse(JSON.parse(reply.string()));
  };
