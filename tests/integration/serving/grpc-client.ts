import {
  credentials,
  loadPackageDefinition,
  Metadata,
  type CallOptions,
  type Client,
  type ClientDuplexStream,
  type GrpcObject,
  type ServiceClientConstructor,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protocolFile } from '#apps/serving/grpc/wire.js';

/** Messages as a client of this kind has them: what was not sent is empty, 64 bits are text. */
export type Message = Readonly<Record<string, unknown>>;

export interface Refused {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
}

const definition = loadSync(protocolFile, { keepCase: true, longs: String, defaults: true, oneofs: true });

type Stub = Client & Record<string, (...args: unknown[]) => unknown>;

/** A plain client of grpc-js, with every detail of a call in the caller's hands. */
export class GrpcClient {
  readonly #client: Stub;

  constructor(address: string, token?: string) {
    const { inference } = loadPackageDefinition(definition) as { inference: GrpcObject };
    const Service = inference.GRPCInferenceService as ServiceClientConstructor;
    const options = { 'grpc.max_send_message_length': -1, 'grpc.use_local_subchannel_pool': 1 };
    this.#client = new Service(address, credentials.createInsecure(), options) as unknown as Stub;
    if (token !== undefined) this.metadata.set('authorization', `Bearer ${token}`);
  }

  readonly metadata = new Metadata();

  /** @throws Refused */
  call(method: string, message: Message = {}, options: CallOptions = {}): Promise<Message> {
    return new Promise((resolve, reject) => {
      const answered = (error: ServiceError | null, answer?: Message): void => {
        if (error === null) resolve(answer!);
        else reject(error);
      };
      this.#client[method]!(message, this.metadata, options, answered);
    });
  }

  /** The status that a call is refused with. */
  async refused(method: string, message: Message): Promise<Refused> {
    const answer = await this.call(method, message).catch((error: unknown) => error as Refused);
    if ('details' in answer) return answer as Refused;
    throw new Error(`${method} was answered: ${JSON.stringify(answer)}`);
  }

  stream(): ClientDuplexStream<Message, Message> {
    return this.#client['ModelStreamInfer']!(this.metadata) as ClientDuplexStream<Message, Message>;
  }

  close(): void {
    this.#client.close();
  }
}
