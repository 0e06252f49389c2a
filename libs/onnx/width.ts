import { floatCountOf, integerOf, integersOf } from './attributes.js';
import type { GraphIndex } from './graph-index.js';
import type { NodeMessage } from './messages.js';

/** What the graph's own weights say about the number of columns of an input. */
export interface WidthFacts {
  /** Null: nothing in the graph fixes it. */
  readonly exact: number | null;
  /** Trees read columns by number and ONNX Runtime does not check them against the input. */
  readonly atLeast: number;
}

const sameWidth = new Set([
  'Identity',
  'Cast',
  'Normalizer',
  'Imputer',
  'Scaler',
  'Binarizer',
  'Relu',
  'Tanh',
  'Sigmoid',
  'Clip',
  'Abs',
  'Neg',
  'Log',
  'Exp',
  'Sqrt',
  'Round',
]);
const elementwise = new Set(['Add', 'Sub', 'Mul', 'Div']);

/** Follows an input to the nodes that use it, through nodes that keep its columns. */
export function widthFacts(index: GraphIndex, input: string): WidthFacts {
  let exact: number | null = null;
  let atLeast = 0;
  const tensors = [input];
  const visited = new Set(tensors);
  for (let tensor = tensors.pop(); tensor !== undefined; tensor = tensors.pop()) {
    for (const node of index.consumersOf(tensor)) {
      exact ??= exactWidth(index, node, tensor);
      if (node.type.startsWith('TreeEnsemble')) atLeast = Math.max(atLeast, columnsOfTrees(node));
      if (!sameWidth.has(node.type) && !elementwise.has(node.type)) continue;
      for (const output of node.outputs) {
        if (visited.has(output)) continue;
        visited.add(output);
        tensors.push(output);
      }
    }
  }
  return { exact, atLeast };
}

/** Null where the node takes any width. */
function exactWidth({ graph }: GraphIndex, node: NodeMessage, tensor: string): number | null {
  const dimsOf = (name: string | undefined) => graph.initializers.get(name ?? '')?.dims;
  const isFirst = node.inputs[0] === tensor;
  switch (node.type) {
    case 'Scaler':
      return several(Math.max(floatCountOf(node, 'offset'), floatCountOf(node, 'scale')));
    case 'Imputer':
      return several(floatCountOf(node, 'imputed_value_floats'));
    case 'LinearClassifier':
      return ratio(floatCountOf(node, 'coefficients'), floatCountOf(node, 'intercepts'));
    case 'LinearRegressor':
      return ratio(floatCountOf(node, 'coefficients'), integerOf(node, 'targets') ?? 1);
    case 'MatMul':
    case 'MatMulInteger': {
      const dims = dimsOf(node.inputs[1]);
      return isFirst && dims?.length === 2 ? dims[0]! : null;
    }
    case 'Gemm': {
      const dims = dimsOf(node.inputs[1]);
      if (!isFirst || dims?.length !== 2 || integerOf(node, 'transA') === 1) return null;
      return integerOf(node, 'transB') === 1 ? dims[1]! : dims[0]!;
    }
    case 'Add':
    case 'Sub':
    case 'Mul':
    case 'Div': {
      const other = dimsOf(node.inputs.find((name) => name !== tensor));
      return several(other?.at(-1) ?? 0);
    }
    default:
      return null;
  }
}

/** One value stands for every column. */
const several = (count: number): number | null => (count > 1 ? count : null);

const ratio = (coefficients: number, rows: number): number | null =>
  coefficients > 0 && rows > 0 && coefficients % rows === 0 ? coefficients / rows : null;

function columnsOfTrees(node: NodeMessage): number {
  let largest = -1;
  for (const column of integersOf(node, 'nodes_featureids')) largest = Math.max(largest, column);
  return largest + 1;
}
