import type { LabelRow, Signature } from '#libs/contracts/index.js';
import { answerFormOf } from '../labels/answer-form.js';

/** A label that was written as text, as a version of that signature has them; null where it cannot be one. */
export function givenLabel(signature: Signature, text: string): LabelRow['label'] | null {
  const form = answerFormOf(signature);
  switch (form.kind) {
    case 'classes':
      return form.type === 'string' ? text : form.type === 'boolean' ? booleanOf(text) : integerOf(text);
    case 'numbers':
      return numberOf(text);
    case 'other':
      return numberOf(text) ?? text;
  }
}

const booleanOf = (text: string): boolean | null => (text === 'true' ? true : text === 'false' ? false : null);

/** Digits that a number cannot hold stay text. */
function integerOf(text: string): number | string | null {
  if (!/^-?\d+(\.0+)?$/.test(text)) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

function numberOf(text: string): number | null {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}
