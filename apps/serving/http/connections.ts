import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { HttpSocket } from './transport-problem.js';

/**
 * The open connections of a server, and a way to close them that loses nothing. Node's own `close` and
 * `closeIdleConnections` destroy a connection whose answer is written and not sent yet.
 */
export class Connections {
  readonly #sockets = new Set<HttpSocket>();

  constructor(private readonly server: Server) {
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Takes no more connections; those that are open stay. A listening socket that others hold too goes on for them. */
  stopAccepting(): void {
    NetServer.prototype.close.call(this.server);
  }

  /** Closes connections without a request under way. */
  closeIdle(): void {
    for (const socket of this.#sockets) if (!isBusy(socket)) socket.destroySoon();
  }

  /** Waits until every answer is sent, but for event streams, which never end; at most `withinMs`. Then closes all. */
  async finish(withinMs: number): Promise<void> {
    for (let waited = 0; waited < withinMs && this.#awaited(); waited += pollMs) await delay(pollMs);
    this.closeIdle();
    for (let waited = 0; waited < flushMs && this.#unsent(); waited += pollMs) await delay(pollMs);
    for (const socket of this.#sockets) socket.destroy();
    // Ends Node's own bookkeeping; there is nothing left to close.
    this.server.close();
  }

  #awaited(): boolean {
    for (const { _httpMessage: answer } of this.#sockets)
      if (
        answer !== undefined &&
        answer !== null &&
        !String(answer.getHeader('content-type')).startsWith('text/event-stream')
      )
        return true;
    return false;
  }

  #unsent(): boolean {
    for (const socket of this.#sockets) if (!isBusy(socket)) return true;
    return false;
  }
}

const pollMs = 10;
const flushMs = 1_000;

/** Node keeps the answer under way in this property, until all of it is with the operating system. */
const isBusy = ({ _httpMessage: answer }: HttpSocket): boolean => answer !== undefined && answer !== null;
