import { assertNever } from '#libs/kernel/index.js';
import { attribute, valueInfo } from '#libs/onnx/index.js';
import type { Adjustment, Category, FittedFeatures, FittedStep, InputKind, RawColumn } from './fitted.js';
import { binsNode } from './graph-bins.js';
import { datePartNodes } from './graph-dates.js';
import { GraphFragment } from './graph-fragment.js';
import { widthOf } from './outputs.js';

type Bytes = Uint8Array;

/** A part of an ONNX graph, for `modelBytes` of libs/onnx: from raw columns to the feature matrix. */
export interface FeatureGraph {
  readonly inputs: readonly Bytes[];
  readonly nodes: readonly Bytes[];
  readonly initializers: readonly Bytes[];
  /** Tensor of float32 [rows, width]: the features. May be an input of the graph. */
  readonly output: string;
  readonly width: number;
  /** Raw columns in the order of the inputs' columns: the file's metadata `feature_names`, as a JSON list. */
  readonly featureNames: readonly string[];
  /** Those that may be missing when served. */
  readonly nullable: readonly string[];
  readonly opsets: Readonly<Record<string, number>>;
}

/**
 * The graph that computes what `transformFeatures` does, to the bit, for any row whatever rows are run with it. No text
 * makes it fail: one that is no timestamp has missing parts, one that is no known category is in the unknown bucket.
 */
export function featureGraph(fitted: FittedFeatures): FeatureGraph {
  const raw = new RawTensors(fitted.inputs);
  const blocks = fitted.steps.map((step) => stepTensor(step, raw));
  const output = blocks.length === 1 ? blocks[0]! : raw.graph.add('Concat', blocks, [attribute.integer('axis', 1)]);
  return {
    inputs: raw.inputs,
    nodes: raw.graph.nodes,
    initializers: raw.graph.initializers,
    output,
    width: fitted.steps.reduce((sum, step) => sum + widthOf(step), 0),
    featureNames: fitted.inputs.map(({ name }) => name),
    nullable: fitted.inputs.filter(({ nullable }) => nullable).map(({ name }) => name),
    opsets: opsetsOf(fitted),
  };
}

/** Names of the graph's inputs: the kinds, unless a raw column of the same name could be taken for the input. */
export function inputNames(columns: readonly RawColumn[]): Readonly<Record<InputKind, string>> {
  const taken = new Set(columns.map(({ name }) => name));
  const free = (name: string): string => (taken.has(name) ? free(`${name}_`) : name);
  return { numbers: free('numbers'), texts: free('texts'), flags: free('flags') };
}

/** Timestamps are read by operators of version 20; without them any runtime since 2021 reads the file. */
const opsetsOf = ({ steps }: FittedFeatures): Record<string, number> => ({
  '': steps.some(({ type }) => type === 'date_parts') ? 20 : 17,
  'ai.onnx.ml': 3,
});

const elementTypes = { numbers: 'float32', texts: 'string', flags: 'bool' } as const;
const onnxFloat32 = 1;

/** The graph's inputs, and columns picked from them. */
class RawTensors {
  readonly graph = new GraphFragment('features/');
  readonly inputs: readonly Bytes[];
  readonly #names: Readonly<Record<InputKind, string>>;
  readonly #columns: ReadonlyMap<string, RawColumn>;
  readonly #counts: Readonly<Record<InputKind, number>>;

