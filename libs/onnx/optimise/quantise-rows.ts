import { attribute, node, tensor } from '../builder.js';
import { dataType } from '../attributes.js';
import { editNode, isStandard, type EditNode, type GraphEdit } from './graph-edit.js';
import { smallestNormal } from './quantise-weight.js';

/** Tensors of the graph that hold the rows of another one in 8 bits. */
export interface QuantisedRows {
  /** uint8, of the same shape. */
  readonly values: string;
  /** One number a row: `x = scale × (value − zero point)`. */
  readonly scale: string;
  readonly zeroPoint: string;
}

/** Nodes that give no negative numbers: then all 256 values serve the positive ones. */
const nonNegative = new Set(['Relu', 'Sigmoid', 'Softmax', 'Abs']);

/** Where ReduceMax and ReduceL1 take their axes from an input. */
const axesAreInput = 18;

/**
 * Writes the nodes that quantise a tensor of float32 at run time, each row (along the last axis) by its own range: each
 * number is at most half its row's scale away from what it was. DynamicQuantizeLinear (11) would take one range for the
 * whole tensor: then the answer to a row would depend on the rows of other callers that it is run with.
 */
export class RowQuantiser {
  readonly #edit: GraphEdit;
  readonly #opset: number;
  readonly #constants = new Map<string, string>();

  constructor(edit: GraphEdit, opset: number) {
    this.#edit = edit;
    this.#opset = opset;
  }

  /** `producer`: the node that makes `name`, if one does. Nodes in order of execution. */
  quantise(name: string, producer: EditNode | undefined): { rows: QuantisedRows; nodes: readonly EditNode[] } {
    const { type, domain } = producer?.message ?? { type: '', domain: '' };
    const positive = isStandard(domain) && nonNegative.has(type);
    const [levels, zero] = positive ? [255, 0] : [127, 128];
    const nodes: EditNode[] = [];
    const put = (
      operator: string,
      inputs: readonly string[],
      suffix: string,
      attributes: readonly Uint8Array[] = [],
    ) => {
      const output = this.#edit.freshName(`${name}/${suffix}`);
      nodes.push(editNode(node(operator, inputs, [output], attributes)));
      return output;
    };
    const reduce = (operator: string, input: string, suffix: string) =>
      this.#opset >= axesAreInput
        ? put(operator, [input, this.#lastAxis()], suffix, [attribute.integer('keepdims', 1)])
        : put(operator, [input], suffix, [attribute.integers('axes', [-1]), attribute.integer('keepdims', 1)]);

    const magnitudes = positive ? name : put('Abs', [name], 'magnitude');
    const range = put('Mul', [reduce('ReduceMax', magnitudes, 'range'), this.#float(1 / levels)], 'step');
    const step = put('Max', [range, this.#float(smallestNormal)], 'positive_step');
    // Max may lose a NaN, a sum never does: a row with one has to stay without a number.
    const nothing = put('Mul', [reduce('ReduceL1', name, 'sum'), this.#float(0)], 'nothing');
    const scale = put('Add', [step, nothing], 'scale');
    const rounded = put('Round', [put('Div', [name, scale], 'scaled')], 'rounded');
    const shifted = zero === 0 ? rounded : put('Add', [rounded, this.#float(zero)], 'shifted');
    const values = put('Cast', [shifted], 'uint8', [attribute.integer('to', dataType.uint8)]);
    return { rows: { values, scale, zeroPoint: this.zeroPoint(zero) }, nodes };
  }

  zeroPoint(value: number): string {
    return this.#constant(`uint8 ${value}`, (name) => tensor.uint8(name, [], Uint8Array.of(value)));
  }

  #float(value: number): string {
    return this.#constant(`float ${value}`, (name) => tensor.float32(name, [], [value]));
  }

  #lastAxis(): string {
    return this.#constant('axis', (name) => tensor.int64(name, [1], [-1]));
  }

  #constant(key: string, make: (name: string) => Uint8Array): string {
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.#edit.addInitializer(make(this.#edit.freshName(`int8/${key.replace(' ', '/')}`)));
    this.#constants.set(key, name);
    return name;
  }
}
