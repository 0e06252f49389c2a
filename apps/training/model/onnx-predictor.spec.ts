/**
 * @jest-environment ./tests/support/onnx-environment.mjs
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { rootFolder } from '#apps/platform/root-folder.js';
import type { Signature, Table } from '#libs/contracts/index.js';
import { readSignature } from '#libs/onnx/index.js';
import { openPredictor } from './onnx-predictor.js';

const folder = join(rootFolder, 'tests/fixtures/models/boosting-regressor');
const bytes = readFileSync(join(folder, 'model.onnx'));
const cases = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8')) as {
  feature_names: string[];
  rows: Record<string, number>[];
};
const table: Table = {
  rows: cases.rows.length,
  columns: cases.feature_names.map((name) => ({
    ...{ name, type: 'numeric' },
    values: Float64Array.from(cases.rows, (row) => row[name]!),
  })),
};
const rows = Int32Array.from(cases.rows.keys());

async function opened(signal = new AbortController().signal) {
  const signature = readSignature(bytes, { featureNames: cases.feature_names });
  if (!signature.ok) throw new Error(signature.rejection.detail);
  const predictor = await openPredictor({ bytes, signature: signature.value, table, classes: null, signal });
  if (!predictor.ok) throw new Error(predictor.rejection.message);
  return predictor.value;
}

describe('a predictor', () => {
  it('takes one column from other rows, and the others as they are', async () => {
    const predictor = await opened();
    const [first] = cases.feature_names;
    const shifted = rows.map((row) => (row + 1) % rows.length);
    const own = await predictor.predict(rows);
    expect(await predictor.predict(rows, { column: first!, rows })).toEqual(own);
    expect(await predictor.predict(rows, { column: first!, rows: shifted })).not.toEqual(own);
    expect(await predictor.predict(shifted)).toEqual(own.map((_, row) => own[shifted[row]!]!));
    await predictor.dispose();
  });

  it('ends when the job does', async () => {
    const abort = new AbortController();
    const predictor = await opened(abort.signal);
    abort.abort(new Error('cancelled'));
    await expect(predictor.predict(rows)).rejects.toThrow('cancelled');
    await predictor.dispose();
  });

  it.each([
    ['int64', Number.NaN, 'row 2 holds none'],
    ['int32', 1.5, 'row 2 holds 1.5'],
    ['bool', Number.NaN, 'row 2 holds none'],
  ] as const)('refuses %s features of a column with %d', async (type, value, found) => {
    const signature: Signature = {
      inputs: [{ name: 'x', type, shape: [null, 1] }],
      outputs: [{ name: 'y', type: 'float32', shape: [null, 1], role: 'value' }],
      features: [{ name: 'age', type, nullable: false, input: 'x', index: 0 }],
    };
    const ages: Table = { rows: 2, columns: [{ name: 'age', type: 'numeric', values: Float64Array.of(1, value) }] };
    const { signal } = new AbortController();
    expect(await openPredictor({ bytes, signature, table: ages, classes: null, signal })).toEqual({
      ok: false,
      rejection: { code: 'feature_mismatch', message: `feature 'age': the model takes ${type}, ${found}` },
    });
  });
});
