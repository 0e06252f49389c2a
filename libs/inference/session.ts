import { accept, messageOf, reject, type Result } from '#libs/kernel/index.js';
import type { Signature } from '#libs/contracts/index.js';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { allocate, sliceOf, type Column, type ColumnData } from './columns.js';
import type { LoadRejection } from './errors.js';
import type { RunObserver } from './run-observer.js';

export interface SessionOptions {
  /** Keep the runtime's memory arena (default true): faster, holds the memory of the largest batch it has seen. */
  readonly memoryArena?: boolean;
}

export interface OutputTensor extends Column {
  readonly dims: readonly number[];
}

/** An ONNX Runtime session that speaks columns. */
export interface Session {
  /** Outputs in the order of the signature. Rejects with the runtime's error. */
  run(inputs: readonly Column[], rows: number, observer?: RunObserver): Promise<readonly OutputTensor[]>;
  release(): Promise<void>;
}

/** Imported when first needed: a process that only reads signatures and columns does not carry the native library. */
const runtime = () => import('onnxruntime-node');

/** Logging is left to the caller: the runtime's messages arrive as errors. */
const fatalOnly = 4;

export async function createSession(
  bytes: Uint8Array,
  signature: Signature,
  { memoryArena = true }: SessionOptions,
): Promise<Result<Session, LoadRejection>> {
  const ort = await runtime();
  let session: InferenceSession;
  try {
    session = await ort.InferenceSession.create(bytes, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      enableCpuMemArena: memoryArena,
      logSeverityLevel: fatalOnly,
    });
  } catch (thrown) {
    return reject({ code: 'cannot_load', message: `ONNX Runtime cannot load the model: ${messageOf(thrown)}` });
  }
  const mismatch = mismatchOf(session, signature);
  if (mismatch === null) return accept(new OrtSession(session, signature, ort.Tensor));
  await session.release();
  return reject({ code: 'cannot_load', message: mismatch });
}

/** At most `rowsAtOnce` rows a run, the outputs joined. */
export async function runSession(
  session: Session,
  signature: Signature,
  inputs: readonly Column[],
  rows: number,
  rowsAtOnce: number,
  observer?: RunObserver,
): Promise<readonly Column[]> {
  if (rows <= rowsAtOnce) return session.run(inputs, rows, observer);
  const parts: (readonly Column[])[] = [];
  for (let first = 0; first < rows; first += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, rows - first);
    const part = inputs.map((column) => ({
      ...column,
      data: sliceOf(column.data, first * column.width, count * column.width),
    }));
    parts.push(await session.run(part, count, observer));
  }
  return signature.outputs.map((_, index) => joined(parts.map((part) => part[index]!)));
}

class OrtSession implements Session {
  readonly #session: InferenceSession;
  readonly #signature: Signature;
  readonly #Tensor: typeof Tensor;
  readonly #fetches: readonly string[];

  constructor(session: InferenceSession, signature: Signature, TensorClass: typeof Tensor) {
    this.#session = session;
    this.#signature = signature;
    this.#Tensor = TensorClass;
    this.#fetches = signature.outputs.map(({ name }) => name);
  }

  async run(inputs: readonly Column[], rows: number, observer?: RunObserver): Promise<readonly OutputTensor[]> {
    // Without a prototype, so that an input may be called anything.
    const feeds = Object.create(null) as Record<string, Tensor>;
    for (const [index, { name, shape }] of this.#signature.inputs.entries()) {
      const { type, data } = inputs[index]!;
      feeds[name] = new this.#Tensor(type, data, [rows, ...(shape.slice(1) as number[])]);
    }
    const results = await this.#observed(feeds, observer);
    return this.#signature.outputs.map(({ name, type }) => {
      const { data, dims } = results[name]!;
      return {
        name,
        type,
        dims,
        width: dims.slice(1).reduce((size, length) => size * length, 1),
        data: data as ColumnData,
      };
    });
  }

  release(): Promise<void> {
    return this.#session.release();
  }

  /** The runtime's `run` puts the native call into the queue of immediates at once: what is queued just before it runs just before it. */
  async #observed(
    feeds: Record<string, Tensor>,
    observer: RunObserver | undefined,
  ): Promise<InferenceSession.ReturnType> {
    if (observer === undefined) return this.#session.run(feeds, this.#fetches);
    setImmediate(() => {
      observer.before();
    });
    try {
      return await this.#session.run(feeds, this.#fetches);
    } finally {
      observer.after();
    }
  }
}

/** A signature belongs to one graph; another graph's is refused before it can feed wrong columns. */
function mismatchOf(session: InferenceSession, { inputs, outputs }: Signature): string | null {
  const given = new Map(session.inputMetadata.map((info) => [info.name, info.isTensor ? info.type : 'no tensor']));
  if (given.size !== inputs.length) {
    return `the signature has ${inputs.length} inputs, the graph ${given.size}: ${[...given.keys()].join(', ')}`;
  }
  for (const { name, type } of inputs) {
    const actual = given.get(name);
    if (actual !== type) return `input '${name}': the signature says ${type}, the graph ${actual ?? 'has none'}`;
  }
  const missing = outputs.find(({ name }) => !session.outputNames.includes(name));
  return missing === undefined ? null : `output '${missing.name}' of the signature is not in the graph`;
}

function joined(parts: readonly Column[]): Column {
  const [first] = parts;
  const { name, type } = first!;
  const length = parts.reduce((sum, { data }) => sum + data.length, 0);
  const data = allocate(type, length);
  let at = 0;
  for (const part of parts) {
    for (const element of part.data) data[at++] = element;
  }
  return { name, type, width: first!.width, data };
}
