import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServerOptions } from '@grpc/grpc-js';
import { Module, type DynamicModule, type NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { CustomStrategy } from '@nestjs/microservices';
import { api } from '#libs/contracts/index.js';
import { NestLogger, type ListenOptions, type Logger } from '#libs/nest/index.js';
import type { ConnectionRoom } from '../http/connection-limit.js';
import { GrpcController, grpcFacade, type GrpcFacade } from './grpc-controller.js';
import { SocketStrategy } from './socket-strategy.js';
import type { StreamInfer } from './stream-infer.js';

export interface GrpcOptions extends Omit<GrpcFacade, 'streams'> {
  readonly listen: ListenOptions;
  /** Shared with HTTP. */
  readonly room: ConnectionRoom;
  readonly limits?: GrpcLimits | undefined;
  readonly logger: Logger;
}

export interface GrpcLimits {
  /** Milliseconds that a connection without calls is kept (default 5 minutes). Clients connect again by themselves. */
  readonly idleMs?: number;
  /** Milliseconds that a connection may take to begin to speak (default 60,000). */
  readonly silentMs?: number;
}

export interface RunningGrpc {
  readonly port: number;
  stopAccepting(): void;
  /** Tells clients to go elsewhere, and waits until the calls under way are answered, at most `withinMs`; then closes. */
  stop(withinMs: number): Promise<void>;
}

const megabyte = 2 ** 20;

/** Beside the tensors: their names and shapes, parameters. */
const messageOverhead = megabyte;

const minutes = 60_000;

/** Serves the Open Inference Protocol over gRPC. @throws the system's error when the port cannot be served */
export async function startGrpc({ listen, room, limits = {}, logger, ...facade }: GrpcOptions): Promise<RunningGrpc> {
  const streams = new Set<StreamInfer>();
  const { idleMs = 5 * minutes, silentMs = minutes } = limits;
  const admits = (socket: Socket): boolean => {
    const admitted = room.take(socket);
    if (!admitted) facade.admission.count('overloaded');
    return admitted;
  };
  const strategy = new SocketStrategy({ listen, silentMs, admits, server: serverOptions(idleMs) });
  const nestOptions: CustomStrategy & Pick<NestApplicationOptions, 'logger' | 'abortOnError'> = {
    strategy,
    logger: new NestLogger(logger),
    abortOnError: false,
  };
  const app = await NestFactory.createMicroservice<CustomStrategy>(
    GrpcModule.register({ ...facade, streams }),
    nestOptions,
  );
  await app.listen();
  return {
    port: strategy.port,
    stopAccepting() {
      strategy.stopAccepting();
    },
    async stop(withinMs) {
      for (const stream of streams) stream.cutOff();
      const patience = new AbortController();
      await Promise.race([strategy.drained(), delay(withinMs, undefined, { signal: patience.signal })]);
      patience.abort();
      await app.close();
    },
  };
}

const serverOptions = (idleMs: number): ServerOptions => ({
  'grpc.max_receive_message_length': api.batchLimits.bytes + messageOverhead,
  // Outputs may take more than the inputs did.
  'grpc.max_send_message_length': -1,
  'grpc.max_concurrent_streams': 1_000,
  'grpc.max_connection_idle_ms': idleMs,
  // Finds out connections whose client is gone without a word.
  'grpc.keepalive_time_ms': minutes,
  'grpc.keepalive_timeout_ms': minutes / 3,
});

@Module({})
class GrpcModule {
  static register(facade: GrpcFacade): DynamicModule {
    return {
      module: GrpcModule,
      controllers: [GrpcController],
      providers: [{ provide: grpcFacade, useValue: facade }],
    };
  }
}
