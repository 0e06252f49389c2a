import { heldBy } from '../attributes.js';
import { indexOf } from '../graph-index.js';
import {
  graphField,
  modelField,
  opsetField,
  readNode,
  readTensor,
  type GraphMessage,
  type NodeMessage,
  type TensorMessage,
} from '../messages.js';
import { openModel } from '../open-model.js';
import { fieldHead, joined, lengthOf } from '../pieces.js';
import { readMessage } from '../wire.js';
import { zippedOutputs } from '../zipmap.js';
import { nodeWith } from './node-bytes.js';

export interface EditNode {
  readonly message: NodeMessage;
  /** The serialised NodeProto that `message` was read from. */
  readonly bytes: Uint8Array;
  /** Names that graphs within the node use or make: branches and loops see the tensors around them. */
  readonly captured: readonly string[];
}

/** Where a tensor is used: as input `position` of `node`. */
export interface Use {
  readonly node: EditNode;
  readonly position: number;
}

/**
 * A model whose nodes and initializers can be taken out, replaced and added; all that is not touched is written back
 * as the bytes it was. Graphs within nodes (branches, loops, functions) are never changed.
 */
export class GraphEdit {
  /** In the order of execution. */
  nodes: readonly EditNode[];
  /** Version of the standard operators that the graph is written in; 0 where it imports none. */
  readonly opset: number;
  readonly #model: Uint8Array;
  readonly #graph: GraphMessage;
  readonly #initializers: Map<string, TensorMessage>;
  readonly #added = new Map<string, Uint8Array>();
  readonly #zipped: readonly string[];
  readonly #outputs: ReadonlySet<string>;
  readonly #names = new Set<string>();
  #dropsDocStrings = false;

  /** @throws Refused `not_onnx` or `external_data`. */
  constructor(model: Uint8Array) {
    this.#model = model;
    this.#graph = openModel(model).graph;
    this.nodes = nodesOf(graphBytesOf(model));
    this.opset = standardOpset(model);
    this.#initializers = new Map(this.#graph.initializers);
    this.#outputs = new Set(this.#graph.outputs.map(({ name }) => name));
    this.#zipped = [...zippedOutputs(indexOf(this.#graph)).values()].map(({ tensor }) => tensor);
    this.#collectNames();
  }

  get initializers(): ReadonlyMap<string, TensorMessage> {
    return this.#initializers;
  }

  /**
   * Names that are seen from outside of the nodes' lists of inputs: outputs of the graph, what graphs within nodes
   * use, sparse initializers, and what a ZipMap is fed with: that becomes the output's name when the model is served.
   */
  fixedNames(): ReadonlySet<string> {
    return new Set([
      ...this.#outputs,
      ...this.#zipped,
      ...this.#graph.sparseInitializers.map(({ name }) => name),
      ...this.nodes.flatMap(({ captured }) => captured),
    ]);
  }

  producers(): ReadonlyMap<string, EditNode> {
    return new Map(this.nodes.flatMap((node) => node.message.outputs.map((output) => [output, node] as const)));
  }

  uses(): ReadonlyMap<string, readonly Use[]> {
    const uses = new Map<string, Use[]>();
    for (const node of this.nodes) {
      for (const [position, name] of node.message.inputs.entries()) {
        const found = uses.get(name);
        if (found === undefined) uses.set(name, [{ node, position }]);
        else found.push({ node, position });
      }
    }
    return uses;
  }

  /** Nodes take other tensors: those that `renamed` maps from become those that it maps to. */
  renameInputs(renamed: ReadonlyMap<string, string>): void {
    if (renamed.size === 0) return;
    this.nodes = this.nodes.map((node) => withInputs(node, renamed));
  }

  /** An initializer, and the input of the same name that older exporters list beside it. */
  removeInitializer(name: string): void {
    this.#initializers.delete(name);
    this.#added.delete(name);
  }

  /** `bytes`: a serialised TensorProto. Gives its name. */
  addInitializer(bytes: Uint8Array): string {
    const tensor = readTensor(bytes);
    this.#initializers.set(tensor.name, tensor);
    this.#added.set(tensor.name, bytes);
    this.#names.add(tensor.name);
    return tensor.name;
  }

