import { attributeField, readGraph, readSparseTensor, readTensor, tensorField } from './messages.js';
import type { GraphMessage, NodeMessage, TensorMessage } from './messages.js';
import { readMessage, type FieldValue } from './wire.js';

/** An attribute's integers; empty when the node has no such attribute. */
export function integersOf(node: NodeMessage, name: string): number[] {
  const integers: number[] = [];
  readAttribute(node, name, (field, value) => {
    if (field === attributeField.integers) value.integersInto(integers);
  });
  return integers;
}

export function integerOf(node: NodeMessage, name: string): number | undefined {
  let integer: number | undefined;
  readAttribute(node, name, (field, value) => {
    if (field === attributeField.integer) integer = value.integer();
  });
  return integer;
}

export function floatOf(node: NodeMessage, name: string): number | undefined {
  let float: number | undefined;
  readAttribute(node, name, (field, value) => {
    if (field === attributeField.float) float = value.float();
  });
  return float;
}

/** How many numbers a float list has, without reading them. */
export function floatCountOf(node: NodeMessage, name: string): number {
  let count = 0;
  readAttribute(node, name, (field, value) => {
    if (field === attributeField.floats) count += value.countFloats();
  });
  return count;
}

export function stringsOf(node: NodeMessage, name: string): string[] {
  const strings: string[] = [];
  readAttribute(node, name, (field, value) => {
    if (field === attributeField.strings) strings.push(value.string());
  });
  return strings;
}

export function stringOf(node: NodeMessage, name: string): string | undefined {
  let text: string | undefined;
  readAttribute(node, name, (field, value) => {
    if (field === attributeField.string) text = value.string();
  });
  return text;
}

/** Tensors and graphs held by a node's attributes, of any name. */
export function heldBy(node: NodeMessage): { tensors: TensorMessage[]; graphs: GraphMessage[] } {
  const tensors: TensorMessage[] = [];
  const graphs: GraphMessage[] = [];
  for (const name of node.attributes.keys()) {
    readAttribute(node, name, (field, value) => {
      if (field === attributeField.tensor || field === attributeField.tensors) tensors.push(readTensor(value.bytes()));
      else if (field === attributeField.graph || field === attributeField.graphs) graphs.push(readGraph(value.bytes()));
      else if (field === attributeField.sparseTensor || field === attributeField.sparseTensors) {
        tensors.push(...readSparseTensor(value.bytes()));
      }
    });
  }
  return { tensors, graphs };
}

/** The elements of a tensor of strings or of int64 or int32; null for any other. */
export function elementsOf(tensor: TensorMessage): string[] | number[] | null {
  switch (tensor.dataType) {
    case dataType.string:
      return stringElements(tensor);
    case dataType.int64:
      return integerElements(tensor, tensorField.integers64, 8, (view, at) => Number(view.getBigInt64(at, true)));
    case dataType.int32:
      return integerElements(tensor, tensorField.integers32, 4, (view, at) => view.getInt32(at, true));
    default:
      return null;
  }
}

/** TensorProto.DataType, as far as it is named here. */
export const dataType = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float64: 11,
} as const;

/** The elements of a tensor of float32; null for any other, and where there are not as many as its shape says. */
export function floatElementsOf({ dataType: type, dims, bytes }: TensorMessage): Float32Array | null {
  if (type !== dataType.float32) return null;
  const size = dims.reduce((product, length) => product * length, 1);
  // A shape alone could ask for any amount of memory.
  if (!(size >= 0 && size * Float32Array.BYTES_PER_ELEMENT <= bytes.length)) return null;
  const floats = new Float32Array(size);
  let filled = 0;
  readMessage(bytes, 'tensor', (number, value) => {
    if (number === tensorField.floats || number === tensorField.raw) filled = value.floatsInto(floats, filled);
  });
  return filled === floats.length ? floats : null;
}

function stringElements({ bytes }: TensorMessage): string[] {
  const strings: string[] = [];
  readMessage(bytes, 'tensor', (number, value) => {
    if (number === tensorField.strings) strings.push(value.string());
  });
  return strings;
}

/** A tensor keeps its elements in the list of its type, or as raw little-endian bytes. */
function integerElements(
  { bytes }: TensorMessage,
  listField: number,
  size: number,
  read: (view: DataView, at: number) => number,
): number[] {
  const integers: number[] = [];
  readMessage(bytes, 'tensor', (number, value) => {
    if (number === listField) value.integersInto(integers);
    else if (number === tensorField.raw) {
      const raw = value.bytes();
      const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
      for (let at = 0; at + size <= raw.length; at += size) integers.push(read(view, at));
    }
  });
  return integers;
}

function readAttribute(node: NodeMessage, name: string, onField: (field: number, value: FieldValue) => void): void {
  const bytes = node.attributes.get(name);
  if (bytes === undefined) return;
  readMessage(bytes, `attribute '${name}'`, (number, value) => {
    onField(number, value);
  });
}
