import { describe, expect, it } from '@jest/globals';
import type { LabelRow, Signature } from '#libs/contracts/index.js';
import { classifierOf, regressor } from '../testing/labels.js';
import { answerFormOf, labelledAnswer } from './answer-form.js';

const signatureOf = (outputs: Signature['outputs'], classes?: Signature['classes']): Signature => ({
  ...{ inputs: [], features: [], outputs },
  ...(classes === undefined ? {} : { classes }),
});

const output = (
  role: Signature['outputs'][number]['role'],
  type: Signature['outputs'][number]['type'],
  shape: (number | null)[] = [null],
) => ({ name: role, role, type, shape });

it.each<[string, Signature, unknown]>([
  ['named classes', classifierOf(['a', 'b', 'c']), { kind: 'classes', classes: ['a', 'b', 'c'], type: 'string' }],
  [
    'numbers that are classes',
    signatureOf([output('label', 'int64'), output('probabilities', 'float32', [null, 2])], [0, 1]),
    { kind: 'classes', classes: ['0', '1'], type: 'integer' },
  ],
  [
    'truth values',
    signatureOf([output('label', 'bool')]),
    { kind: 'classes', classes: ['false', 'true'], type: 'boolean' },
  ],
  [
    'classes without names',
    signatureOf([output('label', 'string')]),
    { kind: 'classes', classes: null, type: 'string' },
  ],
  [
    'probabilities alone',
    signatureOf([output('probabilities', 'float32', [null, 3])]),
    { kind: 'classes', classes: ['0', '1', '2'], type: 'integer' },
  ],
  ['a number', regressor, { kind: 'numbers' }],
  ['a number in a row of one', signatureOf([output('value', 'float64', [null, 1])]), { kind: 'numbers' }],
  ['a text', signatureOf([output('value', 'string')]), { kind: 'classes', classes: null, type: 'string' }],
  ['several values', signatureOf([output('value', 'float32'), output('value', 'float32')]), { kind: 'other' }],
  ['an array', signatureOf([output('value', 'float32', [null, 4])]), { kind: 'other' }],
])('answers are %s', (_, signature, form) => {
  expect(answerFormOf(signature)).toEqual(form);
});

describe('a label', () => {
  const rowOf = (label: LabelRow['label'], predicted: LabelRow['predicted']): LabelRow => ({
    ...{ prediction_id: 'p', epoch: 'e', counter: 1, row: 0, model: 'm', version: '1.0.0' },
    ...{ predicted_at: '2026-01-01T00:00:00.000Z', observed_at: '2026-01-01T00:00:00.000Z', predicted, label },
  });
  const labelled = (signature: Signature, label: LabelRow['label'], predicted: LabelRow['predicted'] = {}) =>
    labelledAnswer(answerFormOf(signature), rowOf(label, predicted));
  const integers = signatureOf([output('label', 'int64')], [0, 1]);

  it('of classes is compared as text with what was answered, or is the likeliest', () => {
    expect(labelled(integers, 1, { label: 0 })).toMatchObject({ label: '1', predicted: '0' });
    expect(labelled(integers, '9007199254740993', { label: 1 })).toMatchObject({ label: '9007199254740993' });
    const likeliest = { probabilities: { '0': 0.2, '1': 0.5, '2': 0.3 } };
    const unnamed = signatureOf([output('probabilities', 'float32', [null, 3])]);
    expect(labelled(unnamed, 1, likeliest)).toMatchObject({ label: '1', predicted: '1', ...likeliest });
    expect(labelled(integers, 1, { label: null })).toMatchObject({ predicted: null });
  });

  it('of another type is none', () => {
    const strings = classifierOf(['a', 'b']);
    const booleans = signatureOf([output('label', 'bool')]);
    for (const [signature, label] of [
      [strings, 1],
      [strings, true],
      [integers, 'a'],
      [integers, 0.5],
      [integers, true],
      [booleans, 'true'],
      [booleans, 1],
      [regressor, 'a'],
      [regressor, true],
      [regressor, Number.NaN],
      [regressor, 1e200],
    ] as const)
      expect(labelled(signature, label)).toBeNull();
    expect(labelled(booleans, false, { label: false })).toMatchObject({ label: 'false', predicted: 'false' });
  });

  it('of a number stands beside the number that was answered, if one was', () => {
    expect(labelled(regressor, 2.5, { value: 2 })).toEqual({ kind: 'number', label: 2.5, predicted: 2 });
    for (const value of [null, 'x', [1], 1e200])
      expect(labelled(regressor, 2.5, { value })).toEqual({ kind: 'number', label: 2.5, predicted: Number.NaN });
  });

  it('of several values is counted alone', () => {
    expect(labelled(signatureOf([output('value', 'float32', [null, 4])]), 'any')).toEqual({ kind: 'other' });
  });
});
