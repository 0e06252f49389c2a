/*
 * The messages of onnx.proto that signatures need, read without copying: what is large stays a view of the model's
 * bytes until it is asked for. Field numbers: onnx/onnx.proto, IR version 13.
 */
import { MalformedMessage, readMessage } from './wire.js';

export interface ModelMessage {
  readonly irVersion: number;
  readonly producer: string;
  readonly graph: GraphMessage;
  readonly metadata: ReadonlyMap<string, string>;
  /** Graphs of functions, whose nodes may hold tensors too. */
  readonly functions: readonly NodeMessage[];
}

export interface GraphMessage {
  readonly nodes: readonly NodeMessage[];
  readonly initializers: ReadonlyMap<string, TensorMessage>;
  readonly sparseInitializers: readonly TensorMessage[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

export interface NodeMessage {
  readonly type: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Serialised AttributeProto by name. */
  readonly attributes: ReadonlyMap<string, Uint8Array>;
}

export interface TensorMessage {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly external: boolean;
  /** The serialised TensorProto. */
  readonly bytes: Uint8Array;
}

export type ValueKind = 'tensor' | 'sequence' | 'map' | 'sparse tensor' | 'optional' | 'untyped value';

export interface ValueInfo {
  readonly name: string;
  readonly kind: ValueKind;
  /** TensorProto.DataType; 0 where there is none. */
  readonly dataType: number;
  /** Null: the graph does not say. A null dimension is open or symbolic. */
  readonly shape: readonly (number | null)[] | null;
}

export const modelField = { irVersion: 1, producer: 2, graph: 7, opsetImport: 8, metadata: 14, functions: 25 } as const;
export const graphField = {
  node: 1,
  name: 2,
  initializer: 5,
  input: 11,
  output: 12,
  docString: 10,
  valueInfo: 13,
  sparseInitializer: 15,
} as const;
export const nodeField = { input: 1, output: 2, name: 3, type: 4, attribute: 5, docString: 6, domain: 7 } as const;
export const attributeField = {
  name: 1,
  float: 2,
  integer: 3,
  string: 4,
  tensor: 5,
  graph: 6,
  floats: 7,
  integers: 8,
  strings: 9,
  tensors: 10,
  graphs: 11,
  type: 20,
  sparseTensor: 22,
  sparseTensors: 23,
} as const;
/** Of an OperatorSetIdProto. */
export const opsetField = { domain: 1, version: 2 } as const;
export const tensorField = {
  dims: 1,
  dataType: 2,
  floats: 4,
  integers32: 5,
  strings: 6,
  integers64: 7,
  name: 8,
  raw: 9,
  docString: 12,
  externalData: 13,
  dataLocation: 14,
} as const;

const external = 1;

export function readModel(bytes: Uint8Array): Omit<ModelMessage, 'graph'> & { readonly graph: GraphMessage | null } {
  let irVersion = 0;
  let producer = '';
  let graph: GraphMessage | null = null;
  const metadata = new Map<string, string>();
  const functions: NodeMessage[] = [];
  readMessage(bytes, 'model', (number, value) => {
    if (number === modelField.irVersion) irVersion = value.integer();
    else if (number === modelField.producer) producer = value.string();
    else if (number === modelField.graph) {
      if (graph !== null) throw new MalformedMessage('model: two graphs');
      graph = readGraph(value.bytes());
    } else if (number === modelField.metadata) readStringEntry(value.bytes(), metadata);
    else if (number === modelField.functions) readFunctionNodes(value.bytes(), functions);
  });
  return { irVersion, producer, graph, metadata, functions };
}

export function readGraph(bytes: Uint8Array): GraphMessage {
  const nodes: NodeMessage[] = [];
  const initializers = new Map<string, TensorMessage>();
  const sparseInitializers: TensorMessage[] = [];
  const inputs: ValueInfo[] = [];
  const outputs: ValueInfo[] = [];
  readMessage(bytes, 'graph', (number, value) => {
    if (number === graphField.node) nodes.push(readNode(value.bytes()));
    else if (number === graphField.initializer) {
      const tensor = readTensor(value.bytes());
      initializers.set(tensor.name, tensor);
    } else if (number === graphField.sparseInitializer) sparseInitializers.push(...readSparseTensor(value.bytes()));
    else if (number === graphField.input) inputs.push(readValueInfo(value.bytes()));
    else if (number === graphField.output) outputs.push(readValueInfo(value.bytes()));
  });
  return { nodes, initializers, sparseInitializers, inputs, outputs };
}

export function readNode(bytes: Uint8Array): NodeMessage {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, Uint8Array>();
  let type = '';
  let domain = '';
  readMessage(bytes, 'node', (number, value) => {
    if (number === nodeField.input) inputs.push(value.string());
    else if (number === nodeField.output) outputs.push(value.string());
    else if (number === nodeField.type) type = value.string();
    else if (number === nodeField.domain) domain = value.string();
    else if (number === nodeField.attribute) {
      const attribute = value.bytes();
      attributes.set(readAttributeName(attribute), attribute);
    }
  });
  return { type, domain, inputs, outputs, attributes };
}

export function readTensor(bytes: Uint8Array): TensorMessage {
  const dims: number[] = [];
  let name = '';
  let dataType = 0;
  let location = 0;
  readMessage(bytes, 'tensor', (number, value) => {
    if (number === tensorField.dims) value.integersInto(dims);
    else if (number === tensorField.dataType) dataType = value.integer();
    else if (number === tensorField.name) name = value.string();
    else if (number === tensorField.dataLocation) location = value.integer();
  });
  return { name, dims, dataType, external: location === external, bytes };
}

/** The first of the repeated tensors is the values, the second the indices. */
export function readSparseTensor(bytes: Uint8Array): TensorMessage[] {
  const tensors: TensorMessage[] = [];
  readMessage(bytes, 'sparse tensor', (number, value) => {
    if (number === 1 || number === 2) tensors.push(readTensor(value.bytes()));
  });
  return tensors;
}

const typeKinds: Record<number, ValueKind> = {
  1: 'tensor',
  4: 'sequence',
  5: 'map',
  8: 'sparse tensor',
  9: 'optional',
};

function readValueInfo(bytes: Uint8Array): ValueInfo {
  let name = '';
  let kind: ValueKind = 'untyped value';
  let tensor: Pick<ValueInfo, 'dataType' | 'shape'> = { dataType: 0, shape: null };
  readMessage(bytes, 'value info', (number, value) => {
    if (number === 1) name = value.string();
    else if (number === 2) {
      readMessage(value.bytes(), 'type', (field, type) => {
        kind = typeKinds[field] ?? kind;
        if (field === 1) tensor = readTensorType(type.bytes());
      });
    }
  });
  return { name, kind, ...tensor };
}

function readTensorType(bytes: Uint8Array): Pick<ValueInfo, 'dataType' | 'shape'> {
  let dataType = 0;
  let shape: (number | null)[] | null = null;
  readMessage(bytes, 'tensor type', (number, value) => {
    if (number === 1) dataType = value.integer();
    else if (number === 2) shape = readShape(value.bytes());
  });
  return { dataType, shape };
}

function readShape(bytes: Uint8Array): (number | null)[] {
  const shape: (number | null)[] = [];
  readMessage(bytes, 'shape', (number, value) => {
    if (number === 1) shape.push(readDimension(value.bytes()));
  });
  return shape;
}

/** Some exporters write an open dimension as -1 or 0. */
function readDimension(bytes: Uint8Array): number | null {
  let length = 0;
  readMessage(bytes, 'dimension', (number, value) => {
    if (number === 1) length = value.integer();
  });
  return length > 0 ? length : null;
}

function readAttributeName(bytes: Uint8Array): string {
  let name = '';
  readMessage(bytes, 'attribute', (number, value) => {
    if (number !== attributeField.name) return;
    name = value.string();
    // The name stands first; behind it may lie a list of millions.
    value.stop();
  });
  return name;
}

function readStringEntry(bytes: Uint8Array, into: Map<string, string>): void {
  let key = '';
  let text = '';
  readMessage(bytes, 'metadata', (number, value) => {
    if (number === 1) key = value.string();
    else if (number === 2) text = value.string();
  });
  into.set(key, text);
}

function readFunctionNodes(bytes: Uint8Array, into: NodeMessage[]): void {
  readMessage(bytes, 'function', (number, value) => {
    if (number === 7) into.push(readNode(value.bytes()));
  });
}
