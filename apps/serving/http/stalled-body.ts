import type { Server } from 'node:http';
import { rejection } from '#libs/contracts/index.js';
import { transportProblem, type HttpSocket } from './transport-problem.js';

/**
 * Ends requests whose body stops arriving: no byte for `idleMs`. What moves may take as long as it likes, and so may an
 * answer (event streams). A body that waits because this process does not read it is not the client's fault.
 */
export function refuseStalledBodies(server: Server, idleMs: number, onStalled: () => void): void {
  server.timeout = idleMs;
  server.on('timeout', (socket: HttpSocket) => {
    const response = socket._httpMessage ?? undefined;
    if (response === undefined) {
      socket.destroy();
      return;
    }
    const { req: request } = response;
    if (request.complete) return;
    if (request.readableLength > 0) {
      socket.setTimeout(idleMs);
      return;
    }
    if (response.headersSent) {
      socket.destroy();
      return;
    }
    onStalled();
    const detail = `no byte of the body arrived for ${idleMs / 1000} s`;
    const body = JSON.stringify(transportProblem(408, rejection('malformed_body', detail)));
    response.writeHead(408, {
      'content-type': 'application/problem+json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      connection: 'close',
    });
    // Whoever reads the body learns that it does not go on.
    response.once('close', () => request.destroy());
    response.end(body);
  });
}
