/**
 * Attributes of nodes with very many numbers, serialised as AttributeProto with packed lists: a forest has millions of
 * nodes, for each of which the general builder would keep an object. Every protobuf reader takes both forms.
 */

/** Numbers of the fields in AttributeProto. */
const fields = { name: 1, floats: 7, integers: 8, strings: 9, type: 20 } as const;
const attributeType = { floats: 6, integers: 7, strings: 8 } as const;
const wire = { varint: 0, bytes: 2 } as const;

export function packedFloats(name: string, values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < values.length; index++) view.setFloat32(4 * index, values[index]!, true);
  return attributeBytes(name, attributeType.floats, listed(fields.floats, bytes));
}

/** @param values 0 to 2³² − 1. */
export function packedIntegers(name: string, values: Int32Array | Uint8Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 5);
  let length = 0;
  for (const value of values) length = writeVarint(bytes, length, value);
  return attributeBytes(name, attributeType.integers, listed(fields.integers, bytes.subarray(0, length)));
}

/** @param values numbers of `words`, one for each string. */
export function packedStrings(name: string, words: readonly string[], values: Uint8Array): Uint8Array {
  const entries = words.map((word) => listed(fields.strings, new TextEncoder().encode(word)));
  const bytes = new Uint8Array(values.reduce((sum, word) => sum + entries[word]!.length, 0));
  let length = 0;
  for (const word of values) {
    bytes.set(entries[word]!, length);
    length += entries[word]!.length;
  }
  return attributeBytes(name, attributeType.strings, bytes);
}

function attributeBytes(name: string, type: number, list: Uint8Array): Uint8Array {
  return joined([
    listed(fields.name, new TextEncoder().encode(name)),
    list,
    varints(tag(fields.type, wire.varint), type),
  ]);
}

const listed = (field: number, bytes: Uint8Array): Uint8Array =>
  joined([varints(tag(field, wire.bytes), bytes.length), bytes]);

const tag = (field: number, type: number): number => (field << 3) | type;

function varints(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 5);
  let length = 0;
  for (const value of values) length = writeVarint(bytes, length, value);
  return bytes.subarray(0, length);
}

function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  let end = at;
  while (rest > 0x7f) {
    bytes[end++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[end++] = rest;
  return end;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let length = 0;
  for (const part of parts) {
    bytes.set(part, length);
    length += part.length;
  }
  return bytes;
}
