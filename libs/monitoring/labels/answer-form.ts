import type { LabelRow, OutputInfo, Signature, TensorType } from '#libs/contracts/index.js';
import { assertNever } from '#libs/kernel/index.js';

type ClassType = 'string' | 'boolean' | 'integer';

/** What a version answers, and so what its labels are. */
export type AnswerForm =
  /** `classes` null: the graph does not name them; they are found as labels come. */
  | { readonly kind: 'classes'; readonly classes: readonly string[] | null; readonly type: ClassType }
  | { readonly kind: 'numbers' }
  /** Several values, or arrays: labels are counted, and nothing is measured. */
  | { readonly kind: 'other' };

/** A label beside what was predicted. */
export type LabelledAnswer =
  | {
      readonly kind: 'class';
      /** As text. Null: nothing that is a class was answered. */
      readonly label: string;
      readonly predicted: string | null;
      /** By class as text. */
      readonly probabilities: LabelRow['predicted']['probabilities'];
    }
  /** `predicted` NaN: what was answered is no number that errors can be made of. */
  | { readonly kind: 'number'; readonly label: number; readonly predicted: number }
  | { readonly kind: 'other' };

export function answerFormOf({ outputs, classes }: Signature): AnswerForm {
  const named = classes?.map(String) ?? null;
  const label = outputs.find(({ role }) => role === 'label');
  if (label !== undefined) return classForm(classTypeOf(label.type), named);
  const probabilities = outputs.find(({ role }) => role === 'probabilities');
  if (probabilities !== undefined)
    return classForm(typeof classes?.[0] === 'string' ? 'string' : 'integer', named ?? indicesOf(probabilities));
  const [value, ...others] = outputs;
  if (value === undefined || others.length > 0 || widthOf(value) !== 1) return { kind: 'other' };
  switch (value.type) {
    case 'string':
    case 'bool':
      return classForm(classTypeOf(value.type), null);
    default:
      return { kind: 'numbers' };
  }
}

/** @returns null for a label of another type than the version answers. */
export function labelledAnswer(
  form: AnswerForm,
  { label, predicted }: Pick<LabelRow, 'label' | 'predicted'>,
): LabelledAnswer | null {
  switch (form.kind) {
    case 'classes':
      if (!isClass(form.type, label)) return null;
      return {
        kind: 'class',
        label: String(label),
        predicted: classOf(predicted),
        probabilities: predicted.probabilities,
      };
    case 'numbers':
      if (typeof label !== 'number' || !(Math.abs(label) <= largest)) return null;
      return { kind: 'number', label, predicted: numberOf(predicted.value) };
    case 'other':
      return { kind: 'other' };
    default:
      return assertNever(form, 'form of an answer');
  }
}

/** Of larger numbers squares and sums overflow. */
const largest = 1e100;

const classForm = (type: ClassType, classes: readonly string[] | null): AnswerForm => ({
  kind: 'classes',
  classes: classes ?? (type === 'boolean' ? ['false', 'true'] : null),
  type,
});

function classTypeOf(type: TensorType): ClassType {
  if (type === 'string') return 'string';
  return type === 'bool' ? 'boolean' : 'integer';
}

/** An int64 that JSON cannot hold is answered, and observed, as its digits. */
function isClass(type: ClassType, label: LabelRow['label']): boolean {
  switch (type) {
    case 'string':
      return typeof label === 'string';
    case 'boolean':
      return typeof label === 'boolean';
    case 'integer':
      return typeof label === 'string' ? /^-?[1-9]\d{15,18}$/.test(label) : Number.isSafeInteger(label);
    default:
      return assertNever(type, 'type of classes');
  }
}

function classOf({ label, value, probabilities }: LabelRow['predicted']): string | null {
  const answered = label ?? value;
  if (typeof answered === 'string' || typeof answered === 'number' || typeof answered === 'boolean')
    return String(answered);
  let largestShare: readonly [string, number] | null = null;
  for (const [name, share] of Object.entries(probabilities ?? {}))
    if (typeof share === 'number' && (largestShare === null || share > largestShare[1])) largestShare = [name, share];
  return largestShare?.[0] ?? null;
}

const numberOf = (value: unknown): number =>
  typeof value === 'number' && Math.abs(value) <= largest ? value : Number.NaN;

function indicesOf({ shape }: OutputInfo): string[] | null {
  const width = shape.at(-1) ?? 0;
  return width > 1 ? Array.from({ length: width }, (_, index) => String(index)) : null;
}

const widthOf = ({ shape }: OutputInfo): number => shape.slice(1).reduce<number>((all, size) => all * (size ?? 1), 1);
