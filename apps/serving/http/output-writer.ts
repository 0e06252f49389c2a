import type { OutputInfo, Signature, TensorType } from '#libs/contracts/index.js';
import type { Column, ColumnData, LoadedModel } from '#libs/inference/index.js';
import { assertNever } from '#libs/kernel/index.js';
import type { JsonBytes } from './json-bytes.js';

/** The output of one row as JSON text: what `JSON.stringify(model.outputOf(outputs, row))` gives, at a third of the cost. */
export type OutputWriter = (outputs: readonly Column[], row: number) => string;

/** The same text as bytes, behind what `into` has. */
export type OutputBytesWriter = (outputs: readonly Column[], row: number, into: JsonBytes) => void;

type WrittenModel = Pick<LoadedModel, 'signature' | 'outputColumns' | 'outputOf'>;

/** Compiled once per version. Outputs of unusual form are left to `outputOf`. */
export function outputWriter(model: WrittenModel): OutputWriter {
  const layout = outputLayout(model);
  if (layout === null) return (outputs, row) => JSON.stringify(model.outputOf(outputs, row));
  const { elements, after } = layout;
  return (outputs, row) => {
    let text = '';
    for (const { before, column, width, offset, write } of elements)
      text += before + write(outputs[column]!.data, row * width + offset);
    return text + after;
  };
}

/** Compiled once per version, like the one before. */
export function outputBytesWriter(model: WrittenModel): OutputBytesWriter {
  const layout = outputLayout(model);
  if (layout === null)
    return (outputs, row, into) => {
      into.text(JSON.stringify(model.outputOf(outputs, row)));
    };
  const elements = layout.elements.map((element) => ({ ...element, before: Buffer.from(element.before, 'utf8') }));
  const after = Buffer.from(layout.after, 'utf8');
  return (outputs, row, into) => {
    for (let index = 0; index < elements.length; index++) {
      const { before, column, width, offset, write, isText } = elements[index]!;
      into.bytes(before);
      const element = write(outputs[column]!.data, row * width + offset);
      if (isText) into.text(element);
      else into.ascii(element);
    }
    into.bytes(after);
  };
}

/** One number or text of a row's output, and what stands in front of it. */
interface ElementLayout {
  readonly before: string;
  readonly column: number;
  readonly width: number;
  readonly offset: number;
  readonly write: ElementWriter;
  /** It may have other characters than ASCII ones. */
  readonly isText: boolean;
}

interface OutputLayout {
  readonly elements: readonly ElementLayout[];
  readonly after: string;
}

/** Null for outputs of unusual form. */
function outputLayout({ signature, outputColumns }: WrittenModel): OutputLayout | null {
  const roles = new Set(signature.outputs.map(({ role }) => role));
  if (roles.size < signature.outputs.length) return null;
  const elements: ElementLayout[] = [];
  let between = '{';
  for (const [column, info] of signature.outputs.entries()) {
    const width = outputColumns[column]?.width ?? 0;
    const field = fieldLayout(info, width, signature.classes);
    if (field === null) return null;
    const common = { column, width, write: elementWriter(info.type), isText: info.type === 'string' };
    for (const [offset, head] of field.heads.entries())
      elements.push({ ...common, offset, before: offset === 0 ? between + head : head });
    between = `${field.after},`;
  }
  return { elements, after: elements.length === 0 ? '{}' : `${between.slice(0, -1)}}` };
}

/** What stands in front of each element of a field, and behind the last. */
interface FieldLayout {
  readonly heads: readonly string[];
  readonly after: string;
}

function fieldLayout({ role }: OutputInfo, width: number, classes: Signature['classes']): FieldLayout | null {
  switch (role) {
    case 'label':
    case 'value':
      return width === 1 ? { heads: [`"${role}":`], after: '' } : null;
    case 'probabilities':
      return probabilitiesLayout(width, classes);
    default:
      return assertNever(role, 'output role');
  }
}

function probabilitiesLayout(width: number, classes: Signature['classes']): FieldLayout | null {
  const names = Array.from({ length: width }, (_, at) => String(classes?.[at] ?? at));
  if (width === 0 || new Set(names).size < width) return null;
  const heads = names.map((name, at) => `${at === 0 ? '"probabilities":{' : ','}${JSON.stringify(name)}:`);
  return { heads, after: '}' };
}

type ElementWriter = (data: ColumnData, at: number) => string;

function elementWriter(type: TensorType): ElementWriter {
  switch (type) {
    case 'float32':
    case 'float64':
      return (data, at) => {
        const value = data[at] as number;
        return Number.isFinite(value) ? `${value}` : 'null';
      };
    case 'int64':
      return (data, at) => {
        const value = data[at] as bigint;
        if (value >= 0n && value < smallIntegers.length) return smallIntegers[Number(value)]!;
        return Number.isSafeInteger(Number(value)) ? `${value}` : `"${value}"`;
      };
    case 'int32':
    case 'int16':
    case 'int8':
    case 'uint8':
      return (data, at) => `${data[at] as number}`;
    case 'bool':
      return (data, at) => (data[at] === 0 ? 'false' : 'true');
    case 'string':
      return (data, at) => JSON.stringify(data[at]);
    default:
      return assertNever(type, 'tensor type');
  }
}

/** Most labels are one of these. */
const smallIntegers = Array.from({ length: 256 }, (_, value) => String(value));
