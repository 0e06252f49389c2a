/** @jest-environment ./tests/support/onnx-environment.mjs */
import { describe, expect, it } from '@jest/globals';
import { attribute, modelBytes, node, readSignature, tensor, valueInfo } from '#libs/onnx/index.js';
import { compareOutputs, loadModel, type LoadedModel } from './index.js';

async function load(bytes: Uint8Array, nullable: string[] = []): Promise<LoadedModel> {
  const read = readSignature(bytes, { nullable });
  if (!read.ok) throw new Error(read.rejection.detail);
  const loaded = await loadModel(bytes, read.value);
  if (!loaded.ok) throw new Error(loaded.rejection.message);
  return loaded.value;
}

/** `y = x + shift`, and the position of its larger column as a label. */
const shifted = (...shift: readonly number[]): Promise<LoadedModel> =>
  load(
    modelBytes({
      inputs: [valueInfo('x', 'float32', [null, 2])],
      outputs: [valueInfo('label', 'int64', [null]), valueInfo('y', 'float32', [null, 2])],
      initializers: [tensor.float32('shift', [2], shift)],
      nodes: [
        node('Add', ['x', 'shift'], ['y']),
        node('ArgMax', ['y'], ['label'], [attribute.integer('axis', 1), attribute.integer('keepdims', 0)]),
      ],
    }),
    ['f0', 'f1'],
  );

const row = (f0: number | null, f1: number | null) => ({ f0, f1 });

describe('compareOutputs', () => {
  it('gives the largest and the mean difference of all numbers, and the share of equal labels', async () => {
    const rows = [row(0, 8), row(8, 0), row(1, 2), row(2, 1)];
    expect(await compareOutputs(await shifted(0, 0), await shifted(4, 0), rows)).toEqual({
      ok: true,
      value: { rows: 4, max_abs_difference: 4, mean_abs_difference: 2, label_agreement: 3 / 4 },
    });
  });

  it('counts rows of more than one run, whatever they come from', async () => {
    function* many() {
      for (let at = 0; at < 600; at++) yield row(at, at === 599 ? at - 1 : at + 1);
    }
    expect(await compareOutputs(await shifted(0, 0), await shifted(0, -1.5), many())).toEqual({
      ok: true,
      value: { rows: 600, max_abs_difference: 1.5, mean_abs_difference: 0.75, label_agreement: 1 / 600 },
    });
  });

  it('takes NaN for the same as NaN, and a number in one of the models alone for a failure', async () => {
    const rows = [row(1, 1), row(null, 1)];
    expect(await compareOutputs(await shifted(0, 0), await shifted(1, 1), rows)).toMatchObject({
      ok: true,
      value: { rows: 2, max_abs_difference: 1, mean_abs_difference: 0.75 },
    });
    const broken = await shifted(0, Number.NaN);
    expect(await compareOutputs(await shifted(0, 0), broken, [row(null, null), row(1, 1)])).toEqual({
      ok: false,
      rejection: { code: 'model_failed', message: "output 'y' is a finite number in one of the graphs only", row: 1 },
    });
  });

  it('names the row that the model does not take', async () => {
    const rows = [...Array.from({ length: 280 }, (_, at) => row(at, 0)), { f0: 1, f9: 2 }];
    expect(await compareOutputs(await shifted(0, 0), await shifted(1, 0), rows)).toMatchObject({
      ok: false,
      rejection: { code: 'row_refused', row: 280, message: expect.stringContaining('f9') },
    });
  });

  it('gives no number where there is none', async () => {
    const model = await load(
      modelBytes({
        inputs: [valueInfo('x', 'string', [null, 1])],
        outputs: [valueInfo('y', 'string', [null, 1])],
        nodes: [node('Identity', ['x'], ['y'])],
      }),
    );
    expect(await compareOutputs(model, model, [{ x: 'a' }])).toEqual({
      ok: true,
      value: { rows: 1, max_abs_difference: null, mean_abs_difference: null, label_agreement: null },
    });
  });

  it('compares neither without rows nor models of other outputs', async () => {
    const model = await shifted(0, 0);
    await expect(compareOutputs(model, model, [])).rejects.toThrow(/at least one row/);
    const other = await load(
      modelBytes({
        inputs: [valueInfo('x', 'float32', [null, 2])],
        outputs: [valueInfo('z', 'float32', [null, 2])],
        nodes: [node('Neg', ['x'], ['z'])],
      }),
    );
    await expect(compareOutputs(model, other, [row(1, 1)])).rejects.toThrow(RangeError);
  });
});
