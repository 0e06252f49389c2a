import type { OutputInfo, Signature, TensorType } from '#libs/contracts/index.js';
import type { Column, ColumnData, LoadedModel } from '#libs/inference/index.js';
import { assertNever } from '#libs/kernel/index.js';

/** The output of one row as JSON text: what `JSON.stringify(model.outputOf(outputs, row))` gives, at a third of the cost. */
export type OutputWriter = (outputs: readonly Column[], row: number) => string;

/** Compiled once per version. Outputs of unusual form are left to `outputOf`. */
export function outputWriter(model: Pick<LoadedModel, 'signature' | 'outputColumns' | 'outputOf'>): OutputWriter {
  const { signature, outputColumns } = model;
  const fields: FieldWriter[] = [];
  for (const [index, info] of signature.outputs.entries()) {
    const field = fieldWriter(info, index, outputColumns[index]?.width ?? 0, signature);
    if (field !== null) fields.push(field);
  }
  const roles = new Set(signature.outputs.map(({ role }) => role));
  if (fields.length < signature.outputs.length || roles.size < signature.outputs.length)
    return (outputs, row) => JSON.stringify(model.outputOf(outputs, row));
  return (outputs, row) => {
    let text = '{';
    for (let index = 0; index < fields.length; index++) {
      if (index > 0) text += ',';
      text += fields[index]!(outputs, row);
    }
    return text + '}';
  };
}

type FieldWriter = (outputs: readonly Column[], row: number) => string;

function fieldWriter(info: OutputInfo, index: number, width: number, signature: Signature): FieldWriter | null {
  switch (info.role) {
    case 'label':
    case 'value': {
      if (width !== 1) return null;
      const element = elementWriter(info.type);
      const head = `"${info.role}":`;
      return (outputs, row) => head + element(outputs[index]!.data, row);
    }
    case 'probabilities':
      return probabilitiesWriter(info.type, index, width, signature.classes);
    default:
      return assertNever(info.role, 'output role');
  }
}

function probabilitiesWriter(
  type: TensorType,
  index: number,
  width: number,
  classes: Signature['classes'],
): FieldWriter | null {
  const names = Array.from({ length: width }, (_, at) => String(classes?.[at] ?? at));
  if (width === 0 || new Set(names).size < width) return null;
  const element = elementWriter(type);
  const heads = names.map((name, at) => `${at === 0 ? '"probabilities":{' : ','}${JSON.stringify(name)}:`);
  return (outputs, row) => {
    const { data } = outputs[index]!;
    let text = '';
    for (let at = 0; at < width; at++) text += heads[at]! + element(data, row * width + at);
    return text + '}';
  };
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
