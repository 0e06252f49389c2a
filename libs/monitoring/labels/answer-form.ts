import {
  isOfLabelType,
  labelTypeOf,
  type LabelRow,
  type LabelType,
  type OutputInfo,
  type Signature,
} from '#libs/contracts/index.js';
import { assertNever } from '#libs/kernel/index.js';

/** What a version answers, and so what its labels are. */
export type AnswerForm =
  /** `classes` null: the graph does not name them; they are found as labels come. */
  | { readonly kind: 'classes'; readonly classes: readonly string[] | null; readonly type: LabelType }
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
  const type = labelTypeOf({
    outputs: outputs.map(({ role, type, shape }) => ({ role, type, width: widthOf(shape) })),
    ...(classes === undefined ? {} : { classes }),
  });
  const named = classes?.map(String) ?? null;
  if (outputs.some(({ role }) => role === 'label')) return classForm(type, named);
  const probabilities = outputs.find(({ role }) => role === 'probabilities');
  if (probabilities !== undefined) return classForm(type, named ?? indicesOf(probabilities));
  switch (type) {
    case 'any':
      return { kind: 'other' };
    case 'integer':
    case 'number':
      return { kind: 'numbers' };
    case 'string':
    case 'boolean':
      return classForm(type, null);
    default:
      return assertNever(type, 'label type');
  }
}

/** @returns null for a label of another type than the version answers. */
export function labelledAnswer(
  form: AnswerForm,
  { label, predicted }: Pick<LabelRow, 'label' | 'predicted'>,
): LabelledAnswer | null {
  switch (form.kind) {
    case 'classes':
      if (!isOfLabelType(form.type, label)) return null;
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

const classForm = (type: LabelType, classes: readonly string[] | null): AnswerForm => ({
  kind: 'classes',
  classes: classes ?? (type === 'boolean' ? ['false', 'true'] : null),
  type,
});

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

const widthOf = (shape: OutputInfo['shape']): number =>
  shape.slice(1).reduce<number>((all, size) => all * (size ?? 1), 1);
