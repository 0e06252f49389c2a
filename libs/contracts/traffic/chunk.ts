import type { ChunkSchema } from './chunk-schema.js';
import type { Column } from './column.js';

/** What a chunk says of its rows (chunk-layout.ts). Columns may be longer than their rows need: reused buffers are welcome. */
export interface ChunkRows {
  readonly counter: number;
  /** Counters of this epoch that were given up on: should one turn up later, it is dropped. */
  readonly givenUp: readonly number[];
  /** Wall-clock milliseconds; `beganOffsetUs` counts from here. */
  readonly beganAt: number;
  /** Rows accepted and not answered in the writer's process when the chunk was closed; its own are among them. */
  readonly queued?: number;
  readonly served: number;
  readonly failed: number;
  readonly refused: number;
  readonly arm: Uint8Array;
  readonly latencyUs: Uint32Array;
  readonly beganOffsetUs: Uint32Array;
  readonly requestIds?: readonly (string | undefined)[];
  readonly subjectIds?: readonly (string | undefined)[];
  readonly routingKeys?: readonly (string | undefined)[];
  /** Of failed, then refused rows: a stable code. */
  readonly codes: readonly string[];
  /** Of failed, then refused rows: offending fields or the model's message, as JSON. */
  readonly details: readonly string[];
  readonly inputs: readonly Column[];
  readonly outputs: readonly Column[];
}

export interface Chunk extends ChunkRows {
  /** Shared by chunks: leave it as it is. */
  readonly schema: ChunkSchema;
}
