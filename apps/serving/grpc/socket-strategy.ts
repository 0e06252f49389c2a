import { once } from 'node:events';
import { createServer, type AddressInfo, type Server as SocketServer, type Socket } from 'node:net';
import { Server, ServerCredentials, type ConnectionInjector, type ServerOptions } from '@grpc/grpc-js';
import { ServerGrpc } from '@nestjs/microservices';
import type { ListenOptions } from '#libs/nest/index.js';
import { loaderOptions, protocolFile, protocolPackage } from './wire.js';

export interface SocketStrategyOptions {
  readonly listen: ListenOptions;
  readonly server: ServerOptions;
  /** Milliseconds that a connection may stay silent before its first byte. */
  readonly silentMs: number;
  /** Whether a connection may stay: it is closed at once otherwise. */
  readonly admits: (socket: Socket) => boolean;
}

/**
 * Nest's gRPC transport on a socket that others hold too: grpc-js binds ports by itself only, so connections are accepted
 * here and handed to it. One that has not said anything is a bare socket; a session of HTTP/2 costs some 30 KB.
 */
export class SocketStrategy extends ServerGrpc {
  readonly #listen: ListenOptions;
  readonly #serverOptions: ServerOptions;
  readonly #silentMs: number;
  readonly #admits: SocketStrategyOptions['admits'];
  readonly #silent = new Set<Socket>();
  readonly #sockets: SocketServer;
  #server: Server | undefined;
  #injector: ConnectionInjector | undefined;

  constructor({ listen, server, silentMs, admits }: SocketStrategyOptions) {
    super({ package: protocolPackage, protoPath: protocolFile, loader: loaderOptions });
    this.#listen = listen;
    this.#serverOptions = server;
    this.#silentMs = silentMs;
    this.#admits = admits;
    this.#sockets = createServer({ noDelay: true }, (socket) => {
      if (this.#admits(socket)) this.#accept(socket);
      else socket.destroy();
    });
  }

  override createClient(): Promise<Server> {
    this.#server = new Server(this.#serverOptions);
    this.#injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
    return Promise.resolve(this.#server);
  }

  /** Accepts when the service is complete: a call before that would find no method. */
  override async start(callback?: () => void): Promise<void> {
    await this.bindEvents();
    const { fd, host, port } = this.#listen;
    this.#sockets.listen(fd === undefined ? { host, port } : { fd });
    await once(this.#sockets, 'listening');
    callback?.();
  }

  get port(): number {
    return (this.#sockets.address() as AddressInfo).port;
  }

  /** Takes no more connections; those that are open stay. A listening socket that others hold too goes on for them. */
  stopAccepting(): void {
    this.#sockets.close();
  }

  /** Closes what has not said anything, tells clients to go elsewhere; resolves when the calls under way are answered and the connections closed. */
  drained(): Promise<void> {
    for (const socket of this.#silent) socket.destroy();
    return new Promise((resolve) => {
      if (this.#server === undefined) resolve();
      else
        this.#server.tryShutdown(() => {
          resolve();
        });
    });
  }

  #accept(socket: Socket): void {
    this.#silent.add(socket);
    const leave = (): void => {
      this.#silent.delete(socket);
    };
    const destroy = (): void => {
      socket.destroy();
    };
    socket.on('error', destroy);
    socket.once('close', leave);
    socket.setTimeout(this.#silentMs, destroy);
    socket.once('readable', () => {
      leave();
      socket.off('close', leave);
      socket.setTimeout(0);
      socket.off('timeout', destroy);
      socket.off('error', destroy);
      // A connection that ends without a word is readable too.
      if (socket.readableLength === 0) socket.destroy();
      else this.#injector?.injectConnection(socket);
    });
  }
}
