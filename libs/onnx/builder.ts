import protobuf from 'protobufjs/minimal.js';
import type { TensorType } from '#libs/contracts/index.js';
import { dataType } from './attributes.js';
import { attributeField, graphField, modelField, nodeField, tensorField } from './messages.js';

/** A serialised AttributeProto, NodeProto, TensorProto or ValueInfoProto. */
type Bytes = Uint8Array;

export interface GraphParts {
  readonly inputs: readonly Bytes[];
  readonly outputs: readonly Bytes[];
  readonly nodes: readonly Bytes[];
  readonly initializers?: readonly Bytes[];
  readonly metadata?: Readonly<Record<string, string>>;
  /** Version by domain; '' is the standard domain (default 17), `ai.onnx.ml` the classical models' (default 3). */
  readonly opsets?: Readonly<Record<string, number>>;
}

/** A whole model file, of the IR version that its operators came with: with those of version 17, 8. */
export function modelBytes(parts: GraphParts): Uint8Array {
  const opsets = parts.opsets ?? { '': 17, 'ai.onnx.ml': 3 };
  const graph = graphBytes(parts);
  return message((writer) => {
    writer.uint32(tag(modelField.irVersion, 0)).int64(irVersionOf(opsets['']));
    writer.uint32(tag(modelField.producer, 2)).string('modelog');
    field(writer, modelField.graph, graph);
    for (const [domain, version] of Object.entries(opsets)) {
      field(
        writer,
        modelField.opsetImport,
        message((opset) => opset.uint32(tag(1, 2)).string(domain).uint32(tag(2, 0)).int64(version)),
      );
    }
    for (const [key, text] of Object.entries(parts.metadata ?? {})) {
      field(
        writer,
        modelField.metadata,
        message((entry) => entry.uint32(tag(1, 2)).string(key).uint32(tag(2, 2)).string(text)),
      );
    }
  });
}

/** A GraphProto: what `attribute.graph` takes. */
export const graphBytes = (parts: Pick<GraphParts, 'inputs' | 'outputs' | 'nodes' | 'initializers'>): Bytes =>
  message((writer) => {
    for (const node of parts.nodes) field(writer, graphField.node, node);
    writer.uint32(tag(graphField.name, 2)).string('graph');
    for (const initializer of parts.initializers ?? []) field(writer, graphField.initializer, initializer);
    for (const input of parts.inputs) field(writer, graphField.input, input);
    for (const output of parts.outputs) field(writer, graphField.output, output);
  });

/** As the releases of ONNX pair them. */
function irVersionOf(opset = 17): number {
  if (opset <= 18) return 8;
  if (opset <= 20) return 9;
  return opset <= 22 ? 10 : 11;
}

export function node(
  type: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: readonly Bytes[] = [],
  domain = '',
): Bytes {
  return message((writer) => {
    for (const input of inputs) writer.uint32(tag(nodeField.input, 2)).string(input);
    for (const output of outputs) writer.uint32(tag(nodeField.output, 2)).string(output);
    writer.uint32(tag(nodeField.type, 2)).string(type);
    for (const each of attributes) field(writer, nodeField.attribute, each);
    if (domain !== '') writer.uint32(tag(nodeField.domain, 2)).string(domain);
  });
}

/** AttributeProto.AttributeType. */
const attributeType = { float: 1, integer: 2, string: 3, graph: 5, floats: 6, integers: 7, strings: 8 } as const;

export const attribute = {
  float: (name: string, value: number): Bytes =>
    attributeBytes(name, attributeType.float, (writer) => writer.uint32(tag(attributeField.float, 5)).float(value)),
  integer: (name: string, value: number): Bytes =>
    attributeBytes(name, attributeType.integer, (writer) => writer.uint32(tag(attributeField.integer, 0)).int64(value)),
  string: (name: string, value: string): Bytes =>
    attributeBytes(name, attributeType.string, (writer) => writer.uint32(tag(attributeField.string, 2)).string(value)),
  floats: (name: string, values: readonly number[]): Bytes =>
    attributeBytes(name, attributeType.floats, (writer) => {
      for (const value of values) writer.uint32(tag(attributeField.floats, 5)).float(value);
    }),
  integers: (name: string, values: readonly number[]): Bytes =>
    attributeBytes(name, attributeType.integers, (writer) => {
      for (const value of values) writer.uint32(tag(attributeField.integers, 0)).int64(value);
    }),
  strings: (name: string, values: readonly string[]): Bytes =>
    attributeBytes(name, attributeType.strings, (writer) => {
      for (const value of values) writer.uint32(tag(attributeField.strings, 2)).string(value);
    }),
  /** `graph`: a serialised GraphProto. */
  graph: (name: string, graph: Bytes): Bytes =>
    attributeBytes(name, attributeType.graph, (writer) => {
      field(writer, attributeField.graph, graph);
    }),
} as const;

