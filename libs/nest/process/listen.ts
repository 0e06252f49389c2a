import { once } from 'node:events';
import type { Server } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

export interface ListenOptions {
  /** A listening socket inherited from the process that started this one; goes before host and port. */
  readonly fd?: number | undefined;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

export interface Listening {
  readonly host: string;
  readonly port: number;
  /** `http://127.0.0.1:5000` */
  readonly url: string;
}

/**
 * Accepts connections for a Nest app, a Fastify instance or a plain server. With an inherited descriptor the socket is
 * shared: closing the server closes this process's copy only, and connections wait for whoever else holds it.
 * @throws the system's error (EADDRINUSE, EACCES, EINVAL for a descriptor that is no listening socket).
 */
export async function listen(
  target: NestFastifyApplication | FastifyInstance | Server,
  { fd, host, port }: ListenOptions,
): Promise<Listening> {
  // Node takes the descriptor before host and port; Fastify needs a host, or it would bind `localhost` beside it.
  const options = fd === undefined ? { host, port } : { fd, host, port };
  if ('getHttpAdapter' in target) {
    await target.init();
    return listenFastify(target.getHttpAdapter().getInstance(), options);
  }
  if ('inject' in target) return listenFastify(target, options);
  target.listen(options);
  await once(target, 'listening');
  return listeningOf(target);
}

/** Through Fastify's own `listen`: its `close` closes only a server that it saw listening. */
async function listenFastify(fastify: FastifyInstance, options: ListenOptions): Promise<Listening> {
  await fastify.listen(options);
  return listeningOf(fastify.server);
}

function listeningOf(server: Server): Listening {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the server listens on no TCP port');
  const { address: host, family, port } = address;
  return { host, port, url: `http://${family === 'IPv6' ? `[${host}]` : host}:${port}` };
}
