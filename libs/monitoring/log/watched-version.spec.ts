import { describe, expect, it } from '@jest/globals';
import { baselineFormat, type Signature } from '#libs/contracts/index.js';
import { buildBaseline } from '#libs/datasets/index.js';
import { ModelogError } from '#libs/kernel/index.js';
import type { RegisteredVersion } from './governance.js';
import { watchedVersionOf, type ReadArtifact } from './watched-version.js';

const artifact = `sha256:${'a'.repeat(64)}`;
const signature: Signature = {
  inputs: [{ name: 'x', type: 'float32', shape: [null, 1] }],
  outputs: [{ name: 'value', type: 'float32', shape: [null, 1], role: 'value' }],
  features: [{ name: 'age', type: 'float32', nullable: false, input: 'x', index: 0 }],
};
const version = (baseline: RegisteredVersion['baseline']): RegisteredVersion => ({
  ...{ model: 'm', version: '1.0.0', seq: 7, signature, baseline },
});
const stored = buildBaseline(
  { rows: 3, columns: [{ name: 'age', type: 'numeric', values: Float64Array.of(1, 2, 3) }] },
  { rows: Int32Array.of(0, 1, 2), features: ['age'], outputs: { value: [1, 2, 3] }, target: [1, 2, 3], seed: 1 },
);
const giving =
  (bytes: string): ReadArtifact =>
  () =>
    Promise.resolve(Buffer.from(bytes));
const failing =
  (code: string): ReadArtifact =>
  () =>
    Promise.reject(new ModelogError(code, 'no'));
const whyOf = async (baseline: RegisteredVersion['baseline'], read: ReadArtifact): Promise<unknown> => {
  const { watched, bytes } = await watchedVersionOf(version(baseline), read);
  expect([watched.signature, bytes]).toEqual([signature, 0]);
  return watched.reference;
};
const named = { artifact, format: baselineFormat };

describe('what a version is compared with', () => {
  it('is made of its baseline', async () => {
    const text = JSON.stringify(stored);
    const { watched, bytes } = await watchedVersionOf(version(named), giving(text));
    expect(watched).toMatchObject({ signature, reference: { reference: { kind: 'training', artifact } } });
    expect(bytes).toBe(Buffer.byteLength(text));
  });

  it.each([
    ['artifact_not_found', 'is not in the artifact store'],
    ['artifact_damaged', 'is damaged in the artifact store'],
    ['payload_too_large', 'has more than 67108864 bytes'],
  ])('is missing for good where the store says %s', async (code, why) => {
    expect(await whyOf(named, failing(code))).toEqual({ missing: `the baseline ${artifact} ${why}` });
  });

  it('is missing where nothing was registered, or what cannot be read', async () => {
    const none = giving('{}');
    expect(await whyOf(null, none)).toEqual({ missing: 'the version was registered without a baseline' });
    expect(await whyOf({ artifact, format: 'other' }, none)).toEqual({
      missing: `the baseline has the format other: expected ${baselineFormat}`,
    });
    expect(await whyOf(named, giving('{'))).toMatchObject({ missing: expect.stringContaining('is not JSON') });
    const { rows: _, ...without } = stored;
    expect(await whyOf(named, giving(JSON.stringify(without)))).toMatchObject({
      missing: expect.stringMatching(/^the baseline sha256:a+ does not fit: rows: /),
    });
  });

  it('is waited for where the store is away', async () => {
    await expect(watchedVersionOf(version(named), failing('unavailable'))).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});
