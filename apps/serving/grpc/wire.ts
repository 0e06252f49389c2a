/** Messages of open-inference.proto as @grpc/proto-loader reads them: what is not sent is not there. */
import { join } from 'node:path';

export const protocolFile = join(import.meta.dirname, 'open-inference.proto');
export const protocolPackage = 'inference';
export const serviceName = 'GRPCInferenceService';

/** Fields keep the names of the protocol; 64 bits come as `Int64`, bytes as Buffer. */
export const loaderOptions = { keepCase: true } as const;

/** As the package long has it. */
export interface Int64 {
  readonly low: number;
  readonly high: number;
  toNumber(): number;
}

/** What may be written where the wire has 64 bits. */
export type WritableInt64 = number | Pick<Int64, 'low' | 'high'>;

/** One of them is there. */
export interface ParameterMessage<Whole = Int64> {
  readonly bool_param?: boolean;
  readonly int64_param?: Whole;
  readonly string_param?: string;
  readonly double_param?: number;
  readonly uint64_param?: Whole;
}
export type Parameters<Whole = Int64> = Readonly<Record<string, ParameterMessage<Whole>>>;

/** One of them is there, as the datatype has it (`contentsOf`). */
export interface TensorContents<Whole = Int64> {
  readonly bool_contents?: readonly boolean[];
  readonly int_contents?: readonly number[];
  readonly int64_contents?: readonly Whole[];
  readonly uint_contents?: readonly number[];
  readonly uint64_contents?: readonly Whole[];
  readonly fp32_contents?: readonly number[];
  readonly fp64_contents?: readonly number[];
  readonly bytes_contents?: readonly Buffer[];
}

export interface InputTensorMessage {
  readonly name?: string;
  readonly datatype?: string;
  readonly shape?: readonly Int64[];
  readonly parameters?: Parameters;
  readonly contents?: TensorContents;
}

export interface InferRequestMessage {
  readonly model_name?: string;
  readonly model_version?: string;
  readonly id?: string;
  readonly parameters?: Parameters;
  readonly inputs?: readonly InputTensorMessage[];
  readonly outputs?: readonly { readonly name?: string; readonly parameters?: Parameters }[];
  readonly raw_input_contents?: readonly Buffer[];
}

export interface InferResponseMessage {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly parameters: Parameters<WritableInt64>;
  readonly outputs: readonly {
    readonly name: string;
    readonly datatype: string;
    readonly shape: readonly number[];
    readonly contents?: TensorContents<WritableInt64>;
  }[];
  readonly raw_output_contents: readonly Uint8Array[];
}

export interface StreamInferResponseMessage {
  readonly error_message: string;
  readonly infer_response: Partial<InferResponseMessage>;
}

/** An empty version is none. */
export interface ModelMessage {
  readonly name?: string;
  readonly version?: string;
}

export interface RepositoryIndexRequestMessage {
  readonly repository_name?: string;
  readonly ready?: boolean;
}