  constructor(columns: readonly RawColumn[]) {
    const count = (kind: InputKind) => columns.filter(({ input }) => input === kind).length;
    this.#names = inputNames(columns);
    this.#columns = new Map(columns.map((column) => [column.name, column]));
    this.#counts = { numbers: count('numbers'), texts: count('texts'), flags: count('flags') };
    this.inputs = (['numbers', 'texts', 'flags'] as const)
      .filter((kind) => this.#counts[kind] > 0)
      .map((kind) => valueInfo(this.#names[kind], elementTypes[kind], [null, this.#counts[kind]]));
  }

  /** Numbers and flags as float32 [rows, columns]. */
  numbers(columns: readonly string[]): string {
    const { numbers, flags } = this.#counts;
    const places = columns.map((name) => {
      const { input, index } = this.#columns.get(name)!;
      return input === 'flags' ? numbers + index : index;
    });
    // Columns of one kind are picked from its input; then the other kind need not be copied.
    if (places.every((place) => place < numbers)) return this.#pick(this.#names.numbers, numbers, places);
    const cast = this.graph.add('Cast', [this.#names.flags], [attribute.integer('to', onnxFloat32)]);
    if (places.every((place) => place >= numbers)) {
      const ofFlags = places.map((place) => place - numbers);
      return this.#pick(cast, flags, ofFlags);
    }
    const all = this.graph.add('Concat', [this.#names.numbers, cast], [attribute.integer('axis', 1)]);
    return this.#pick(all, numbers + flags, places);
  }

  /** Texts as strings [rows, columns]. */
  texts(columns: readonly string[]): string {
    const places = columns.map((name) => this.#columns.get(name)!.index);
    return this.#pick(this.#names.texts, this.#counts.texts, places);
  }

  /** One column: strings of a text, else float32. */
  column(name: string): string {
    return this.isText(name) ? this.texts([name]) : this.numbers([name]);
  }

  isText(name: string): boolean {
    return this.#columns.get(name)!.input === 'texts';
  }

  /** Columns side by side are cut out row by row, which is faster than element by element. */
  #pick(tensor: string, width: number, places: readonly number[]): string {
    const inSequence = places.every((place, at) => place === places[0]! + at);
    if (inSequence && places.length === width) return tensor;
    if (!inSequence) {
      const indices = this.graph.int64([places.length], places);
      return this.graph.add('Gather', [tensor, indices], [attribute.integer('axis', 1)]);
    }
    const [from, to] = [places[0]!, places[0]! + places.length];
    const bounds = [this.graph.int64([1], [from]), this.graph.int64([1], [to]), this.graph.int64([1], [1])];
    return this.graph.add('Slice', [tensor, ...bounds]);
  }
}

function stepTensor(step: FittedStep, raw: RawTensors): string {
  const { graph } = raw;
  switch (step.type) {
    case 'numeric': {
      const values = raw.numbers(step.columns);
      const adjusted = adjusted32(graph, values, step);
      if (!step.indicator) return adjusted;
      const missing = graph.add('Cast', [graph.add('IsNaN', [values])], [attribute.integer('to', onnxFloat32)]);
      return graph.add('Concat', [adjusted, missing], [attribute.integer('axis', 1)]);
    }
    case 'one_hot': {
      const { length } = step.categories;
      const position = positions(raw, step.column, step.categories, length);
      const flat = graph.add('Reshape', [position, graph.int64([1], [-1])]);
      const values = graph.float32([2], [0, 1]);
      return graph.add('OneHot', [flat, graph.int64([], [length + 1]), values], [attribute.integer('axis', -1)]);
    }
    case 'ordinal':
      return lookUp(
        raw,
        step.column,
        step.categories,
        step.categories.map((_, rank) => rank),
        -1,
      );
    case 'target': {
      const { column, categories, values, otherwise } = step;
      if (otherwise.length === 1)
        return lookUp(
          raw,
          column,
          categories,
          values.map(([value]) => value!),
          otherwise[0]!,
        );
      const table = graph.float32([values.length + 1, otherwise.length], [...values, otherwise].flat());
      const position = positions(raw, column, categories, categories.length);
      const flat = graph.add('Reshape', [position, graph.int64([1], [-1])]);
      return graph.add('Gather', [table, flat], [attribute.integer('axis', 0)]);
    }
    case 'date_parts':
      return adjusted32(graph, datePartNodes(graph, raw.texts(step.columns), step), step);
    case 'bins':
      return binsNode(graph, raw.numbers(step.columns), step.edges);
    case 'interaction': {
      const [left, right] = [step.pairs.map(([one]) => one), step.pairs.map(([, other]) => other)];
      return graph.add('Mul', [raw.numbers(left), raw.numbers(right)]);
    }
    default:
      return assertNever(step, 'feature step');
  }
}

function adjusted32(graph: GraphFragment, tensor: string, { fill, shift, factor }: Adjustment): string {
  const row = (values: readonly number[]) => graph.float32([1, values.length], values);
  let adjusted = tensor;
  if (fill !== null) adjusted = graph.add('Where', [graph.add('IsNaN', [adjusted]), row(fill), adjusted]);
  if (shift !== null) adjusted = graph.add('Sub', [adjusted, row(shift)]);
  if (factor !== null) adjusted = graph.add('Mul', [adjusted, row(factor)]);
  return adjusted;
}

/** int64 [rows, 1]: the category's position, or `otherwise`. */
function positions(raw: RawTensors, column: string, categories: readonly Category[], otherwise: number): string {
  return encoder(raw, column, categories, [
    attribute.integers(
      'values_int64s',
      orPlaceholder(
        categories.map((_, position) => position),
        otherwise,
      ),
    ),
    attribute.integer('default_int64', otherwise),
  ]);
}

/** float32 [rows, 1]: the category's value, or `otherwise`. */
function lookUp(
  raw: RawTensors,
  column: string,
  categories: readonly Category[],
  values: readonly number[],
  otherwise: number,
): string {
  return encoder(raw, column, categories, [
    attribute.floats('values_floats', orPlaceholder(values, otherwise)),
    attribute.float('default_float', otherwise),
  ]);
}

function encoder(raw: RawTensors, column: string, categories: readonly Category[], values: readonly Bytes[]): string {
  const keys = raw.isText(column)
    ? attribute.strings('keys_strings', orPlaceholder(categories.map(String), ''))
    : attribute.floats('keys_floats', orPlaceholder(categories.map(Number), 0));
  return raw.graph.add('LabelEncoder', [raw.column(column)], [keys, ...values], 'ai.onnx.ml');
}

/** The encoder takes no empty lists: without categories it knows one, whose value is that of all others. */
const orPlaceholder = <T>(list: readonly T[], only: T): readonly T[] => (list.length === 0 ? [only] : list);