  /** A name that nothing in the model has: `wanted`, or with a number behind it. */
  freshName(wanted: string): string {
    let name = wanted;
    for (let number = 1; this.#names.has(name); number++) name = `${wanted}/${number}`;
    this.#names.add(name);
    return name;
  }

  /** Text that exporters leave on nodes and on the graph; the model's own description stays. Gives how many there are. */
  dropDocStrings(): number {
    if (this.#dropsDocStrings) return 0;
    this.#dropsDocStrings = true;
    let dropped = 0;
    this.nodes = this.nodes.map((node) => {
      const plain = nodeWith(node.bytes, { docString: false });
      if (plain.length === node.bytes.length) return node;
      dropped++;
      return { ...node, bytes: plain };
    });
    readMessage(graphBytesOf(this.#model), 'graph', (number) => {
      if (number === graphField.docString) dropped++;
    });
    return dropped;
  }

  /** The model as it is now. */
  bytes(): Uint8Array {
    const graph = this.#graphPieces();
    const pieces: Uint8Array[] = [];
    readMessage(this.#model, 'model', (number, value) => {
      value.skip();
      if (number === modelField.graph) pieces.push(fieldHead(modelField.graph, lengthOf(graph)), ...graph);
      else pieces.push(this.#model.subarray(value.start, value.position));
    });
    return joined(pieces);
  }

  #graphPieces(): Uint8Array[] {
    const bytes = graphBytesOf(this.#model);
    const pieces = this.nodes.flatMap((node) => [fieldHead(graphField.node, node.bytes.length), node.bytes]);
    const made = this.#livingNames();
    let [input, valueInfo] = [0, 0];
    const valueInfos = valueInfoNames(bytes);
    readMessage(bytes, 'graph', (number, value) => {
      let keep = true;
      if (number === graphField.node) keep = false;
      else if (number === graphField.initializer) keep = this.#keepsInitializer(readTensor(value.bytes()).name);
      else if (number === graphField.input) keep = this.#keepsInput(this.#graph.inputs[input++]!.name);
      else if (number === graphField.valueInfo) keep = made.has(valueInfos[valueInfo++]!);
      else if (number === graphField.docString) keep = !this.#dropsDocStrings;
      value.finish();
      if (keep) pieces.push(bytes.subarray(value.start, value.position));
    });
    for (const added of this.#added.values()) pieces.push(fieldHead(graphField.initializer, added.length), added);
    return pieces;
  }

  #keepsInitializer(name: string): boolean {
    return this.#initializers.has(name) && !this.#added.has(name);
  }

  #keepsInput(name: string): boolean {
    return !this.#graph.initializers.has(name) || this.#initializers.has(name);
  }

  #livingNames(): ReadonlySet<string> {
    return new Set([
      ...this.#initializers.keys(),
      ...this.#graph.inputs.map(({ name }) => name),
      ...this.nodes.flatMap(({ message, captured }) => [...message.outputs, ...captured]),
    ]);
  }

  #collectNames(): void {
    for (const { name } of [...this.#graph.inputs, ...this.#graph.outputs]) this.#names.add(name);
    for (const name of this.#initializers.keys()) this.#names.add(name);
    for (const { message, captured } of this.nodes) {
      for (const name of [...message.inputs, ...message.outputs, ...captured]) this.#names.add(name);
    }
  }
}

/** The standard operators have two names for their domain. */
export const isStandard = (domain: string): boolean => domain === '' || domain === 'ai.onnx';

export const editNode = (bytes: Uint8Array): EditNode => {
  const message = readNode(bytes);
  return { message, bytes, captured: [...namesWithin(message)] };
};

function withInputs(node: EditNode, renamed: ReadonlyMap<string, string>): EditNode {
  const { inputs } = node.message;
  if (!inputs.some((name) => renamed.has(name))) return node;
  const bytes = nodeWith(node.bytes, { inputs: inputs.map((name) => renamed.get(name) ?? name) });
  return { ...node, bytes, message: readNode(bytes) };
}

function standardOpset(model: Uint8Array): number {
  let opset = 0;
  readMessage(model, 'model', (number, value) => {
    if (number !== modelField.opsetImport) return;
    let [domain, version] = ['', 0];
    readMessage(value.bytes(), 'operator set', (field, part) => {
      if (field === opsetField.domain) domain = part.string();
      else if (field === opsetField.version) version = part.integer();
    });
    if (isStandard(domain)) opset = version;
  });
  return opset;
}

function graphBytesOf(model: Uint8Array): Uint8Array {
  let graph = new Uint8Array();
  readMessage(model, 'model', (number, value) => {
    if (number === modelField.graph) graph = value.bytes() as Uint8Array<ArrayBuffer>;
  });
  return graph;
}

function nodesOf(graph: Uint8Array): EditNode[] {
  const nodes: EditNode[] = [];
  readMessage(graph, 'graph', (number, value) => {
    if (number === graphField.node) nodes.push(editNode(value.bytes()));
  });
  return nodes;
}

function valueInfoNames(graph: Uint8Array): string[] {
  const names: string[] = [];
  readMessage(graph, 'graph', (number, value) => {
    if (number !== graphField.valueInfo) return;
    let name = '';
    readMessage(value.bytes(), 'value info', (field, part) => {
      if (field === 1) name = part.string();
    });
    names.push(name);
  });
  return names;
}

function namesWithin(node: NodeMessage): Set<string> {
  const names = new Set<string>();
  // Classical models hold no graphs, and lists of millions that would be walked for nothing.
  if (node.domain === 'ai.onnx.ml') return names;
  const graphs = [...heldBy(node).graphs];
  for (let graph = graphs.pop(); graph !== undefined; graph = graphs.pop()) {
    for (const { name } of [...graph.inputs, ...graph.outputs]) names.add(name);
    for (const name of graph.initializers.keys()) names.add(name);
    for (const inner of graph.nodes) {
      for (const name of [...inner.inputs, ...inner.outputs]) names.add(name);
      graphs.push(...heldBy(inner).graphs);
    }
  }
  return names;
}
