import { lookup } from 'node:dns/promises';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { getSystemErrorName } from 'node:util';
import { messageOf, ModelogError } from '#libs/kernel/index.js';

/**
 * A TCP port, bound here and served by other processes: each gets the descriptor and listens on it. As long as this
 * process holds it, connections wait in the backlog while the last server is being replaced.
 */
export interface ListeningSocket {
  readonly descriptor: number;
  readonly port: number;
  /** Gives up this process's hold on it: once every process has, connections are refused. Twice is once. */
  close(): void;
}

export interface BindOptions {
  /** 0: any free one. */
  readonly port: number;
  /** The environment variable that says so; errors name it. */
  readonly variable: string;
  /**
   * Milliseconds to ask again for a port in use: a process that was just ended closes its sockets a moment after it counts
   * as gone (default 0).
   */
  readonly patienceMs?: number;
}

/**
 * Binds without accepting. Node's public interface only binds a port that it then serves; `_createServerHandle` is what
 * node:cluster itself calls for the same purpose, unchanged since Node 0.12.
 *
 * @throws ModelogError `port_in_use`, `address_unusable`
 */
export async function bindSocket(
  host: string,
  { port, variable, patienceMs = 0 }: BindOptions,
): Promise<ListeningSocket> {
  const { address, family } = await lookup(host).catch((error: unknown) => {
    throw new ModelogError('address_unusable', `MODELOG_HOST is ${JSON.stringify(host)}: ${messageOf(error)}`);
  });
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const socket = bindOnce(address, family === 6 ? 6 : 4, port);
    if (typeof socket !== 'string') return socket;
    if (socket !== 'EADDRINUSE' || performance.now() >= deadline) throw bindError(host, port, variable, socket);
    await delay(50);
  }
}

/** The socket, or the system's name of what is wrong. */
function bindOnce(address: string, family: 4 | 6, port: number): ListeningSocket | string {
  const handle = createServerHandle(address, port, family, -1, 0);
  if (typeof handle === 'number') return getSystemErrorName(handle);
  const bound: { port?: number } = {};
  handle.getsockname(bound);
  // libuv keeps "address in use" for the later listen(); a socket that has not got the port it asked for says the same.
  if (bound.port === undefined || bound.port === 0 || (port !== 0 && bound.port !== port)) {
    handle.close();
    return 'EADDRINUSE';
  }
  return {
    descriptor: handle.fd,
    port: bound.port,
    close: () => {
      handle.close();
    },
  };
}

interface ServerHandle {
  readonly fd: number;
  getsockname(target: { port?: number }): number;
  close(): void;
}

type CreateServerHandle = (address: string, port: number, family: 4 | 6, fd: -1, flags: 0) => ServerHandle | number;

const createServerHandle: CreateServerHandle = (...args) =>
  (net as unknown as { _createServerHandle: CreateServerHandle })._createServerHandle(...args);

function bindError(host: string, port: number, variable: string, code: string): ModelogError {
  if (code === 'EADDRINUSE') {
    return new ModelogError(
      'port_in_use',
      `port ${port} of ${host} is in use: stop the program that has it, or set ${variable}`,
    );
  }
  return new ModelogError(
    'address_unusable',
    `cannot listen on ${host}, port ${port} (${code}): set MODELOG_HOST or ${variable}`,
  );
}
