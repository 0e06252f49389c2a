import { isUtf8 } from 'node:buffer';
import { accept, assertNever, reject, type Result } from '#libs/kernel/index.js';
import { elementBytes, elementsOf } from './datatypes.js';
import type { Datatype, OutputTensor, TensorData } from './protocol.js';

/** The binary form: little-endian, row-major, without padding; of BYTES each element behind its length (u32). */
export function decodeBinary(datatype: Datatype, shape: readonly number[], bytes: Buffer): Result<TensorData, string> {
  const elements = elementsOf(shape);
  if (datatype === 'BYTES') return decodeTexts(elements, bytes);
  const expected = elements * elementBytes[datatype];
  if (bytes.length === expected) return accept(typed(datatype, bytes, elements));
  return reject(`expected ${expected} bytes for ${elements} elements of ${datatype}, got ${bytes.length}`);
}

/** In the same form. */
export function encodeBinary({ datatype, data }: OutputTensor): Uint8Array {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (datatype !== 'BYTES') throw new TypeError(`expected a typed array for ${datatype}`);
  return encodeTexts(data);
}

function decodeTexts(elements: number, bytes: Buffer): Result<readonly string[], string> {
  const texts: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) return reject(`element ${texts.length} ends within its length`);
    const length = bytes.readUInt32LE(at);
    at += 4;
    if (length > bytes.length - at)
      return reject(`element ${texts.length}: expected ${length} bytes, ${bytes.length - at} are left`);
    const text = bytes.subarray(at, at + length);
    if (!isUtf8(text)) return reject(`element ${texts.length} is not UTF-8`);
    texts.push(text.toString('utf8'));
    at += length;
  }
  return texts.length === elements ? accept(texts) : reject(`expected ${elements} elements, got ${texts.length}`);
}

function encodeTexts(texts: readonly string[]): Uint8Array {
  const lengths = texts.map((text) => Buffer.byteLength(text, 'utf8'));
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + 4 + length, 0));
  let at = 0;
  for (const [index, text] of texts.entries()) {
    at = bytes.writeUInt32LE(lengths[index]!, at);
    at += bytes.write(text, at, 'utf8');
  }
  return bytes;
}

/** Where the bytes stand if their place suits the type, copied otherwise. Typed arrays are of this machine: little-endian. */
function typed(datatype: Exclude<Datatype, 'BYTES'>, bytes: Buffer, elements: number): TensorData {
  const size = elementBytes[datatype];
  const isAligned = bytes.byteOffset % size === 0;
  const buffer = isAligned ? bytes.buffer : bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  const at = isAligned ? bytes.byteOffset : 0;
  switch (datatype) {
    case 'BOOL':
    case 'UINT8':
      return new Uint8Array(buffer, at, elements);
    case 'UINT16':
      return new Uint16Array(buffer, at, elements);
    case 'UINT32':
      return new Uint32Array(buffer, at, elements);
    case 'UINT64':
      return new BigUint64Array(buffer, at, elements);
    case 'INT8':
      return new Int8Array(buffer, at, elements);
    case 'INT16':
      return new Int16Array(buffer, at, elements);
    case 'INT32':
      return new Int32Array(buffer, at, elements);
    case 'INT64':
      return new BigInt64Array(buffer, at, elements);
    case 'FP32':
      return new Float32Array(buffer, at, elements);
    case 'FP64':
      return new Float64Array(buffer, at, elements);
    default:
      return assertNever(datatype, 'datatype');
  }
}
