import type { Feature } from '#libs/contracts/index.js';

/** Why a row is refused; the edge maps these to its own error table. */
export type RefusalCode =
  | 'not_an_object'
  | 'missing_feature'
  | 'null_feature'
  | 'unknown_feature'
  | 'ill_typed_feature'
  | 'wrong_shape'
  | 'not_finite'
  | 'not_integral'
  /** Beyond the integer type, or beyond float32. */
  | 'out_of_range';

export interface FeatureProblem {
  readonly code: RefusalCode;
  /** Name of the feature; empty when the row as a whole is wrong. Unknown names are cut at 128 characters. */
  readonly feature: string;
  readonly message: string;
}

/** Values are never quoted: a refusal is recorded and shown, its values may be personal. */
export interface RowRefusal {
  /** Code of the first problem. */
  readonly code: RefusalCode;
  /** Features with that code. */
  readonly features: readonly string[];
  readonly message: string;
  /** The first 20, in the order of the signature, unknown features last. */
  readonly problems: readonly FeatureProblem[];
  /** Problems found, listed or not. */
  readonly problemCount: number;
}

const listedProblems = 20;
const quotedLength = 128;

/** Gathers the problems of one row, holding a bounded number of them however large the row is. */
export class ProblemList {
  readonly #listed: FeatureProblem[] = [];
  #count = 0;

  add(code: RefusalCode, feature: string, message: string): void {
    this.#count++;
    if (this.#listed.length < listedProblems) this.#listed.push({ code, feature: shortened(feature), message });
  }

  refusal(): RowRefusal | null {
    const [first] = this.#listed;
    if (first === undefined) return null;
    const unlisted = this.#count - this.#listed.length;
    const messages = this.#listed.map(({ message }) => message);
    if (unlisted > 0) messages.push(`and ${unlisted} more`);
    return {
      code: first.code,
      features: this.#listed.filter(({ code }) => code === first.code).map(({ feature }) => feature),
      message: messages.join('; '),
      problems: this.#listed,
      problemCount: this.#count,
    };
  }
}

export const shortened = (text: string): string =>
  text.length <= quotedLength ? text : `${text.slice(0, quotedLength - 1)}…`;

/** What JSON value this is, for messages. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  switch (typeof value) {
    case 'object':
      return 'an object';
    case 'boolean':
      return String(value);
    case 'string':
      return value.includes('\0') ? 'one with the character U+0000' : 'a string';
    default:
      return `a ${typeof value}`;
  }
}

export function expectedOf({ type, shape, nullable }: Feature): string {
  const element = elementKind[type];
  const expected = shape === undefined ? element.one : `an array of shape [${shape.join(', ')}] of ${element.many}`;
  return nullable ? `${expected} or null` : expected;
}

const elementKind: Record<Feature['type'], { one: string; many: string }> = {
  float32: { one: 'a number', many: 'numbers' },
  float64: { one: 'a number', many: 'numbers' },
  int64: { one: 'an integer', many: 'integers' },
  int32: { one: 'an integer', many: 'integers' },
  int16: { one: 'an integer', many: 'integers' },
  int8: { one: 'an integer', many: 'integers' },
  uint8: { one: 'an integer', many: 'integers' },
  bool: { one: 'true or false', many: 'booleans' },
  string: { one: 'a string', many: 'strings' },
};
