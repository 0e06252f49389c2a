import { describe, expect, it } from '@jest/globals';
import type { ArtifactStore } from '#libs/artifacts/index.js';
import type { Feature, Signature } from '#libs/contracts/index.js';
import { sha256Hex } from '#libs/kernel/index.js';
import { readSample } from './read-sample.js';

const feature = (name: string, type: Feature['type']): Feature => ({
  ...{ name, type, nullable: true, input: 'x', index: 0 },
});
const signature: Signature = {
  inputs: [{ name: 'x', type: 'float64', shape: [null, 1] }],
  outputs: [{ name: 'y', type: 'float32', shape: [null], role: 'value' }],
  features: [feature('age', 'float64'), feature('visits', 'int64'), feature('member', 'bool')],
};

function sample(text: string, format: 'csv' | 'json') {
  const bytes = new TextEncoder().encode(text);
  const artifacts: Pick<ArtifactStore, 'read'> = { read: () => Promise.resolve(bytes) };
  const artifact = `sha256:${sha256Hex(bytes)}`;
  return readSample(artifacts as ArtifactStore, { artifact, format }, signature);
}

describe('readSample', () => {
  it('reads numbers of any size, truths and missing values from text', async () => {
    const rows = await sample('age,visits,member,target\n1e20,3,TRUE,9\n-0.5,,0,9\n', 'csv');
    expect(rows).toEqual([
      { age: 1e20, visits: 3, member: true },
      { age: -0.5, visits: null, member: false },
    ]);
  });

  it.each([
    ['age,visits,member\nInfinity,3,true\n', 'csv', 'row 1, age'],
    ['age,visits,member\n1,1e400,true\n', 'csv', 'row 1, visits'],
    ['age,visits,member\n1,3,yes\n', 'csv', 'row 1, member'],
    ['[{"age":1e400,"visits":3,"member":true}]', 'json', 'row 1, age'],
  ] as const)('refuses %j: the trial would be given something else', async (text, format, where) => {
    await expect(sample(text, format)).rejects.toMatchObject({
      rejection: { code: 'invalid_request', detail: expect.stringContaining(where) as unknown },
    });
  });
});
