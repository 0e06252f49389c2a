/**
 * `PredictionsRecorded`: the rows of one event-loop tick with the same deployment, input schema and routing table, in
 * columns. The binary form (version 1, little-endian) is a storage contract:
 *
 *     'MPC1'  u32 schema length  schema (JSON, padded with spaces to a multiple of 8)
 *     f64 counter  f64 began_at  u32 served  u32 failed  u32 refused  u32 flags  u32 given-up count  u32 queued
 *     f64 × given-up counters
 *     the columns, each padded to a multiple of 8 bytes:
 *       arm u8, latency_us u32, began_offset_us u32                       of all rows
 *       request_id, subject_id, routing_key (text, where flagged)         of all rows
 *       code, detail (text)                                               of failed and refused rows
 *       inputs, one column per graph input                                of served and failed rows
 *       outputs                                                           of served rows
 *
 * Rows stand in this order: served, then failed (they reached the model, which failed), then refused (they did not pass
 * validation: no values are kept). A text column is u32 offsets (rows + 1), padded to 8, then UTF-8.
 * `queued`: rows that waited in the writer's process when the chunk was closed (0 in chunks of earlier writers).
 * Inputs are recorded as the model received them, at its own precision: a replay feeds the model the same bits.
 */
import { z } from 'zod';
import { modelVersion } from '../names.js';
import { tensorType, type TensorType } from '../signature.js';

export const predictionsRecorded = { type: 'PredictionsRecorded', version: 1 } as const;

const columnSpec = z.object({ name: z.string(), type: tensorType, width: z.int().positive() });
/** `width` values per row, row after row. */
export type ColumnSpec = z.infer<typeof columnSpec>;

/**
 * One column per graph input, as the model received it. `features` names its elements in order; or names the one feature
 * that is the whole row, of shape `shape`.
 */
const inputSpec = columnSpec.extend({
  features: z.array(z.string()).min(1),
  shape: z.array(z.int().positive()).optional(),
});
export type InputColumnSpec = z.infer<typeof inputSpec>;

const arm = z.object({
  role: z.string(),
  model: z.string(),
  version: modelVersion,
  rollout_id: z.string(),
  artifact: z.string(),
});
/** A version that takes part in a deployment's traffic. */
export type Arm = z.infer<typeof arm>;

const outputSpec = columnSpec.extend({ role: z.enum(['label', 'probabilities', 'value']) });
export type OutputColumnSpec = z.infer<typeof outputSpec>;

const chunkSchema = z.object({
  deployment: z.string(),
  /** EVENTS sequence of the routing table that sent these rows where they went. */
  routing_seq: z.int().nonnegative(),
  /** Names the writer's life: one per start of a serving process. */
  epoch: z.string(),
  instance: z.string(),
  arms: z.array(arm).min(1),
  inputs: z.array(inputSpec),
  outputs: z.array(outputSpec),
  classes: z.union([z.array(z.int()), z.array(z.string())]).optional(),
});
/** What all chunks of a writer, a deployment and a routing table share. */
export type ChunkSchema = z.infer<typeof chunkSchema>;

export type Column =
  Float32Array | Float64Array | BigInt64Array | Int32Array | Int16Array | Int8Array | Uint8Array | readonly string[];

/** Columns may be longer than their rows need: reused buffers are welcome. */
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

const magic = 0x3143504d;
const fixedBytes = 40;
const flag = { requestIds: 1, subjectIds: 2, routingKeys: 4 } as const;
const aligned = (bytes: number): number => (bytes + 7) & ~7;

/** The bytes every chunk with this schema begins with: made once per routing table. */
export function encodeChunkSchema(schema: ChunkSchema): Uint8Array {
  const json = Buffer.from(JSON.stringify(schema), 'utf8');
  const bytes = Buffer.alloc(8 + aligned(json.length), ' ');
  bytes.writeUInt32LE(magic, 0);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  json.copy(bytes, 8);
  return bytes;
}

/**
 * One chunk's bytes in a buffer of its own. `schemaBytes` comes from `encodeChunkSchema`.
 * @throws RangeError for a column that is shorter than its rows.
 */
