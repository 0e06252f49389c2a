import { describe, expect, it } from '@jest/globals';
import type { Signature } from '#libs/contracts/index.js';
import { declaredMismatch } from './declared-signature.js';

const read: Signature = {
  inputs: [{ name: 'X', type: 'float32', shape: [null, 2] }],
  outputs: [
    { name: 'label', type: 'int64', shape: [null], role: 'label' },
    { name: 'p', type: 'float32', shape: [null, 2], role: 'probabilities' },
  ],
  features: [
    { name: 'a', type: 'float32', nullable: false, input: 'X', index: 0 },
    { name: 'b', type: 'float32', nullable: false, input: 'X', index: 1 },
  ],
  classes: [0, 1],
};

const paths = (declared: Signature): string[] | undefined =>
  declaredMismatch(declared, read)?.errors?.map(({ path }) => path);

describe('declaredMismatch', () => {
  it('takes the same signature, and one that leaves dimensions and classes to the graph', () => {
    const { classes: _classes, ...open } = read;
    const outputs = read.outputs.map((output) => ({ ...output, shape: output.shape.map(() => null) }));
    expect(paths(read)).toBeUndefined();
    expect(paths({ ...open, outputs })).toBeUndefined();
  });

  it.each<[string, Signature]>([
    ['signature.inputs[0].name', { ...read, inputs: [{ ...read.inputs[0]!, name: 'Y' }] }],
    ['signature.inputs[0].shape', { ...read, inputs: [{ ...read.inputs[0]!, shape: [null, 3] }] }],
    ['signature.inputs.length', { ...read, inputs: [read.inputs[0]!, read.inputs[0]!] }],
    ['signature.outputs[1].role', { ...read, outputs: [read.outputs[0]!, { ...read.outputs[1]!, role: 'value' }] }],
    [
      'signature.features[0].nullable',
      { ...read, features: [{ ...read.features[0]!, nullable: true }, read.features[1]!] },
    ],
    ['signature.classes', { ...read, classes: ['0', '1'] }],
  ])('names %s', (path, declared) => {
    expect(paths(declared)).toEqual([path]);
  });

  it('names every difference, up to a limit', () => {
    const wrong = { ...read, features: read.features.map((feature) => ({ ...feature, name: `${feature.name}!` })) };
    expect(paths(wrong)).toEqual(['signature.features[0].name', 'signature.features[1].name']);
    expect(declaredMismatch(wrong, read)).toMatchObject({ code: 'signature_mismatch' });
  });
});
