import { accept, type Result } from '#libs/kernel/index.js';
import { dataType, floatElementsOf, floatOf, integerOf } from '../attributes.js';
import { attribute, node, tensor } from '../builder.js';
import type { TensorMessage } from '../messages.js';
import { orRejection, Refused, type OnnxRejection } from '../rejection.js';
import type { SignatureOptions } from '../signature.js';
import { editNode, GraphEdit, isStandard, type EditNode, type Use } from './graph-edit.js';
import { signatureText, smaller, type OptimisedGraph } from './optimised.js';
import { RowQuantiser, type QuantisedRows } from './quantise-rows.js';
import { quantiseMatrix, transposed, weightZeroPoint, type Matrix } from './quantise-weight.js';
import { Rewrites } from './rewrites.js';

/** Round and negative axes of ReduceMax came with 11; MatMulInteger with 10. */
const oldestOpset = 11;
/** Below this many numbers the nodes around a matrix take the bytes that it saves. */
const leastWeights = 1024;
/** So that K products of magnitude 127 × 255 stay within the 32 bits of MatMulInteger's sums. */
const mostRows = Math.floor(0x7fffffff / (127 * 255));

/**
 * Matrix products in 8 bits: MatMul and Gemm with a constant weight of float32 become MatMulInteger (10) of rows that
 * are quantised when they come and weights that are quantised here, `y = scale(row) × scale(column) × sum`, the bias added
 * in float32. Weights take a quarter of the bytes. Everything else stays; deterministic to the byte.
 *
 * An output differs by at most `step(column)/2 × Σ|x| + step(row)/2 × Σ|w'|` per product, w' the quantised weights, and
 * what float32 rounds. Rows do not influence one another, and a row with a NaN gives NaN as before. A row whose
 * magnitudes sum up beyond float32 gives NaN too.
 * `options`: those that the model's signature was read with; the result's is the same.
 */
export function quantiseDynamic(
  bytes: Uint8Array,
  options: SignatureOptions = {},
): Result<OptimisedGraph, OnnxRejection> {
  return orRejection(() => {
    const edit = new GraphEdit(bytes);
    const rewrites = new Rewrites();
    quantiseProducts(edit, rewrites);
    const nothing = `no MatMul or Gemm has a constant float32 weight of ${leastWeights} numbers or more to itself`;
    const after = edit.bytes();
    const isAlike = rewrites.total === 0 || signatureText(after, options) === signatureText(bytes, options);
    return accept(smaller({ before: bytes, after, rewrites, nothing, isAlike }));
  });
}

/** A node `y = alpha × x·W + beta × bias`. */
interface Product {
  readonly node: EditNode;
  readonly type: 'MatMul' | 'Gemm';
  readonly weight: TensorMessage;
  readonly transposes: boolean;
  readonly alpha: number;
  readonly beta: number;
  readonly bias: string | null;
}

interface QuantisedWeight {
  readonly values: string;
  readonly scales: string;
}

function quantiseProducts(edit: GraphEdit, rewrites: Rewrites): void {
  const products = quantisableProducts(edit);
  if (products.size === 0) return;
  const { opset } = edit;
  if (opset < oldestOpset) {
    const detail = `the graph is written in version ${opset} of the standard operators; expected ${oldestOpset} or newer`;
    throw new Refused('nothing_to_optimise', detail);
  }
  const producers = edit.producers();
  const quantiser = new RowQuantiser(edit, opset);
  const rowsOf = new Map<string, QuantisedRows>();
  const weightOf = new Map<string, QuantisedWeight>();
  edit.nodes = edit.nodes.flatMap((each) => {
    const product = products.get(each);
    if (product === undefined) return [each];
    const weight = quantisedWeight(product);
    const [input = ''] = each.message.inputs;
    const known = rowsOf.get(input);
    const { rows, nodes } =
      known === undefined ? quantiser.quantise(input, producers.get(input)) : { rows: known, nodes: [] };
    rowsOf.set(input, rows);
    rewrites.add(`${product.type} → MatMulInteger`);
    return [...nodes, ...integerProduct(edit, product, rows, weight, quantiser.zeroPoint(weightZeroPoint))];
  });
  for (const { weight } of products.values()) edit.removeInitializer(weight.name);

  /** Once for all nodes that use a weight in the same way. */
  function quantisedWeight(product: Product): QuantisedWeight {
    const key = JSON.stringify([product.weight.name, product.transposes, product.alpha]);
    const weight = weightOf.get(key) ?? addWeight(edit, product);
    weightOf.set(key, weight);
    return weight;
  }
}

