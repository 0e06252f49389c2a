import {
  api,
  rejection,
  type Feature,
  type InputColumnSpec,
  type Rejection,
  type Signature,
} from '#libs/contracts/index.js';
import { InputBatch, type Column, type ColumnData, type ColumnRefusal } from '#libs/inference/index.js';
import { accept, assertNever, reject, type Result } from '#libs/kernel/index.js';
import { asColumn, writeTensor, type Misfit, type Place } from './convert.js';
import { datatypeOf, described, elementsOf, familyOf } from './datatypes.js';
import { rowShapeOf } from './model-metadata.js';
import type { InputTensor, TensorMetadata } from './protocol.js';

/** Rows as the model receives them. */
export interface BoundInputs {
  readonly columns: readonly Column[];
  readonly rows: number;
  /** A rule of the columns that a value breaks, told of the tensor that brought it. */
  readonly refusalOf: (refusal: ColumnRefusal) => Rejection;
}

/** Puts the tensors of a request where the model wants them; or names the tensor that does not fit, and what would. */
export type InputBinding = (tensors: readonly InputTensor[]) => Result<BoundInputs, Rejection>;

/**
 * Compiled once per version. A tensor is a whole graph input by the input's name, or one feature by the feature's name;
 * a single tensor of any other name is the whole input of a model that has one, of numbers. Features without a tensor are
 * missing values where they may be missing.
 */
export function inputBinding(signature: Signature, inputColumns: readonly InputColumnSpec[]): InputBinding {
  const targets = targetsOf(signature, inputColumns);
  return (tensors) => {
    const placed = placedTensors(tensors, targets);
    if (!placed.ok) return placed;
    const missing = missingTensor(placed.value.tensorOf, signature, targets);
    if (missing !== null) return reject(missing);
    return written(placed.value, signature, inputColumns);
  };
}

/** Rows of a request as its first tensor has them, within what a request may have. Binding says what is wrong with them. */
export const rowsOf = ([first]: readonly InputTensor[]): number =>
  Math.min(api.batchLimits.rows, Math.max(1, first?.shape[0] ?? 1));

/** What a tensor of a name stands for. */
interface Target extends TensorMetadata {
  readonly column: number;
  readonly place: Place;
  readonly rowShape: readonly number[];
  /** Those that it fills. */
  readonly features: readonly string[];
}

interface Targets {
  readonly inputs: ReadonlyMap<string, Target>;
  readonly features: ReadonlyMap<string, Target>;
  /** Of a tensor whose name says nothing. */
  readonly only: Target | null;
}

interface Placed {
  readonly rows: number;
  readonly parts: readonly { readonly tensor: InputTensor; readonly target: Target }[];
  /** By feature: the name of the tensor that has it. */
  readonly tensorOf: ReadonlyMap<string, string>;
}

function targetsOf({ inputs, features }: Signature, columns: readonly InputColumnSpec[]): Targets {
  const whole = inputs.map(({ name, shape }, column): Target => {
    const own = features
      .filter(({ input }) => input === name)
      .toSorted((one, other) => (one.index ?? 0) - (other.index ?? 0));
    const { width } = columns[column]!;
    return targetOf(name, column, columns[column]!, own, rowShapeOf(shape), { offset: 0, span: width });
  });
  const single = features.map((feature): Target => {
    const column = inputs.findIndex(({ name }) => name === feature.input);
    const rowShape = feature.shape ?? [];
    const place = { offset: feature.index ?? 0, span: elementsOf(rowShape) };
    return targetOf(feature.name, column, columns[column]!, [feature], rowShape, place);
  });
  const [first, ...more] = whole;
  return {
    inputs: new Map(whole.map((target) => [target.name, target])),
    features: new Map(single.map((target) => [target.name, target])),
    only: more.length === 0 && familyOf(first!.datatype) === 'number' ? first! : null,
  };
}

function targetOf(
  name: string,
  column: number,
  { type, width }: InputColumnSpec,
  features: readonly Feature[],
  rowShape: readonly number[],
  at: { readonly offset: number; readonly span: number },
): Target {
  return {
    name,
    datatype: datatypeOf[type],
    shape: [-1, ...rowShape],
    column,
    place: { type, width, nullable: features.map(({ nullable }) => nullable), ...at },
    rowShape,
    features: features.map((feature) => feature.name),
  };
}

