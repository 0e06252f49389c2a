import { attribute, node, tensor, valueInfo } from '#libs/onnx/index.js';
import type { GraphOptions, GraphPart } from '../model.js';
import type { LinearModelData } from './linear-model.js';

/** TensorProto.DataType. */
const elementType = { float32: 1, float64: 11 } as const;

/** `input` → float64 → product and sum → softmax → float32; the label is that of the largest probability as it is given. */
export function linearGraph(model: LinearModelData, input: string, { classLabels }: GraphOptions): GraphPart {
  const { coefficients, intercepts, featureNames, classes } = model;
  const outputs = intercepts.length;
  const columnwise = featureNames.flatMap((_, j) => coefficients.map((each) => each[j]!));
  const initializers = [
    tensor.float64('model/coefficients', [featureNames.length, outputs], columnwise),
    tensor.float64('model/intercepts', [outputs], intercepts),
  ];
  const scores = [
    node('Cast', [input], ['model/features'], [attribute.integer('to', elementType.float64)]),
    node('MatMul', ['model/features', 'model/coefficients'], ['model/products']),
    node('Add', ['model/products', 'model/intercepts'], ['model/scores']),
  ];
  const toFloat32 = (from: string, to: string) =>
    node('Cast', [from], [to], [attribute.integer('to', elementType.float32)]);
  const opsets = { '': 17 };
  if (classes === 0) {
    const nodes = [...scores, toFloat32('model/scores', 'value')];
    return { nodes, initializers, outputs: [valueInfo('value', 'float32', [null, 1])], opsets };
  }
  const labels = classLabels ?? intercepts.map((_, index) => index);
  if (labels.length !== classes) {
    throw new RangeError(`classLabels has ${labels.length} labels, expected ${classes} as there are classes`);
  }
  const named = labels.filter((label) => typeof label === 'string');
  const isText = named.length > 0;
  const labelTensor = isText
    ? tensor.string('model/labels', [classes], named)
    : tensor.int64('model/labels', [classes], labels.map(Number));
  return {
    nodes: [
      ...scores,
      node('Softmax', ['model/scores'], ['model/shares'], [attribute.integer('axis', 1)]),
      toFloat32('model/shares', 'probabilities'),
      node(
        'ArgMax',
        ['probabilities'],
        ['model/largest'],
        [attribute.integer('axis', 1), attribute.integer('keepdims', 0)],
      ),
      node('Gather', ['model/labels', 'model/largest'], ['label'], [attribute.integer('axis', 0)]),
    ],
    initializers: [...initializers, labelTensor],
    outputs: [
      valueInfo('label', isText ? 'string' : 'int64', [null]),
      valueInfo('probabilities', 'float32', [null, classes]),
    ],
    opsets,
  };
}