export function encodeChunk(schema: ChunkSchema, schemaBytes: Uint8Array, rows: ChunkRows): Uint8Array {
  const all = rows.served + rows.failed + rows.refused;
  requireLength('arm', rows.arm, all);
  const texts: (EncodedText | undefined)[] = [
    rows.requestIds && encodeText(rows.requestIds, all),
    rows.subjectIds && encodeText(rows.subjectIds, all),
    rows.routingKeys && encodeText(rows.routingKeys, all),
    encodeText(rows.codes, rows.failed + rows.refused),
    encodeText(rows.details, rows.failed + rows.refused),
  ];
  const values = [
    ...schema.inputs.map((spec, index) => encodeColumn(spec, rows.inputs[index]!, rows.served + rows.failed)),
    ...schema.outputs.map((spec, index) => encodeColumn(spec, rows.outputs[index]!, rows.served)),
  ];
  let size = schemaBytes.length + fixedBytes + 8 * rows.givenUp.length + aligned(all) + 2 * aligned(4 * all);
  for (const text of texts) if (text !== undefined) size += text.bytes;
  for (const value of values) size += aligned(value.byteLength);

  const bytes = Buffer.alloc(size);
  bytes.set(schemaBytes, 0);
  let at = schemaBytes.length;
  at = bytes.writeDoubleLE(rows.counter, at);
  at = bytes.writeDoubleLE(rows.beganAt, at);
  at = bytes.writeUInt32LE(rows.served, at);
  at = bytes.writeUInt32LE(rows.failed, at);
  at = bytes.writeUInt32LE(rows.refused, at);
  at = bytes.writeUInt32LE(
    (rows.requestIds ? flag.requestIds : 0) |
      (rows.subjectIds ? flag.subjectIds : 0) |
      (rows.routingKeys ? flag.routingKeys : 0),
    at,
  );
  at = bytes.writeUInt32LE(rows.givenUp.length, at);
  at = bytes.writeUInt32LE(rows.queued ?? 0, at);
  for (const counter of rows.givenUp) at = bytes.writeDoubleLE(counter, at);
  at = putBytes(bytes, at, rows.arm.subarray(0, all));
  at = putBytes(bytes, at, asBytes('latency_us', rows.latencyUs, all));
  at = putBytes(bytes, at, asBytes('began_offset_us', rows.beganOffsetUs, all));
  for (const text of texts) if (text !== undefined) at = putText(bytes, at, text);
  for (const value of values) at = putBytes(bytes, at, value);
  return bytes;
}

/** @throws ChunkMalformed for bytes that are not a chunk of version 1, naming what was expected where. */
export function decodeChunk(data: Uint8Array): Chunk {
  if (data.length < 8) throw new ChunkMalformed(`${data.length} bytes are too few for a chunk`);
  // Typed arrays over the columns need their own alignment; a message's data stands anywhere in its buffer.
  const copy = new Uint8Array(data);
  const view = new DataView(copy.buffer);
  if (view.getUint32(0, true) !== magic) throw new ChunkMalformed("does not begin with 'MPC1'");
  const schemaEnd = 8 + view.getUint32(4, true);
  if (schemaEnd + fixedBytes > copy.length) throw new ChunkMalformed('ends within its schema');
  const schema = knownSchema(Buffer.from(copy.buffer, 8, schemaEnd - 8).toString('utf8'));

  const reader = new Reader(copy, schemaEnd + fixedBytes);
  const served = view.getUint32(schemaEnd + 16, true);
  const failed = view.getUint32(schemaEnd + 20, true);
  const refused = view.getUint32(schemaEnd + 24, true);
  const flags = view.getUint32(schemaEnd + 28, true);
  const all = served + failed + refused;
  const chunk: Chunk = {
    schema,
    counter: view.getFloat64(schemaEnd, true),
    beganAt: view.getFloat64(schemaEnd + 8, true),
    queued: view.getUint32(schemaEnd + 36, true),
    served,
    failed,
    refused,
    givenUp: [...reader.take(Float64Array, view.getUint32(schemaEnd + 32, true))],
    arm: reader.take(Uint8Array, all),
    latencyUs: reader.take(Uint32Array, all),
    beganOffsetUs: reader.take(Uint32Array, all),
    ...(flags & flag.requestIds ? { requestIds: optional(reader.text(all)) } : {}),
    ...(flags & flag.subjectIds ? { subjectIds: optional(reader.text(all)) } : {}),
    ...(flags & flag.routingKeys ? { routingKeys: optional(reader.text(all)) } : {}),
    codes: reader.text(failed + refused),
    details: reader.text(failed + refused),
    inputs: schema.inputs.map((spec) => reader.column(spec.type, (served + failed) * spec.width)),
    outputs: schema.outputs.map((spec) => reader.column(spec.type, served * spec.width)),
  };
  return chunk;
}

