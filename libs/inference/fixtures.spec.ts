/** @jest-environment ./tests/support/onnx-environment.mjs */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Signature } from '#libs/contracts/index.js';
import { readSignature } from '#libs/onnx/index.js';
import { InputBatch, loadModel, type LoadedModel, type PredictionOutput } from './index.js';

const folder = new URL('../../tests/fixtures/models/', import.meta.url);

interface Cases {
  readonly feature_names: readonly string[];
  readonly nullable?: readonly string[];
  readonly rows: readonly Record<string, unknown>[];
  /** What the library that trained the model answers. */
  readonly outputs: readonly PredictionOutput[];
}

const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'bad')
  .map(({ name }) => name);

async function load(name: string): Promise<{ cases: Cases; signature: Signature; model: LoadedModel }> {
  const bytes = readFileSync(new URL(`${name}/model.onnx`, folder));
  const cases = JSON.parse(readFileSync(new URL(`${name}/cases.json`, folder), 'utf8')) as Cases;
  const read = readSignature(bytes, { featureNames: cases.feature_names, nullable: cases.nullable });
  if (!read.ok) throw new Error(read.rejection.detail);
  const loaded = await loadModel(bytes, read.value);
  if (!loaded.ok) throw new Error(loaded.rejection.message);
  return { cases, signature: read.value, model: loaded.value };
}

/** Relative for large values, absolute for small ones. */
function expectClose(actual: unknown, expected: unknown, where: string): void {
  if (typeof expected === 'number' && typeof actual === 'number') {
    const error = Math.abs(actual - expected) / Math.max(1, Math.abs(expected));
    if (!(error <= 1e-5)) throw new Error(`${where}: ${actual}, the original gave ${expected}`);
  } else if (typeof expected === 'object' && expected !== null && typeof actual === 'object' && actual !== null) {
    expect(Object.keys(actual)).toEqual(Object.keys(expected));
    for (const [key, part] of Object.entries(expected)) {
      expectClose((actual as Record<string, unknown>)[key], part, `${where}.${key}`);
    }
  } else expect(actual).toEqual(expected);
}

describe.each(names)('fixture %s', (name) => {
  it('gives the outputs of the library that trained it, all rows in one run', async () => {
    const { cases, model } = await load(name);
    const rows = cases.rows.length;
    expect(rows).toBe(100);
    const batch = new InputBatch(model.inputColumns);
    for (const [row, input] of cases.rows.entries()) expect(model.encoder.encode(input, batch, row)).toBeNull();
    const outputs = await model.run(batch.view(0, rows), rows);
    for (const [row, expected] of cases.outputs.entries()) {
      expectClose(model.outputOf(outputs, row), expected, `row ${row}`);
    }
    await model.dispose();
  });

  it('gives a row alone what it gives it in a batch, in whatever order its features come', async () => {
    const { cases, model } = await load(name);
    const batch = new InputBatch(model.inputColumns);
    for (const [row, input] of cases.rows.entries()) model.encoder.encode(input, batch, row);
    const together = await model.run(batch.view(0, 100), 100);
    for (const row of [0, 42, 99]) {
      const backwards = Object.fromEntries(Object.entries(cases.rows[row]!).reverse());
      const single = new InputBatch(model.inputColumns, 1);
      expect(model.encoder.encode(backwards, single, 0)).toBeNull();
      expect(single.view(0, 1)).toEqual(batch.view(row, 1));
      const alone = model.outputOf(await model.run(single.view(0, 1), 1), 0);
      expectClose(alone, model.outputOf(together, row), `row ${row}`);
    }
    await model.dispose();
  });
});
