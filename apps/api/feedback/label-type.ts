import type { ChunkSchema, TensorType } from '#libs/contracts/index.js';
import { assertNever } from '#libs/kernel/index.js';

/** What a label of a version must be; `any` where its output does not say, as with several plain outputs. */
export type LabelType = 'string' | 'boolean' | 'integer' | 'number' | 'any';

/** The label that a version's outputs ask for: the class as trained, or the number. */
export function labelTypeOf({ outputs, classes }: Pick<ChunkSchema, 'outputs' | 'classes'>): LabelType {
  const label = outputs.find(({ role }) => role === 'label');
  if (label !== undefined) return typeOf(label.type, 'class');
  if (outputs.some(({ role }) => role === 'probabilities'))
    return typeof classes?.[0] === 'string' ? 'string' : 'integer';
  const [value, ...others] = outputs;
  return value === undefined || others.length > 0 || value.width > 1 ? 'any' : typeOf(value.type, 'value');
}

/** What is wrong with a label, as an error says it; undefined where it fits. */
export function labelFault(expected: LabelType, label: string | number | boolean): string | undefined {
  switch (expected) {
    case 'any':
      return undefined;
    case 'string':
      return typeof label === 'string' ? undefined : fault('a string: the classes of the version are strings', label);
    case 'boolean':
      return typeof label === 'boolean' ? undefined : fault('true or false, as the version answers', label);
    case 'integer':
      return isInteger(label) ? undefined : fault('a whole number: the classes of the version are numbers', label);
    case 'number':
      return typeof label === 'number' && Number.isFinite(label)
        ? undefined
        : fault('a number, as the version answers', label);
    default:
      return assertNever(expected, 'label type');
  }
}

/** An int64 that JSON cannot hold exactly is answered as its digits, and observed as such; any other as a number. */
const isInteger = (label: string | number | boolean): boolean =>
  typeof label === 'string' ? isLongInteger(label) : Number.isSafeInteger(label);

const isLongInteger = (digits: string): boolean =>
  /^-?[1-9]\d{15,18}$/.test(digits) &&
  !Number.isSafeInteger(Number(digits)) &&
  BigInt.asIntN(64, BigInt(digits)) === BigInt(digits);

const fault = (expected: string, found: string | number | boolean): string =>
  `expected ${expected}; found ${typeof found === 'string' ? 'a string' : String(found)}`;

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
