import type { OutputInfo } from '#libs/contracts/index.js';
import { elementsOf, floatCountOf, integersOf, stringOf, stringsOf } from './attributes.js';
import type { GraphIndex } from './graph-index.js';
import type { NodeMessage } from './messages.js';
import type { Classes, ZippedOutput } from './zipmap.js';

export interface OutputMeaning {
  readonly role: OutputInfo['role'];
  /** Null where the graph does not name them. */
  readonly classes: Classes | null;
}

/** What an output is known by: its tensor, and how the graph declares it. */
export interface OutputTensorInfo {
  readonly name: string;
  readonly isFloat: boolean;
  /** Of the declared shape; null where it is open or absent. */
  readonly rank: number | null;
  readonly width: number | null;
}

/**
 * The meaning of every output, in order. A classifier's label and probabilities are found by following each output
 * back to the node that makes it; where that is no classifier node (scikit-learn's networks, Bayes models, …), the
 * exporters' convention counts: a label looked up by ArgMax, and an output called probabilities. At most one output is
 * the label and one the probabilities; anything else, scores included, is a value.
 */
export function outputMeanings(
  index: GraphIndex,
  outputs: readonly OutputTensorInfo[],
  zipped: ReadonlyMap<string, ZippedOutput>,
): readonly OutputMeaning[] {
  const zippedTensors = new Map([...zipped.values()].map(({ tensor, classes }) => [tensor, classes]));
  const labels = outputs.map((output) => (zippedTensors.has(output.name) ? null : labelOf(index, output)));
  const label = labels.find((found) => found !== null) ?? null;
  const labelAt = labels.indexOf(label);
  let foundProbabilities = false;
  return outputs.map((output, position): OutputMeaning => {
    if (label !== null && position === labelAt) return { role: 'label', classes: label.classes };
    const classes = zippedTensors.get(output.name);
    const found = classes === undefined ? probabilitiesOf(index, output, label) : { classes };
    if (found === null || foundProbabilities) return { role: 'value', classes: null };
    foundProbabilities = true;
    return { role: 'probabilities', classes: found.classes };
  });
}

interface Found {
  readonly classes: Classes | null;
}

const sameLabels = new Set(['Identity', 'Cast', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten']);
const normalising = new Set(['Softmax', 'Sigmoid', 'Normalizer']);
const sameClasses = new Set([...sameLabels, ...normalising, 'Clip']);
const scaling = new Set(['Mul', 'Div', 'Add', 'Sub']);
const classifiers = new Set(['TreeEnsembleClassifier', 'LinearClassifier', 'SVMClassifier']);

function labelOf(index: GraphIndex, output: OutputTensorInfo): Found | null {
  if (output.isFloat) return null;
  const { node, tensor } = followed(index, output.name, ({ type }) => sameLabels.has(type));
  const found = node === undefined ? null : labelOfNode(index, node, tensor);
  if (found !== null) return found;
  return /label/i.test(output.name) ? { classes: null } : null;
}

function labelOfNode(
  index: GraphIndex,
  node: NodeMessage,
  tensor: string,
  renamed: readonly NodeMessage[] = [],
): Found | null {
  if (classifiers.has(node.type)) return node.outputs[0] === tensor ? { classes: classesOf(node) } : null;
  if (node.type === 'ArgMax') return { classes: null };
  if (node.type === 'ArrayFeatureExtractor' || node.type === 'Gather') return lookedUpLabel(index, node);
  if (node.type === 'LabelEncoder' && !renamed.includes(node)) return renamedLabel(index, node, [...renamed, node]);
  return null;
}

/** `classes[ArgMax(scores)]`. */
function lookedUpLabel(index: GraphIndex, { inputs }: NodeMessage): Found | null {
  const values = index.graph.initializers.get(inputs[0] ?? '');
  const { node } = followed(index, inputs[1] ?? '', ({ type }) => sameLabels.has(type));
  if (values === undefined || node?.type !== 'ArgMax') return null;
  return { classes: elementsOf(values) };
}

/** Class numbers renamed after the classifier. `renamed`: the encoders passed, so that a circle of them has an end. */
function renamedLabel(index: GraphIndex, node: NodeMessage, renamed: readonly NodeMessage[]): Found | null {
  const inner = followed(index, node.inputs[0] ?? '', ({ type }) => sameLabels.has(type));
  const source = inner.node === undefined ? null : labelOfNode(index, inner.node, inner.tensor, renamed);
  if (source === null) return null;
  const keys = integersOf(node, 'keys_int64s');
  const names = stringsOf(node, 'values_strings');
  const classes = (source.classes ?? keys).map((key) => names[keys.indexOf(Number(key))]);
  return { classes: classes.every((name) => name !== undefined) ? classes : null };
}

function probabilitiesOf(index: GraphIndex, output: OutputTensorInfo, label: Found | null): Found | null {
  if (!output.isFloat || (output.rank !== null && output.rank !== 2)) return null;
  const passes = (each: NodeMessage) => sameClasses.has(each.type) || isScaling(index, each);
  const { node, tensor, passed } = followed(index, output.name, passes);
  const normalised = passed.some(({ type }) => normalising.has(type));
  if (node !== undefined && classifiers.has(node.type)) {
    if (node.outputs[1] !== tensor) return null;
    return normalised || givesProbabilities(node) ? { classes: classesOf(node) } : null;
  }
  if (label === null) return null;
  const fits = output.width === null || label.classes === null || output.width === label.classes.length;
  return fits && (normalised || /prob/i.test(output.name)) ? { classes: label.classes } : null;
}

/** Without a transformation, linear and support vector classifiers give scores; trees give the shares of their leaves. */
function givesProbabilities(node: NodeMessage): boolean {
  if (node.type === 'TreeEnsembleClassifier') return true;
  if (node.type === 'SVMClassifier' && floatCountOf(node, 'prob_a') > 0) return true;
  return (stringOf(node, 'post_transform') ?? 'NONE') !== 'NONE';
}

function classesOf(node: NodeMessage): Classes | null {
  for (const name of ['classlabels_int64s', 'classlabels_ints']) {
    const integers = integersOf(node, name);
    if (integers.length > 0) return integers;
  }
  const strings = stringsOf(node, 'classlabels_strings');
  return strings.length > 0 ? strings : null;
}

interface Followed {
  /** The tensor it ends at, and the node that makes it. */
  readonly tensor: string;
  readonly node: NodeMessage | undefined;
  readonly passed: readonly NodeMessage[];
}

/** Back along first inputs while `passes` holds. */
function followed(index: GraphIndex, name: string, passes: (node: NodeMessage) => boolean): Followed {
  let tensor = name;
  let node = index.producerOf(tensor);
  const passed: NodeMessage[] = [];
  while (node !== undefined && !passed.includes(node) && passes(node)) {
    passed.push(node);
    tensor = node.inputs[0] ?? '';
    node = index.producerOf(tensor);
  }
  return { tensor, node, passed };
}

/** Multiplied by or added to a constant of the graph. */
const isScaling = ({ graph }: GraphIndex, { type, inputs }: NodeMessage): boolean =>
  scaling.has(type) && graph.initializers.has(inputs[1] ?? '');
