import { describe, expect, it } from '@jest/globals';
import { labelTypeOf, type ChunkSchema, type LabelType, type OutputColumnSpec } from '#libs/contracts/index.js';
import { labelFault } from './label-fault.js';

const output = (role: OutputColumnSpec['role'], type: OutputColumnSpec['type'], width = 1): OutputColumnSpec => ({
  ...{ name: `${role} ${type}`, role, type, width },
});

describe('labelTypeOf', () => {
  const cases: [string, Pick<ChunkSchema, 'outputs' | 'classes'>, LabelType][] = [
    [
      'classes that are numbers',
      { outputs: [output('label', 'int64'), output('probabilities', 'float32')] },
      'integer',
    ],
    ['classes that are strings', { outputs: [output('label', 'string')], classes: ['a', 'b'] }, 'string'],
    ['classes that are booleans', { outputs: [output('label', 'bool')] }, 'boolean'],
    ['named probabilities alone', { outputs: [output('probabilities', 'float32', 2)], classes: ['a', 'b'] }, 'string'],
    ['numbered probabilities alone', { outputs: [output('probabilities', 'float32', 2)], classes: [0, 1] }, 'integer'],
    ['probabilities without names', { outputs: [output('probabilities', 'float32', 2)] }, 'integer'],
    ['a regression', { outputs: [output('value', 'float32')] }, 'number'],
    ['a regression in whole numbers', { outputs: [output('value', 'int64')] }, 'number'],
    ['one text', { outputs: [output('value', 'string')] }, 'string'],
    ['one truth value', { outputs: [output('value', 'bool')] }, 'boolean'],
    ['a vector', { outputs: [output('value', 'float32', 3)] }, 'any'],
    ['several values', { outputs: [output('value', 'float32'), output('value', 'float64')] }, 'any'],
  ];
  it.each(cases)('of %s', (_what, schema, expected) => {
    expect(labelTypeOf(schema)).toBe(expected);
  });
});

describe('labelFault', () => {
  const labels = ['a', '9007199254740993', true, 1, 1.5, -0];
  const taken: [LabelType, (string | number | boolean)[]][] = [
    ['string', ['a', '9007199254740993']],
    ['boolean', [true]],
    ['integer', ['9007199254740993', 1, -0]],
    ['number', [1, 1.5, -0]],
    ['any', labels],
  ];
  it.each(taken)('of %s takes what is one, and nothing else', (type, expected) => {
    expect(labels.filter((label) => labelFault(type, label) === undefined)).toEqual(expected);
  });

  it.each([
    ['9007199254740992', true],
    ['-9223372036854775808', true],
    ['9223372036854775807', true],
    ['9223372036854775808', false],
    ['9007199254740991', false],
    ['09007199254740993', false],
  ])('takes the digits of a class for one where it is answered so: %s', (digits, expected) => {
    expect(labelFault('integer', digits) === undefined).toBe(expected);
  });

  it('says what was expected and found', () => {
    expect(labelFault('integer', 'cat')).toBe(
      'expected a whole number: the classes of the version are numbers; found a string',
    );
    expect(labelFault('string', 3)).toBe('expected a string: the classes of the version are strings; found 3');
  });
});
