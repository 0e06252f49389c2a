import { aligned, fixedBytes, flag } from './chunk-layout.js';
import type { ChunkSchema, ColumnSpec } from './chunk-schema.js';
import type { ChunkRows } from './chunk.js';
import type { Column } from './column.js';

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
