/**
 * The Open Inference Protocol (version 2) as REST and gRPC share it. A deployment is a model name; its versions are those
 * of the model that it serves.
 */
import type { Column, Rejection } from '#libs/contracts/index.js';
import type { Result } from '#libs/kernel/index.js';

/** Names of element types in the protocol. FP16 and BF16 are not taken. */
export type Datatype =
  'BOOL' | 'UINT8' | 'UINT16' | 'UINT32' | 'UINT64' | 'INT8' | 'INT16' | 'INT32' | 'INT64' | 'FP32' | 'FP64' | 'BYTES';

export interface TensorMetadata {
  readonly name: string;
  readonly datatype: Datatype;
  /** -1: the caller chooses (rows). */
  readonly shape: readonly number[];
}

/** A tensor of a request, its values row by row. Numbers as they came: conversion to the model's type follows. */
export interface InputTensor extends TensorMetadata {
  readonly data: TensorData;
}
export type TensorData =
  Column | Uint16Array | Uint32Array | BigUint64Array | readonly (number | boolean | string | null)[];

export interface OutputTensor extends TensorMetadata {
  readonly data: Column;
}

export type Parameter = string | number | boolean;

export interface InferRequest {
  readonly model: string;
  /** Left out: what the deployment serves. Another version than that is refused. */
  readonly version: string | undefined;
  /** Becomes the row's request_id. */
  readonly id: string | undefined;
  readonly inputs: readonly InputTensor[];
  /** Names of the outputs that are wanted; empty: all. `prediction_id` may be among them: one id a row, BYTES. */
  readonly outputs: readonly string[];
  /** `timeout`: microseconds the caller waits (as Triton has it). `routing_key` and `subject_id`: as in /api/predict. */
  readonly parameters: Readonly<Record<string, Parameter>>;
}

export interface InferResponse {
  readonly model: string;
  readonly version: string;
  readonly id: string | undefined;
  readonly outputs: readonly OutputTensor[];
  /** `prediction_id`: of the first row; `rows` more follow in the order of the chunk only where they were asked for. */
  readonly parameters: Readonly<Record<string, Parameter>>;
}

export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: 'onnx_onnxv1';
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

/** Nanoseconds, as Triton's statistics have them. */
export interface Duration {
  readonly count: number;
  readonly ns: number;
}

export interface ModelStatistics {
  readonly name: string;
  readonly version: string;
  /** Milliseconds since the epoch; 0: never. */
  readonly last_inference: number;
  /** Rows, and runs of the model. */
  readonly inference_count: number;
  readonly execution_count: number;
  readonly inference_stats: Readonly<
    Record<'success' | 'fail' | 'queue' | 'compute_input' | 'compute_infer' | 'compute_output', Duration>
  >;
}

/** What is known of a request that cannot be read: parameters as they came. */
export type UnreadRequest = Pick<InferRequest, 'model' | 'version'> & {
  readonly id: unknown;
  readonly parameters: Readonly<Record<string, unknown>>;
};

/** Called once, when every row is in the log. */
export type InferDone = (answer: Result<InferResponse, Rejection & { readonly predictionId?: string }>) => void;

/** A deployment's version, as Triton's repository index has it. */
export interface ModelState {
  readonly name: string;
  readonly version: string;
  readonly state: 'READY' | 'LOADING' | 'UNAVAILABLE';
  /** Why it is not READY; empty where it is. */
  readonly reason: string;
}

/** What both transports ask. A refusal's code says what is wrong; each transport has its own form for it. */
export interface InferenceService {
  serverReady(): Promise<boolean>;
  modelReady(model: string, version: string | undefined): boolean;
  modelMetadata(model: string, version: string | undefined): Result<ModelMetadata, Rejection>;
  /** Of all serving processes. `unavailable` where nobody can add them up. */
  statistics(
    model: string | undefined,
    version: string | undefined,
  ): Promise<Result<readonly ModelStatistics[], Rejection>>;
  /** What the deployments serve, or are about to. */
  repositoryIndex(): readonly ModelState[];
  /** `began`: monotonic milliseconds of the request's arrival. */
  infer(request: InferRequest, began: number, done: InferDone): void;
  /**
   * A request that a transport cannot read but knows whom it is for: recorded as refused, as one that does not fit is. One
   * for a deployment that is unknown, or for a version that it does not serve, is told that instead.
   */
  refuse(request: UnreadRequest, began: number, refusal: Rejection, done: InferDone): void;
}