/** Those whose weight nothing else needs: a float32 copy beside would make the file larger. */
function quantisableProducts(edit: GraphEdit): ReadonlyMap<EditNode, Product> {
  const [uses, fixed] = [edit.uses(), edit.fixedNames()];
  const candidates = new Map<EditNode, Product>();
  for (const each of edit.nodes) {
    const product = productOf(edit, each);
    if (product !== null && !fixed.has(product.weight.name)) candidates.set(each, product);
  }
  const isWeightOnly = (use: Use): boolean => candidates.has(use.node) && use.position === 1;
  const usable = new Map<string, boolean>();
  for (const { weight } of candidates.values()) {
    if (usable.has(weight.name)) continue;
    usable.set(weight.name, (uses.get(weight.name) ?? []).every(isWeightOnly) && isFinite(weight));
  }
  return new Map([...candidates].filter(([, { weight }]) => usable.get(weight.name)));
}

function productOf(edit: GraphEdit, each: EditNode): Product | null {
  const { type, domain, inputs } = each.message;
  const weight = edit.initializers.get(inputs[1] ?? '');
  if (!isStandard(domain) || weight === undefined || !isLarge(weight)) return null;
  if (type === 'MatMul') return { node: each, type, weight, transposes: false, alpha: 1, beta: 1, bias: null };
  if (type !== 'Gemm' || (integerOf(each.message, 'transA') ?? 0) !== 0) return null;
  const transposes = (integerOf(each.message, 'transB') ?? 0) !== 0;
  const [alpha, beta] = [floatOf(each.message, 'alpha') ?? 1, floatOf(each.message, 'beta') ?? 1];
  const bias = inputs[2] ?? '';
  return { node: each, type, weight, transposes, alpha, beta, bias: bias === '' || beta === 0 ? null : bias };
}

function isLarge({ dataType: type, dims }: TensorMessage): boolean {
  const [rows = 0, columns = 0] = dims;
  if (type !== dataType.float32 || dims.length !== 2 || Math.min(rows, columns) <= 0) return false;
  return rows * columns >= leastWeights && Math.max(rows, columns) <= mostRows;
}

const isFinite = (weight: TensorMessage): boolean => floatElementsOf(weight)?.every(Number.isFinite) ?? false;

function addWeight(edit: GraphEdit, { weight, transposes, alpha }: Product): QuantisedWeight {
  const { name, dims } = weight;
  const stored: Matrix = { rows: dims[0]!, columns: dims[1]!, values: floatElementsOf(weight)! };
  const matrix = transposes ? transposed(stored) : stored;
  const { values, scales } = quantiseMatrix(matrix);
  const shape = [matrix.rows, matrix.columns];
  return {
    values: edit.addInitializer(tensor.uint8(edit.freshName(`${name}/uint8`), shape, values)),
    scales: edit.addInitializer(
      tensor.float32(
        edit.freshName(`${name}/scale`),
        [matrix.columns],
        scales.map((scale) => scale * alpha),
      ),
    ),
  };
}

/** The last of the nodes gives the output of the one that they replace. */
function integerProduct(
  edit: GraphEdit,
  { node: replaced, beta, bias }: Product,
  rows: QuantisedRows,
  weight: QuantisedWeight,
  weightZero: string,
): EditNode[] {
  const [output = ''] = replaced.message.outputs;
  const fresh = (suffix: string): string => edit.freshName(`${output}/${suffix}`);
  const [sum, float, scaled] = [fresh('int32'), fresh('float'), fresh('scaled')];
  const product = bias === null ? output : fresh('product');
  const nodes = [
    node('MatMulInteger', [rows.values, weight.values, rows.zeroPoint, weightZero], [sum]),
    node('Cast', [sum], [float], [attribute.integer('to', dataType.float32)]),
    node('Mul', [float, weight.scales], [scaled]),
    node('Mul', [scaled, rows.scale], [product]),
  ];
  if (bias !== null && beta === 1) nodes.push(node('Add', [product, bias], [output]));
  else if (bias !== null) {
    const [factor, part] = [edit.addInitializer(tensor.float32(fresh('beta'), [], [beta])), fresh('bias')];
    nodes.push(node('Mul', [bias, factor], [part]), node('Add', [product, part], [output]));
  }
  return nodes.map(editNode);
}
