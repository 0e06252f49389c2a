import type { NatsConnection, Status } from '@nats-io/transport-node';
import { assertNever } from '#libs/kernel/index.js';
import type { Logger } from './logging.js';

/** Logs what happens to a connection, until it is closed. */
export function logConnectionStatus(connection: NatsConnection, logger: Logger): void {
  void (async () => {
    for await (const status of connection.status()) logStatus(status, logger);
  })().catch((error: unknown) => {
    logger.error({ err: error }, 'the state of the NATS connection is no longer logged');
  });
  void connection.closed().then((error) => {
    if (error instanceof Error) logger.error({ err: error }, 'the NATS connection is closed');
    else logger.debug('the NATS connection is closed');
  });
}

function logStatus(status: Status, logger: Logger): void {
  switch (status.type) {
    case 'disconnect':
      logger.warn({ server: status.server }, 'NATS is disconnected');
      return;
    case 'reconnect':
      logger.info({ server: status.server }, 'NATS is connected again');
      return;
    case 'staleConnection':
      logger.warn('NATS does not answer pings; the connection is given up');
      return;
    case 'slowConsumer':
      logger.warn({ pending: status.pending }, 'a NATS subscription is slower than its messages');
      return;
    case 'error':
      logger.error({ err: status.error }, 'NATS reports an error');
      return;
    case 'ldm':
      logger.info({ server: status.server }, 'the NATS server asks its clients to go elsewhere');
      return;
    case 'reconnecting':
    case 'forceReconnect':
    case 'update':
    case 'ping':
    case 'close':
      logger.debug({ status: status.type }, 'NATS');
      return;
    default:
      assertNever(status, 'NATS status');
  }
}
