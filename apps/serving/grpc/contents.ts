import { isUtf8 } from 'node:buffer';
import { accept, assertNever, reject, type Result } from '#libs/kernel/index.js';
import type { Datatype, OutputTensor, TensorData } from '../oip/protocol.js';
import type { Int64, TensorContents, WritableInt64 } from './wire.js';

/** Which field holds the elements of a datatype. */
export const contentsOf = {
  BOOL: 'bool_contents',
  INT8: 'int_contents',
  INT16: 'int_contents',
  INT32: 'int_contents',
  INT64: 'int64_contents',
  UINT8: 'uint_contents',
  UINT16: 'uint_contents',
  UINT32: 'uint_contents',
  UINT64: 'uint64_contents',
  FP32: 'fp32_contents',
  FP64: 'fp64_contents',
  BYTES: 'bytes_contents',
} as const satisfies Record<Datatype, keyof TensorContents>;

/** The elements of a tensor in the field of its datatype; or what is wrong with them. Ranges are looked at in conversion. */
export function readContents(datatype: Datatype, contents: TensorContents): Result<TensorData, string> {
  const field = contentsOf[datatype];
  const other = Object.keys(contents).find((name) => name !== field);
  if (other !== undefined) return reject(`contents: expected ${field} for ${datatype}, got ${other}`);
  switch (datatype) {
    case 'BOOL':
      return accept(contents.bool_contents ?? []);
    case 'INT8':
    case 'INT16':
    case 'INT32':
      return accept(contents.int_contents ?? []);
    case 'UINT8':
    case 'UINT16':
    case 'UINT32':
      return accept(contents.uint_contents ?? []);
    case 'INT64':
      return accept(new BigInt64Array(wholes(contents.int64_contents ?? [])));
    case 'UINT64':
      return accept(new BigUint64Array(wholes(contents.uint64_contents ?? [])));
    case 'FP32':
      return accept(Float32Array.from(contents.fp32_contents ?? []));
    case 'FP64':
      return accept(Float64Array.from(contents.fp64_contents ?? []));
    case 'BYTES':
      return texts(contents.bytes_contents ?? []);
    default:
      return assertNever(datatype, 'datatype');
  }
}

/** The same way back. Datatypes that no graph puts out stand beside those of their field. */
export function writeContents({ name, datatype, data }: OutputTensor): TensorContents<WritableInt64> {
  if (Array.isArray(data)) return { bytes_contents: (data as string[]).map((text) => Buffer.from(text, 'utf8')) };
  switch (datatype) {
    case 'BOOL':
      return { bool_contents: Array.from(data as Uint8Array, (value) => value !== 0) };
    case 'INT8':
    case 'INT16':
    case 'INT32':
    case 'UINT8':
    case 'UINT16':
    case 'UINT32':
      return { [contentsOf[datatype]]: Array.from(data as Int32Array) };
    case 'INT64':
    case 'UINT64':
      return { [contentsOf[datatype]]: halves(data as BigInt64Array) };
    case 'FP32':
    case 'FP64':
      return { [contentsOf[datatype]]: Array.from(data as Float64Array) };
    case 'BYTES':
      throw new TypeError(`output ${name}: expected texts for BYTES`);
    default:
      return assertNever(datatype, 'datatype');
  }
}

/** The bytes of 64-bit numbers, as typed arrays of this machine have them: little-endian. */
function wholes(values: readonly Int64[]): ArrayBuffer {
  const bytes = new Int32Array(values.length * 2);
  for (const [index, { low, high }] of values.entries()) {
    bytes[2 * index] = low;
    bytes[2 * index + 1] = high;
  }
  return bytes.buffer;
}

function halves({ buffer, byteOffset, length }: BigInt64Array): Pick<Int64, 'low' | 'high'>[] {
  const parts = new Int32Array(buffer, byteOffset, length * 2);
  return Array.from({ length }, (_, index) => ({ low: parts[2 * index]!, high: parts[2 * index + 1]! }));
}

function texts(values: readonly Buffer[]): Result<readonly string[], string> {
  const broken = values.findIndex((value) => !isUtf8(value));
  if (broken >= 0) return reject(`element ${broken} is not UTF-8`);
  return accept(values.map((value) => value.toString('utf8')));
}
