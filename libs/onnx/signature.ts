import { accept, type Result } from '#libs/kernel/index.js';
import { api, type OutputInfo, type Signature, type TensorInfo, type TensorType } from '#libs/contracts/index.js';
import { dataType } from './attributes.js';
import { featuresOf } from './features.js';
import { indexOf, type GraphIndex } from './graph-index.js';
import type { ValueInfo } from './messages.js';
import { openModel } from './open-model.js';
import { orRejection, Refused, type OnnxRejection } from './rejection.js';
import { outputMeanings, type OutputMeaning, type OutputTensorInfo } from './roles.js';
import { widthFacts } from './width.js';
import { zippedOutputs, type Classes, type ZippedOutput } from './zipmap.js';

export interface SignatureOptions {
  /** One name per feature, in the order of the graph's columns. Default: the file's own, else `f0`, `f1`, … */
  readonly featureNames?: readonly string[] | undefined;
  /** Float and text features for which absence or null is a missing value: NaN to the model, or an empty text. */
  readonly nullable?: readonly string[] | undefined;
}

/**
 * Inputs, outputs, features and classes of a model as it is served: after `removeZipMap`, so the outputs are those of
 * the rewritten bytes. The first dimension of every input and output is the batch; one fixed at 1 stays 1 in `inputs`.
 */
export function readSignature(bytes: Uint8Array, options: SignatureOptions = {}): Result<Signature, OnnxRejection> {
  return orRejection(() => {
    const { graph, metadata } = openModel(bytes);
    const index = indexOf(graph);
    const inputs = inputsOf(index, options);
    const metadataNames = listIn(metadata.get('feature_names'));
    const features = featuresOf(inputs, { ...options, metadataNames });
    return accept({ inputs, features, ...outputsOf(index) });
  });
}

const typeNames = new Map<number, TensorType>(
  Object.entries(dataType).map(([name, number]) => [number, name as TensorType]),
);

/** TensorProto.DataType, for messages. */
const otherTypes: Record<number, string> = {
  4: 'uint16',
  10: 'float16',
  12: 'uint32',
  13: 'uint64',
  14: 'complex64',
  15: 'complex128',
  16: 'bfloat16',
};

/** Older exporters list initializers among the inputs: these are defaults, not something a caller gives. */
function inputsOf(index: GraphIndex, options: SignatureOptions): TensorInfo[] {
  const fed = index.graph.inputs.filter(({ name }) => !index.graph.initializers.has(name));
  if (fed.length === 0) throw new Refused('unsupported_model', 'the graph takes no input');
  const named = fed.length === 1 ? options.featureNames?.length : undefined;
  const inputs = fed.map((info) => {
    const what = `input '${info.name}'`;
    const type = elementTypeOf(info, what);
    return { name: info.name, type, shape: inputShape(index, info, what, named) };
  });
  refuseTooLarge(inputs);
  return inputs;
}

/** As many as `feature_names` may have. */
const mostFeatures = 100_000;
/** The body of a batch holds no more numbers, each with its comma. */
const largestRow = api.batchLimits.bytes / 2;

/** A few bytes of a graph can declare more columns than there is memory for their names. */
function refuseTooLarge(inputs: readonly TensorInfo[]): void {
  const rows = inputs.map(({ shape }) => shape.slice(1).map((length) => length ?? 1));
  const features = rows.reduce((sum, row) => sum + (row.length > 1 ? 1 : (row[0] ?? 1)), 0);
  if (features > mostFeatures) {
    const detail = `the graph takes ${features} features a row; served are at most ${mostFeatures}`;
    throw new Refused('unsupported_model', detail);
  }
  const elements = rows.reduce((sum, row) => sum + row.reduce((size, length) => size * length, 1), 0);
  if (elements > largestRow) {
    const detail = `the graph takes ${elements} values a row; served are at most ${largestRow}`;
    throw new Refused('unsupported_model', detail);
  }
}

function elementTypeOf({ kind, dataType: number }: ValueInfo, what: string): TensorType {
  if (kind !== 'tensor') throw new Refused('unsupported_model', `${what} is a ${kind}; only tensors can be served`);
  const type = typeNames.get(number);
  if (type !== undefined) return type;
  const supported = [...typeNames.values()].join(', ');
  const name = otherTypes[number] ?? `type number ${number}`;
  throw new Refused('unsupported_model', `${what} holds ${name}; served are ${supported}`);
}

