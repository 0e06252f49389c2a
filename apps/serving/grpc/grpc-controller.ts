import type { Metadata, ServerUnaryCall } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall, RpcException } from '@nestjs/microservices';
import type { Rejection } from '#libs/contracts/index.js';
import type { Result } from '#libs/kernel/index.js';
import type { ModelMetadata, ModelState, ModelStatistics } from '../oip/protocol.js';
import { serverMetadata } from '../oip/server-metadata.js';
import { infer, type InferOptions } from './infer.js';
import { present } from './read-request.js';
import { refusalFor } from './require-permission.js';
import { refusedStatus } from './status.js';
import { StreamInfer, type InferStream } from './stream-infer.js';
import {
  serviceName,
  type InferRequestMessage,
  type InferResponseMessage,
  type ModelMessage,
  type RepositoryIndexRequestMessage,
} from './wire.js';

/** What the controller asks the process for. */
export interface GrpcFacade extends InferOptions {
  /** Modelog's. */
  readonly version: string;
  /** Those that are open: the drain ends them. */
  readonly streams: Set<StreamInfer>;
}

export const grpcFacade = Symbol('GrpcFacade');

/** The calls of the service, each under its own name. Who may: as over REST, health is open. */
@Controller()
export class GrpcController {
  constructor(@Inject(grpcFacade) private readonly grpc: GrpcFacade) {}

  @GrpcMethod(serviceName)
  serverLive(): { readonly live: boolean } {
    return { live: true };
  }

  @GrpcMethod(serviceName)
  async serverReady(): Promise<{ readonly ready: boolean }> {
    return { ready: await this.grpc.service.serverReady() };
  }

  @GrpcMethod(serviceName)
  async modelReady({ name = '', version }: ModelMessage, metadata: Metadata): Promise<{ readonly ready: boolean }> {
    await this.#requireRead(metadata);
    return { ready: this.grpc.service.modelReady(name, present(version)) };
  }

  @GrpcMethod(serviceName)
  async serverMetadata(_request: unknown, metadata: Metadata): Promise<ReturnType<typeof serverMetadata>> {
    await this.#requireRead(metadata);
    return serverMetadata(this.grpc.version);
  }

  @GrpcMethod(serviceName)
  async modelMetadata({ name = '', version }: ModelMessage, metadata: Metadata): Promise<ModelMetadata> {
    await this.#requireRead(metadata);
    return acceptedOr(this.grpc.service.modelMetadata(name, present(version)));
  }

  @GrpcMethod(serviceName)
  async modelInfer(
    message: InferRequestMessage,
    metadata: Metadata,
    call: ServerUnaryCall<InferRequestMessage, InferResponseMessage>,
  ): Promise<InferResponseMessage> {
    return acceptedOr(await infer(this.grpc, message, { metadata, deadline: call.getDeadline() }));
  }

  /** Returns at once; nothing in it may throw, for Nest leaves what a stream's handler throws to the process. */
  @GrpcStreamCall(serviceName)
  modelStreamInfer(call: InferStream): void {
    const { streams } = this.grpc;
    const traits = { metadata: call.metadata, deadline: call.getDeadline() };
    const stream = new StreamInfer(
      call,
      (message) => infer(this.grpc, message, traits),
      () => streams.delete(stream),
    );
    streams.add(stream);
  }

  @GrpcMethod(serviceName)
  async modelStatistics(
    { name, version }: ModelMessage,
    metadata: Metadata,
  ): Promise<{ readonly model_stats: readonly ModelStatistics[] }> {
    await this.#requireRead(metadata);
    return { model_stats: acceptedOr(await this.grpc.service.statistics(present(name), present(version))) };
  }

  @GrpcMethod(serviceName)
  async repositoryIndex(
    { ready = false }: RepositoryIndexRequestMessage,
    metadata: Metadata,
  ): Promise<{ readonly models: readonly ModelState[] }> {
    await this.#requireRead(metadata);
    const models = this.grpc.service.repositoryIndex();
    return { models: ready ? models.filter(({ state }) => state === 'READY') : models };
  }

  async #requireRead(metadata: Metadata): Promise<void> {
    const refusal = await refusalFor(this.grpc.authenticator, metadata, 'read');
    if (refusal !== null) throw new RpcException(refusedStatus(refusal));
  }
}

function acceptedOr<T>(result: Result<T, Rejection & { readonly predictionId?: string }>): T {
  if (result.ok) return result.value;
  throw new RpcException(refusedStatus(result.rejection));
}
