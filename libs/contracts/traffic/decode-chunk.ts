import type { TensorType } from '../signature.js';
import { aligned, ChunkMalformed, fixedBytes, flag, magic } from './chunk-layout.js';
import { decodeChunkSchema } from './chunk-schema.js';
import type { Chunk } from './chunk.js';
import { arrayOf, type Column } from './column.js';

/** @throws ChunkMalformed for bytes that are not a chunk of version 1, naming what was expected where. */
export function decodeChunk(data: Uint8Array): Chunk {
  if (data.length < 8) throw new ChunkMalformed(`${data.length} bytes are too few for a chunk`);
  // Typed arrays over the columns need their own alignment; a message's data stands anywhere in its buffer.
  const copy = new Uint8Array(data);
  const view = new DataView(copy.buffer);
  if (view.getUint32(0, true) !== magic) throw new ChunkMalformed("does not begin with 'MPC1'");
  const schemaEnd = 8 + view.getUint32(4, true);
  if (schemaEnd + fixedBytes > copy.length) throw new ChunkMalformed('ends within its schema');
  const schema = decodeChunkSchema(Buffer.from(copy.buffer, 8, schemaEnd - 8).toString('utf8'));

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
