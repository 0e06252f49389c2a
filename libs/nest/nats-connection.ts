import { AuthorizationError, connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf, ModelogError, systemClock, type Clock } from '#libs/kernel/index.js';
import type { Logger } from './logging.js';
import { logConnectionStatus } from './nats-status.js';

export type { NatsConnection } from '@nats-io/transport-node';

export interface ConnectNatsOptions {
  /** One URL, or several separated by commas; user and password, or a token, may be in it. */
  readonly url: string;
  /** Shown in the server's list of connections. */
  readonly name: string;
  readonly logger: Logger;
  /** Milliseconds in which the first connection must succeed (default 10,000). */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

/** The first connection did not succeed in time, or the server does not know the user. */
export class NatsConnectFailed extends ModelogError {
  constructor(
    /** Without user and password. */
    readonly url: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super('nats_connect_failed', `NATS at ${url}: ${reason}`, options);
  }
}

const retryAfterMs = 100;

/**
 * Connects, and from then on reconnects for ever; what happens to the connection is logged.
 * @throws NatsConnectFailed.
 */
export async function connectNats(options: ConnectNatsOptions): Promise<NatsConnection> {
  const { url, name, logger, timeoutMs = 10_000, clock = systemClock } = options;
  const address = parseNatsUrl(url);
  const deadline = clock.monotonic() + timeoutMs;
  for (;;) {
    try {
      const connection = await connect({
        ...address,
        name,
        timeout: Math.max(1, Math.ceil(deadline - clock.monotonic())),
        maxReconnectAttempts: -1,
        reconnectTimeWait: 250,
        reconnectJitter: 250,
        // A server that comes back with its users not yet loaded must not end the process's only connection.
        ignoreAuthErrorAbort: true,
        // The default notices a dead peer after four minutes.
        pingInterval: 5_000,
      });
      logConnectionStatus(connection, logger);
      return connection;
    } catch (error) {
      const left = deadline - clock.monotonic();
      const refused = error instanceof AuthorizationError;
      if (refused || left <= 0) {
        throw new NatsConnectFailed(address.servers.join(','), reasonOf(error, refused, timeoutMs), { cause: error });
      }
      await pause(Math.min(retryAfterMs, left));
    }
  }
}

const reasonOf = (error: unknown, refused: boolean, timeoutMs: number): string =>
  refused ? `it refuses the user: ${messageOf(error)}` : `no connection within ${timeoutMs} ms: ${messageOf(error)}`;

interface NatsAddress extends Pick<NodeConnectionOptions, 'user' | 'pass' | 'token' | 'tls'> {
  readonly servers: string[];
}

/** The client takes no credentials from a URL. @throws NatsConnectFailed when it is none. */
function parseNatsUrl(url: string): NatsAddress {
  const parsed = url.split(',').map((each) => {
    const text = each.trim();
    const withScheme = text.includes('://') ? text : `nats://${text}`;
    if (!URL.canParse(withScheme)) throw new NatsConnectFailed('the given URL', 'it is not a URL');
    return new URL(withScheme);
  });
  const servers = parsed.map(({ hostname, port }) => `${hostname}:${port === '' ? '4222' : port}`);
  const { username = '', password = '' } = parsed.find((each) => each.username !== '') ?? {};
  const tls = parsed.some(({ protocol }) => protocol === 'tls:') ? { tls: {} } : {};
  if (username === '') return { servers, ...tls };
  if (password === '') return { servers, token: decodeURIComponent(username), ...tls };
  return { servers, user: decodeURIComponent(username), pass: decodeURIComponent(password), ...tls };
}
