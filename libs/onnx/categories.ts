import { elementsOf, integersOf, stringsOf } from './attributes.js';
import { indexOf, type GraphIndex } from './graph-index.js';
import { readModel, type NodeMessage } from './messages.js';

/** By input name: for each element of a row, one value that the graph's encoders know, or undefined. */
export type KnownCategories = ReadonlyMap<string, readonly (string | number | undefined)[]>;

/**
 * Values to try a model with: scikit-learn's encoders refuse categories they were not trained on, so zeros and empty
 * strings would make a good model fail. Finds the encoders of categories and follows their columns back to the inputs.
 * @throws MalformedMessage when the bytes are no ONNX model; `removeZipMap` and `readSignature` say so first.
 */
export function knownCategories(bytes: Uint8Array): KnownCategories {
  const first = (lists: CategoryLists) => lists.map((categories) => categories?.[0]);
  return new Map([...categoryLists(bytes)].map(([input, lists]) => [input, first(lists)]));
}

/** For each element of a row of an input, the values that the graph's encoders know, or undefined. May have holes. */
export type CategoryLists = readonly (readonly (string | number)[] | undefined)[];

/** As `knownCategories`, by input name, with all the values. @throws MalformedMessage as there. */
export function categoryLists(bytes: Uint8Array): ReadonlyMap<string, CategoryLists> {
  const { graph } = readModel(bytes);
  if (graph === null) return new Map();
  const index = indexOf(graph);
  const known = new Map<string, (readonly (string | number)[] | undefined)[]>();
  for (const node of index.graph.nodes) {
    const categories = categoriesOf(node);
    if (categories === null) continue;
    for (const origin of originsOf(index, node.inputs[0] ?? '', new Set())) {
      if (origin === null) continue;
      const values = known.get(origin.input) ?? [];
      values[origin.element] = categories;
      known.set(origin.input, values);
    }
  }
  return known;
}

/** Null: the node encodes no categories. A LabelEncoder of numbers renames classes; of texts it may encode either. */
function categoriesOf(node: NodeMessage): readonly (string | number)[] | null {
  if (node.type === 'OneHotEncoder') {
    const strings = stringsOf(node, 'cats_strings');
    return strings.length > 0 ? strings : integersOf(node, 'cats_int64s');
  }
  if (node.type !== 'LabelEncoder') return null;
  const texts = stringsOf(node, 'keys_strings');
  return texts.length > 0 ? texts : null;
}

/** An element of a row of a graph input. */
interface Origin {
  readonly input: string;
  readonly element: number;
}

const sameElements = new Set(['Identity', 'Cast', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze']);

/** Where each element of a tensor's rows comes from; empty where that cannot be followed. */
function originsOf(index: GraphIndex, tensor: string, visited: Set<NodeMessage>): readonly (Origin | null)[] {
  const node = index.producerOf(tensor);
  if (node === undefined) return inputOrigins(index, tensor);
  if (visited.has(node)) return [];
  visited.add(node);
  const [first = '', second = ''] = node.inputs;
  if (sameElements.has(node.type)) return originsOf(index, first, visited);
  if (node.type === 'Slice') return slicedOrigins(index, node, visited);
  if (node.type === 'Concat') return node.inputs.flatMap((input) => originsOf(index, input, visited));
  if (node.type === 'ArrayFeatureExtractor' || node.type === 'Gather') {
    const columns = index.graph.initializers.get(second);
    const positions = columns === undefined ? null : elementsOf(columns);
    const origins = originsOf(index, first, visited);
    return positions?.map((position) => origins[Number(position)] ?? null) ?? [];
  }
  return [];
}

/** Columns cut out side by side; empty for any other slice. */
function slicedOrigins(
  index: GraphIndex,
  { inputs }: NodeMessage,
  visited: Set<NodeMessage>,
): readonly (Origin | null)[] {
  const [from, to, axis, step] = inputs.slice(1).map((name) => {
    const tensor = index.graph.initializers.get(name);
    const elements = tensor === undefined ? null : elementsOf(tensor);
    return elements?.length === 1 ? Number(elements[0]) : undefined;
  });
  if (from === undefined || to === undefined || axis !== 1 || step !== undefined) return [];
  return originsOf(index, inputs[0] ?? '', visited).slice(from, to);
}

function inputOrigins({ graph }: GraphIndex, name: string): readonly Origin[] {
  const input = graph.inputs.find((info) => info.name === name);
  if (input === undefined) return [];
  const width = (input.shape ?? []).slice(1).reduce<number>((size, length) => size * (length ?? 1), 1);
  return Array.from({ length: width }, (_, element) => ({ input: name, element }));
}
