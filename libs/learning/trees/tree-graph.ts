import { attribute, node, valueInfo } from '#libs/onnx/index.js';
import type { GraphOptions, GraphPart } from '../model.js';
import { packedFloats, packedIntegers, packedStrings } from './packed-attributes.js';
import type { Ensemble } from './tree-model.js';
import type { Tree } from './tree.js';

const opsets = { '': 17, 'ai.onnx.ml': 3 };
const machineLearning = 'ai.onnx.ml';

/** One node: TreeEnsembleRegressor or TreeEnsembleClassifier. */
export function treeGraph(ensemble: Ensemble, input: string, { classLabels }: GraphOptions): GraphPart {
  return ensemble.classes === 0 ? regressor(ensemble, input) : classifier(ensemble, input, classLabels);
}

function regressor(ensemble: Ensemble, input: string): GraphPart {
  const attributes = [
    ...nodesOf(ensemble.trees),
    ...weightsOf('target', ensemble),
    attribute.integer('n_targets', 1),
    attribute.floats('base_values', [...ensemble.base]),
  ];
  return {
    nodes: [node('TreeEnsembleRegressor', [input], ['value'], attributes, machineLearning)],
    initializers: [],
    outputs: [valueInfo('value', 'float32', [null, 1])],
    opsets,
  };
}

function classifier(ensemble: Ensemble, input: string, classLabels: GraphOptions['classLabels']): GraphPart {
  const labels = classLabels ?? Array.from({ length: ensemble.classes }, (_, label) => label);
  if (labels.length !== ensemble.classes) {
    throw new RangeError(`classLabels has ${labels.length} labels, expected ${ensemble.classes}`);
  }
  const named = labels.every((label) => typeof label === 'string');
  const isBinary = ensemble.sums === 1;
  const trees = isBinary ? told(ensemble) : ensemble.trees;
  const attributes = [
    ...nodesOf(trees),
    // Of two classes the second one's score alone is summed, as number 0: so ONNX Runtime knows it, by every exporter.
    ...weightsOf('class', { ...ensemble, trees }),
    named ? attribute.strings('classlabels_strings', labels) : attribute.integers('classlabels_int64s', labels),
    attribute.string('post_transform', { identity: 'NONE', logistic: 'LOGISTIC', softmax: 'SOFTMAX' }[ensemble.link]),
    ...(ensemble.base.some((score) => score !== 0) ? [attribute.floats('base_values', [...ensemble.base])] : []),
  ];
  return {
    nodes: [node('TreeEnsembleClassifier', [input], ['label', 'probabilities'], attributes, machineLearning)],
    initializers: [],
    outputs: [
      valueInfo('label', named ? 'string' : 'int64', [null]),
      valueInfo('probabilities', 'float32', [null, ensemble.classes]),
    ],
    opsets,
  };
}

/**
 * ONNX Runtime takes weights of which none is negative for shares, and then leaves the logistic function out: a tree of one
 * leaf, too small to change any sum that rounds, tells it that they are scores.
 */
function told({ link, trees }: Ensemble): readonly Tree[] {
  const isTaken = link === 'logistic' && trees.every(({ values }) => values.every((value) => value >= 0));
  return isTaken ? [...trees, singleLeaf(-smallestNormal)] : trees;
}

const smallestNormal = 2 ** -126;

const singleLeaf = (value: number): Tree => ({
  feature: Int32Array.of(-1),
  threshold: Float32Array.of(0),
  missingLeft: Uint8Array.of(0),
  left: Int32Array.of(0),
  right: Int32Array.of(0),
  values: Float32Array.of(value),
});

const modes = ['LEAF', 'BRANCH_LEQ'];

function nodesOf(trees: readonly Tree[]): Uint8Array[] {
  const count = trees.reduce((sum, { feature }) => sum + feature.length, 0);
  const tree = new Int32Array(count);
  const number = new Int32Array(count);
  const feature = new Int32Array(count);
  const threshold = new Float32Array(count);
  const left = new Int32Array(count);
  const right = new Int32Array(count);
  const missingLeft = new Uint8Array(count);
  const mode = new Uint8Array(count);
  let at = 0;
  for (const [index, each] of trees.entries()) {
    for (let own = 0; own < each.feature.length; own++, at++) {
      tree[at] = index;
      number[at] = own;
      if (each.feature[own]! < 0) continue;
      mode[at] = 1;
      feature[at] = each.feature[own]!;
      threshold[at] = each.threshold[own]!;
      left[at] = each.left[own]!;
      right[at] = each.right[own]!;
      missingLeft[at] = each.missingLeft[own]!;
    }
  }
  return [
    packedIntegers('nodes_treeids', tree),
    packedIntegers('nodes_nodeids', number),
    packedIntegers('nodes_featureids', feature),
    packedStrings('nodes_modes', modes, mode),
    packedFloats('nodes_values', threshold),
    packedIntegers('nodes_truenodeids', left),
    packedIntegers('nodes_falsenodeids', right),
    packedIntegers('nodes_missing_value_tracks_true', missingLeft),
  ];
}

/** What leaves add to each sum. A zero is left out where the leaf has another number. */
function weightsOf(prefix: 'class' | 'target', { trees, sums, width }: Ensemble): Uint8Array[] {
  const most = trees.reduce((sum, { values }) => sum + values.length, 0);
  const tree = new Int32Array(most);
  const leaf = new Int32Array(most);
  const sum = new Int32Array(most);
  const weight = new Float32Array(most);
  let count = 0;
  for (const [index, { feature, left, values }] of trees.entries()) {
    for (let own = 0; own < feature.length; own++) {
      if (feature[own]! >= 0) continue;
      for (let number = 0; number < width; number++) {
        const value = values[left[own]! * width + number]!;
        if (value === 0 && width > 1) continue;
        tree[count] = index;
        leaf[count] = own;
        sum[count] = ((index * width) % sums) + number;
        weight[count++] = value;
      }
    }
  }
  return [
    packedIntegers(`${prefix}_treeids`, tree.subarray(0, count)),
    packedIntegers(`${prefix}_nodeids`, leaf.subarray(0, count)),
    packedIntegers(`${prefix}_ids`, sum.subarray(0, count)),
    packedFloats(`${prefix}_weights`, weight.subarray(0, count)),
  ];
}