function placedTensors(tensors: readonly InputTensor[], targets: Targets): Result<Placed, Rejection> {
  const tensorOf = new Map<string, string>();
  const parts: Placed['parts'][number][] = [];
  let rows = 0;
  for (const tensor of tensors) {
    const target = targetFor(tensor, targets, tensors.length === 1);
    if (target === undefined) return reject(unknownTensor(tensor.name, targets));
    const misfit = misfitOf(tensor, target);
    if (misfit !== null) return reject(invalidTensor(tensor.name, misfit));
    if (parts.length > 0 && tensor.shape[0] !== rows) {
      const misfits = `expected ${rows} rows as in tensor '${parts[0]!.tensor.name}', got ${tensor.shape[0]!}`;
      return reject(invalidTensor(tensor.name, misfits));
    }
    rows = tensor.shape[0]!;
    for (const feature of target.features) {
      const other = tensorOf.get(feature);
      if (other === tensor.name) return reject(invalidTensor(tensor.name, 'expected once, is there twice'));
      if (other !== undefined)
        return reject(invalidTensor(tensor.name, `expected feature '${feature}' once, tensor '${other}' has it too`));
      tensorOf.set(feature, tensor.name);
    }
    parts.push({ tensor, target });
  }
  if (rows === 0 && tensors.length > 0) return reject(emptyTensor(tensors[0]!.name));
  if (rows > api.batchLimits.rows) return reject(tooManyRows(tensors[0]!.name, rows));
  return accept({ rows, parts, tensorOf });
}

/** A graph input may be called as one of its features: then the shape says which is meant. */
function targetFor(tensor: InputTensor, targets: Targets, alone: boolean): Target | undefined {
  const input = targets.inputs.get(tensor.name);
  const feature = targets.features.get(tensor.name);
  if (input !== undefined && (feature === undefined || hasShape(tensor.shape, input))) return input;
  return feature ?? (alone ? (targets.only ?? undefined) : undefined);
}

function misfitOf({ datatype, shape, data }: InputTensor, target: Target): string | null {
  const got = described({ datatype, shape });
  const wrong = shapeProblem(shape);
  if (wrong !== null) return wrong;
  if (familyOf(datatype) !== familyOf(target.datatype) || !hasShape(shape, target))
    return `expected ${described(target)}, got ${got}`;
  const elements = elementsOf(shape);
  return data.length === elements ? null : `expected ${elements} elements for ${got}, got ${data.length}`;
}

/** More than any array library has. Nested data are read by recursion, as deep as the shape. */
const mostDimensions = 64;

/** What no shape may have, whatever the model. */
export function shapeProblem(shape: readonly number[]): string | null {
  if (shape.length > mostDimensions) return `expected at most ${mostDimensions} dimensions, got ${shape.length}`;
  if (shape.some((length) => length < 0)) return `expected no negative dimension, got shape [${shape.join(', ')}]`;
  return null;
}

/** One value a row may come as [n] or as [n, 1]. */
function hasShape([rows, ...row]: readonly number[], { rowShape, place: { span } }: Target): boolean {
  if (rows === undefined) return false;
  if (span === 1 && row.every((length) => length === 1)) return row.length <= Math.max(1, rowShape.length);
  return row.length === rowShape.length && row.every((length, at) => length === rowShape[at]);
}

function missingTensor(
  tensorOf: Placed['tensorOf'],
  { inputs, features }: Signature,
  targets: Targets,
): Rejection | null {
  const absent = features.filter(({ name, nullable }) => !nullable && !tensorOf.has(name));
  if (absent.length === 0 && tensorOf.size > 0) return null;
  const wanted = new Set<Target>();
  for (const { name } of inputs) {
    const target = targets.inputs.get(name)!;
    if (target.features.every((feature) => !tensorOf.has(feature))) wanted.add(target);
  }
  for (const { name, input } of absent)
    if (!wanted.has(targets.inputs.get(input)!)) wanted.add(targets.features.get(name)!);
  const listed = [...wanted].slice(0, listedTensors);
  const detail = listed.map((target) => `tensor '${target.name}' is missing: expected ${described(target)}`).join('; ');
  return rejection(
    'invalid_tensor',
    detail,
    listed.map((target) => ({ path: pathOf(target.name), message: `expected ${described(target)}` })),
  );
}