function inputShape(
  index: GraphIndex,
  { name, shape }: ValueInfo,
  what: string,
  named: number | undefined,
): (number | null)[] {
  const declared = shape ?? [null, null];
  const [batch, ...row] = declared;
  if (batch === undefined || (batch !== null && batch !== 1)) {
    const detail = `${what} has shape ${shapeText(declared)}: its first dimension must be the batch, open or 1`;
    throw new Refused('unsupported_model', detail);
  }
  if (row.length > 1 && row.includes(null)) {
    const detail = `${what} has shape ${shapeText(declared)}: only the first dimension, the batch, may be open`;
    throw new Refused('unsupported_model', detail);
  }
  if (row.length !== 1) return [...declared];
  return [batch, columnCount(index, name, what, row[0] ?? null, named)];
}

function columnCount(
  index: GraphIndex,
  name: string,
  what: string,
  declared: number | null,
  named: number | undefined,
): number {
  const { exact, atLeast } = widthFacts(index, name);
  const width = declared ?? exact ?? named;
  if (width === undefined) {
    const detail = `${what} does not say how many columns it has, nor do the weights: give feature_names`;
    throw new Refused('unsupported_model', detail, [{ path: 'feature_names', message: detail }]);
  }
  if (width >= atLeast) return width;
  const detail = `the trees behind ${what} read ${atLeast} columns or more; it has ${width}`;
  if (declared !== null || exact !== null) throw new Refused('unsupported_model', detail);
  throw new Refused('signature_mismatch', detail, [{ path: 'feature_names', message: detail }]);
}

const shapeText = (shape: readonly (number | null)[]): string => `[${shape.map((length) => length ?? '?').join(', ')}]`;

function outputsOf(index: GraphIndex): Pick<Signature, 'outputs' | 'classes'> {
  const zipped = zippedOutputs(index);
  const infos = servedOutputs(index, zipped);
  if (infos.length === 0) throw new Refused('unsupported_model', 'the graph gives no output');
  const meanings = outputMeanings(index, infos.map(describe), zipped);
  const outputs = infos.map((info, position): OutputInfo => {
    const meaning = meanings[position]!;
    const type = elementTypeOf(info, `output '${info.name}'`);
    return { name: info.name, type, shape: outputShape(info, meaning), role: meaning.role };
  });
  const classes = classesOf(meanings);
  return classes === null ? { outputs } : { outputs, classes };
}

/** The graph's outputs, the tensor in place of what a ZipMap made of it, each once. */
function servedOutputs({ graph }: GraphIndex, zipped: ReadonlyMap<string, ZippedOutput>): ValueInfo[] {
  const plain = new Set(graph.outputs.filter(({ name }) => !zipped.has(name)).map(({ name }) => name));
  const infos: ValueInfo[] = [];
  for (const info of graph.outputs) {
    const replaced = zipped.get(info.name);
    if (replaced === undefined) infos.push(info);
    else if (!plain.has(replaced.tensor)) {
      plain.add(replaced.tensor);
      const shape = [null, replaced.classes.length || null];
      infos.push({ name: replaced.tensor, kind: 'tensor', dataType: dataType.float32, shape });
    }
  }
  return infos;
}

const describe = ({ name, dataType: type, shape }: ValueInfo): OutputTensorInfo => ({
  name,
  isFloat: type === dataType.float32 || type === dataType.float64,
  rank: shape?.length ?? null,
  width: shape?.length === 2 ? shape[1]! : null,
});

/** Declared batch dimensions are not to be trusted: LightGBM's exporter says 1 and gives any number of rows. */
function outputShape({ shape }: ValueInfo, { role, classes }: OutputMeaning): (number | null)[] {
  if (role === 'probabilities') return [null, classes?.length ?? shape?.[1] ?? null];
  if (shape === null) return role === 'label' ? [null] : [null, null];
  return [null, ...shape.slice(1)];
}

/** The probabilities' own order counts; a label's classes are the same list. */
function classesOf(meanings: readonly OutputMeaning[]): number[] | string[] | null {
  const classes: Classes | null =
    meanings.find(({ role }) => role === 'probabilities')?.classes ??
    meanings.find(({ role }) => role === 'label')?.classes ??
    null;
  if (classes === null || classes.length === 0) return null;
  const unsafe = classes.find((name) => typeof name === 'number' && !Number.isSafeInteger(name));
  if (unsafe !== undefined) throw new Refused('unsupported_model', `class ${unsafe} is beyond what JSON numbers hold`);
  return [...classes] as number[] | string[];
}

/** Feature names as a JSON list or separated by commas. */
function listIn(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  try {
    const names: unknown = JSON.parse(text);
    return isNameList(names) ? names : undefined;
  } catch {
    return text.split(',').map((name) => name.trim());
  }
}

const isNameList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== '');
