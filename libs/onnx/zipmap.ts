import { accept, type Result } from '#libs/kernel/index.js';
import { integersOf, stringsOf, dataType } from './attributes.js';
import { valueInfoBytes } from './builder.js';
import { indexOf, type GraphIndex } from './graph-index.js';
import { graphField, modelField, readNode, type NodeMessage } from './messages.js';
import { openModel } from './open-model.js';
import { fieldHead, joined, lengthOf } from './pieces.js';
import { orRejection, type OnnxRejection } from './rejection.js';
import { readMessage } from './wire.js';

export type Classes = readonly number[] | readonly string[];

/** A graph output that a ZipMap makes, and the tensor it is made of. */
export interface ZippedOutput {
  readonly tensor: string;
  readonly classes: Classes;
}

/**
 * Takes ZipMap nodes off the end of the graph: a ZipMap turns a tensor of probabilities into a sequence of maps, which
 * the Node binding of ONNX Runtime cannot return. The output becomes the tensor; every other byte stays as it is.
 * A graph without ZipMap comes back as the same array.
 */
export function removeZipMap(bytes: Uint8Array): Result<Uint8Array, OnnxRejection> {
  return orRejection(() => {
    const index = indexOf(openModel(bytes).graph);
    const zipped = zippedOutputs(index);
    return accept(zipped.size === 0 ? bytes : rewriteModel(bytes, zipped, index));
  });
}

/** By the name of the graph output. A ZipMap whose result feeds another node is left alone: it cannot be taken off. */
export function zippedOutputs(index: GraphIndex): ReadonlyMap<string, ZippedOutput> {
  const zipped = new Map<string, ZippedOutput>();
  for (const node of index.graph.nodes) {
    const [tensor] = node.inputs;
    const [output] = node.outputs;
    if (!isZipMap(node) || tensor === undefined || output === undefined) continue;
    if (index.consumersOf(output).length > 0) continue;
    zipped.set(output, { tensor, classes: zipMapClasses(node) });
  }
  return zipped;
}

export const isZipMap = ({ type, domain }: NodeMessage): boolean => type === 'ZipMap' && domain === 'ai.onnx.ml';

function zipMapClasses(node: NodeMessage): Classes {
  const integers = integersOf(node, 'classlabels_int64s');
  return integers.length > 0 ? integers : stringsOf(node, 'classlabels_strings');
}

function rewriteModel(bytes: Uint8Array, zipped: ReadonlyMap<string, ZippedOutput>, index: GraphIndex): Uint8Array {
  const pieces: Uint8Array[] = [];
  readMessage(bytes, 'model', (number, value) => {
    if (number === modelField.graph) {
      const graph = rewriteGraph(value.bytes(), zipped, index);
      pieces.push(fieldHead(modelField.graph, lengthOf(graph)), ...graph);
    } else {
      value.skip();
      pieces.push(bytes.subarray(value.start, value.position));
    }
  });
  return joined(pieces);
}

function rewriteGraph(
  bytes: Uint8Array,
  zipped: ReadonlyMap<string, ZippedOutput>,
  { graph }: GraphIndex,
): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  let position = 0;
  readMessage(bytes, 'graph', (number, value) => {
    if (number === graphField.node) {
      const node = readNode(value.bytes());
      if (isZipMap(node) && zipped.has(node.outputs[0] ?? '')) return;
    } else if (number === graphField.output) {
      value.skip();
      const replaced = zipped.get(graph.outputs[position++]!.name);
      if (replaced !== undefined) {
        // The tensor may be an output already, or feed two ZipMaps: a graph names each output once.
        if (outputs.has(replaced.tensor)) return;
        outputs.add(replaced.tensor);
        const shape = [null, replaced.classes.length || null];
        const info = valueInfoBytes(replaced.tensor, dataType.float32, shape);
        pieces.push(fieldHead(graphField.output, info.length), info);
        return;
      }
    } else value.skip();
    pieces.push(bytes.subarray(value.start, value.position));
  });
  return pieces;
}