/** Tensors that are columns already are taken as they are; the others are written into new ones. */
function written(
  { rows, parts, tensorOf }: Placed,
  signature: Signature,
  inputColumns: readonly InputColumnSpec[],
): Result<BoundInputs, Rejection> {
  const data = new Array<ColumnData | undefined>(inputColumns.length);
  for (const { tensor, target } of parts) {
    const { column, place } = target;
    const whole = asColumn(tensor, place);
    if (whole !== null) {
      data[column] = whole;
      continue;
    }
    data[column] ??= emptyColumn(inputColumns[column]!, rows);
    const misfit = writeTensor(tensor, place, data[column]);
    if (misfit === null) continue;
    return reject(invalidTensor(tensor.name, `${placeOf(misfit, target)}: ${misfit.message} (${described(target)})`));
  }
  const columns = inputColumns.map(({ name, type, width }, index): Column => {
    const own = data[index] ?? emptyColumn(inputColumns[index]!, rows);
    return { name, type, width, data: own };
  });
  fillMissing(columns, signature, tensorOf);
  return accept({ columns, rows, refusalOf: (refusal) => valueRejection(refusal, tensorOf) });
}

/** With the feature where a tensor has several. */
function placeOf({ element }: Misfit, { features, place: { span } }: Target): string {
  const row = `row ${Math.floor(element / span)}`;
  return features.length === 1 ? row : `feature '${features[element % span]!}', ${row}`;
}

const emptyColumn = (spec: InputColumnSpec, rows: number): ColumnData => new InputBatch([spec], rows).columns[0]!.data;

/** Texts are empty already; of numbers only floats may be missing. */
function fillMissing(columns: readonly Column[], { features }: Signature, tensorOf: Placed['tensorOf']): void {
  for (const { name, input, index, shape } of features) {
    if (tensorOf.has(name)) continue;
    const { type, width, data } = columns.find((column) => column.name === input)!;
    if (type !== 'float32' && type !== 'float64') continue;
    const span = elementsOf(shape ?? []);
    for (let at = index ?? 0; at < data.length; at += width) (data as Float32Array).fill(Number.NaN, at, at + span);
  }
}

function valueRejection({ code, feature, message }: ColumnRefusal, tensorOf: Placed['tensorOf']): Rejection {
  const name = tensorOf.get(feature)!;
  const errors = [{ path: pathOf(name), message }];
  const detail = `tensor '${shortened(name)}': ${message}`;
  switch (code) {
    case 'not_finite':
      return rejection('not_finite', detail, errors);
    case 'null_feature':
      return rejection('missing_feature', detail, errors);
    case 'ill_typed_feature':
      return rejection('invalid_tensor', detail, errors);
    default:
      return assertNever(code, 'column refusal');
  }
}

const listedTensors = 20;
const shownLength = 128;
const shortened = (text: string): string => (text.length <= shownLength ? text : `${text.slice(0, shownLength - 1)}…`);
const pathOf = (tensor: string): string => `inputs.${shortened(tensor)}`;

export const invalidTensor = (name: string, misfit: string): Rejection =>
  rejection('invalid_tensor', `tensor '${shortened(name)}': ${misfit}`, [{ path: pathOf(name), message: misfit }]);

function unknownTensor(name: string, { inputs, features }: Targets): Rejection {
  const names = [...new Set([...inputs.keys(), ...features.keys()])];
  const listed = names.slice(0, listedTensors).map((each) => `'${each}'`);
  const more = names.length > listedTensors ? ` and ${names.length - listedTensors} more` : '';
  return invalidTensor(name, `this tensor is unknown: expected one of ${listed.join(', ')}${more}`);
}

const emptyTensor = (name: string): Rejection =>
  rejection('empty_batch', `tensor '${shortened(name)}': expected at least one row`, [
    { path: pathOf(name), message: 'expected at least one row' },
  ]);

const tooManyRows = (name: string, rows: number): Rejection =>
  rejection(
    'payload_too_large',
    `tensor '${shortened(name)}' has ${rows} rows: a request holds at most ${api.batchLimits.rows}`,
    [{ path: pathOf(name), message: `expected at most ${api.batchLimits.rows} rows` }],
  );