export class ChunkMalformed extends Error {
  constructor(detail: string) {
    super(`a stored chunk of predictions ${detail}`);
    this.name = 'ChunkMalformed';
  }
}

/** An empty array for `rows` rows of a column. */
export function emptyColumn(type: TensorType, length: number): Column {
  return type === 'string' ? new Array<string>(length).fill('') : new arrayOf[type](length);
}

const arrayOf = {
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

interface EncodedText {
  readonly offsets: Uint32Array;
  readonly utf8: Buffer;
  readonly bytes: number;
}

function encodeText(values: readonly (string | undefined)[], rows: number): EncodedText {
  const offsets = new Uint32Array(rows + 1);
  let end = 0;
  for (let row = 0; row < rows; row++) {
    end += Buffer.byteLength(values[row] ?? '', 'utf8');
    offsets[row + 1] = end;
  }
  const utf8 = Buffer.allocUnsafe(end);
  for (let row = 0; row < rows; row++) utf8.write(values[row] ?? '', offsets[row]!, 'utf8');
  return { offsets, utf8, bytes: aligned(offsets.byteLength) + aligned(end) };
}

function encodeColumn({ name, width }: ColumnSpec, column: Column, rows: number): Uint8Array {
  const length = rows * width;
  if (ArrayBuffer.isView(column)) return asBytes(name, column, length);
  requireLength(name, column, length);
  const text = encodeText(column, length);
  const bytes = Buffer.alloc(text.bytes);
  putText(bytes, 0, text);
  return bytes;
}

function asBytes(name: string, array: Exclude<Column, readonly string[]> | Uint32Array, length: number): Uint8Array {
  requireLength(name, array, length);
  return new Uint8Array(array.buffer, array.byteOffset, length * array.BYTES_PER_ELEMENT);
}

/** A view over a shorter array would take in what lies behind it in its buffer: the rows of somebody else. */
function requireLength(name: string, { length }: { readonly length: number }, wanted: number): void {
  if (length < wanted) throw new RangeError(`column '${name}' holds ${length} values, its rows need ${wanted}`);
}

function putBytes(target: Buffer, at: number, source: Uint8Array): number {
  target.set(source, at);
  return at + aligned(source.length);
}

function putText(target: Buffer, at: number, text: EncodedText): number {
  return putBytes(target, putBytes(target, at, asBytes('offsets', text.offsets, text.offsets.length)), text.utf8);
}

/** Chunks of one writer and routing table share their schema to the byte: parsing and validating it once is enough. */
const schemas = new Map<string, ChunkSchema>();
const maxKnownSchemas = 64;

function knownSchema(json: string): ChunkSchema {
  let schema = schemas.get(json);
  if (schema === undefined) {
    schema = parseSchema(json);
    if (schemas.size >= maxKnownSchemas) schemas.clear();
    schemas.set(json, schema);
  }
  return schema;
}

function parseSchema(json: string): ChunkSchema {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new ChunkMalformed('has a schema that is not JSON');
  }
  const parsed = chunkSchema.safeParse(value);
  if (!parsed.success)
    throw new ChunkMalformed(
      `has an unknown schema: ${parsed.error.issues[0]!.path.join('.')}: ${parsed.error.issues[0]!.message}`,
    );
  return parsed.data;
}

/** Text columns hold '' where a row has none. */
const optional = (values: readonly string[]): (string | undefined)[] =>
  values.map((value) => (value === '' ? undefined : value));

type ArrayConstructor<T> = {
  new (buffer: ArrayBuffer, offset: number, length: number): T;
  readonly BYTES_PER_ELEMENT: number;
};

class Reader {
  constructor(
    private readonly bytes: Uint8Array<ArrayBuffer>,
    private at: number,
  ) {}

  take<T>(type: ArrayConstructor<T>, length: number): T {
    const size = length * type.BYTES_PER_ELEMENT;
    if (this.at + size > this.bytes.length)
      throw new ChunkMalformed(`ends at byte ${this.bytes.length}, within a column`);
    const array = new type(this.bytes.buffer, this.at, length);
    this.at += aligned(size);
    return array;
  }

  text(rows: number): string[] {
    const offsets = this.take(Uint32Array, rows + 1);
    const utf8 = Buffer.from(this.bytes.buffer, this.at, this.take(Uint8Array, offsets[rows]!).length);
    return Array.from({ length: rows }, (_, row) => utf8.toString('utf8', offsets[row], offsets[row + 1]));
  }

  column(type: TensorType, length: number): Column {
    return type === 'string' ? this.text(length) : this.take<Column>(arrayOf[type], length);
  }
}