export const tensor = {
  float32: (name: string, dims: readonly number[], values: ArrayLike<number>): Bytes =>
    tensorBytes(name, dims, dataType.float32, (writer) =>
      writer.uint32(tag(tensorField.raw, 2)).bytes(new Uint8Array(Float32Array.from(values).buffer)),
    ),
  float64: (name: string, dims: readonly number[], values: ArrayLike<number>): Bytes =>
    tensorBytes(name, dims, dataType.float64, (writer) =>
      writer.uint32(tag(tensorField.raw, 2)).bytes(new Uint8Array(Float64Array.from(values).buffer)),
    ),
  int64: (name: string, dims: readonly number[], values: readonly number[]): Bytes =>
    tensorBytes(name, dims, dataType.int64, (writer) =>
      writer.uint32(tag(tensorField.raw, 2)).bytes(new Uint8Array(BigInt64Array.from(values, BigInt).buffer)),
    ),
  int32: (name: string, dims: readonly number[], values: readonly number[]): Bytes =>
    tensorBytes(name, dims, dataType.int32, (writer) =>
      writer.uint32(tag(tensorField.raw, 2)).bytes(new Uint8Array(Int32Array.from(values).buffer)),
    ),
  uint8: (name: string, dims: readonly number[], values: Uint8Array): Bytes =>
    tensorBytes(name, dims, dataType.uint8, (writer) => writer.uint32(tag(tensorField.raw, 2)).bytes(values)),
  string: (name: string, dims: readonly number[], values: readonly string[]): Bytes =>
    tensorBytes(name, dims, dataType.string, (writer) => {
      for (const value of values) writer.uint32(tag(tensorField.strings, 2)).string(value);
    }),
} as const;

/** An input or output of the graph; a null dimension is open. */
export const valueInfo = (name: string, type: TensorType, shape: readonly (number | null)[]): Bytes =>
  valueInfoBytes(name, dataType[type], shape);

export function valueInfoBytes(name: string, elementType: number, shape: readonly (number | null)[]): Bytes {
  const dims = message((writer) => {
    for (const length of shape) {
      field(
        writer,
        1,
        message((dimension) => {
          if (length !== null) dimension.uint32(tag(1, 0)).int64(length);
        }),
      );
    }
  });
  const tensorType = message((writer) => {
    writer.uint32(tag(1, 0)).int32(elementType);
    field(writer, 2, dims);
  });
  const type = message((writer) => {
    field(writer, 1, tensorType);
  });
  return message((writer) => {
    writer.uint32(tag(1, 2)).string(name);
    field(writer, 2, type);
  });
}

function attributeBytes(name: string, type: number, write: (writer: protobuf.Writer) => unknown): Bytes {
  return message((writer) => {
    writer.uint32(tag(attributeField.name, 2)).string(name);
    write(writer);
    writer.uint32(tag(attributeField.type, 0)).int32(type);
  });
}

function tensorBytes(
  name: string,
  dims: readonly number[],
  type: number,
  write: (writer: protobuf.Writer) => unknown,
): Bytes {
  return message((writer) => {
    for (const length of dims) writer.uint32(tag(tensorField.dims, 0)).int64(length);
    writer.uint32(tag(tensorField.dataType, 0)).int32(type);
    writer.uint32(tag(tensorField.name, 2)).string(name);
    write(writer);
  });
}

function message(write: (writer: protobuf.Writer) => unknown): Bytes {
  const writer = protobuf.Writer.create();
  write(writer);
  return writer.finish();
}

const field = (writer: protobuf.Writer, number: number, bytes: Bytes): void => {
  writer.uint32(tag(number, 2)).bytes(bytes);
};

const tag = (number: number, type: number): number => (number << 3) | type;
