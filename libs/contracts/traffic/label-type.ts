import { assertNever } from '#libs/kernel/index.js';
import type { TensorType } from '../signature.js';
import type { ChunkSchema, OutputColumnSpec } from './chunk-schema.js';
import type { LabelRow } from './labels.js';

/** What a label of a version must be; `any` where its output does not say, as with several plain outputs. */
export type LabelType = 'string' | 'boolean' | 'integer' | 'number' | 'any';

/** The label that a version's outputs ask for: the class as trained, or the number. */
export function labelTypeOf({
  outputs,
  classes,
}: {
  readonly outputs: readonly Pick<OutputColumnSpec, 'role' | 'type' | 'width'>[];
  readonly classes?: ChunkSchema['classes'];
}): LabelType {
  const label = outputs.find(({ role }) => role === 'label');
  if (label !== undefined) return typeOf(label.type, 'class');
  if (outputs.some(({ role }) => role === 'probabilities'))
    return typeof classes?.[0] === 'string' ? 'string' : 'integer';
  const [value, ...others] = outputs;
  return value === undefined || others.length > 0 || value.width > 1 ? 'any' : typeOf(value.type, 'value');
}

export function isOfLabelType(type: LabelType, label: LabelRow['label']): boolean {
  switch (type) {
    case 'any':
      return true;
    case 'string':
      return typeof label === 'string';
    case 'boolean':
      return typeof label === 'boolean';
    case 'integer':
      return typeof label === 'string' ? isLongInteger(label) : Number.isSafeInteger(label);
    case 'number':
      return typeof label === 'number' && Number.isFinite(label);
    default:
      return assertNever(type, 'label type');
  }
}

/** An int64 that JSON cannot hold exactly is answered as its digits, and observed as such; any other as a number. */
const isLongInteger = (digits: string): boolean =>
  /^-?[1-9]\d{15,18}$/.test(digits) &&
  !Number.isSafeInteger(Number(digits)) &&
  BigInt.asIntN(64, BigInt(digits)) === BigInt(digits);

/** A regression may be observed in fractions although it answers whole numbers; a class cannot. */
function typeOf(type: TensorType, of: 'class' | 'value'): LabelType {
  switch (type) {
    case 'string':
      return 'string';
    case 'bool':
      return 'boolean';
    case 'float32':
    case 'float64':
      return 'number';
    case 'int64':
    case 'int32':
    case 'int16':
    case 'int8':
    case 'uint8':
      return of === 'class' ? 'integer' : 'number';
    default:
      return assertNever(type, 'tensor type');
  }
}
