import { describe, expect, it } from '@jest/globals';
import type { DriftBaseline, Signature } from '#libs/contracts/index.js';
import { buildBaseline } from '#libs/datasets/index.js';
import { referenceOf, referenceOfWindow } from './reference.js';
import { Layout } from './windows/layout.js';
import { OpenWindow } from './windows/open-window.js';
import { artifact, chunkOf, deployment, model } from './testing/messages.js';
import { normals, texts, uniforms } from './testing/numbers.js';

const rows = 400;
const [ages, plans, answers] = [normals(rows, 1), texts(rows, 2, ['a', 'b', 'c']), uniforms(rows, 3)];

const signature: Signature = {
  inputs: [{ name: 'x', type: 'float32', shape: [null, 1] }],
  outputs: [{ name: 'label', type: 'string', shape: [null], role: 'label' }],
  features: [
    { name: 'age', type: 'float32', nullable: false, input: 'x', index: 0 },
    { name: 'plan', type: 'string', nullable: false, input: 'plan', index: 0 },
  ],
  classes: ['no', 'yes'],
};

const labelOf = (probability: number): string => (probability >= 0.5 ? 'yes' : 'no');

const baseline: DriftBaseline = buildBaseline(
  {
    rows,
    columns: [
      { name: 'age', type: 'numeric', values: Float64Array.from(ages) },
      {
        ...{ name: 'plan', type: 'category', dictionary: ['a', 'b', 'c'] },
        codes: Int32Array.from(plans, (plan) => ['a', 'b', 'c'].indexOf(plan)),
      },
    ],
  },
  {
    ...{ rows: Int32Array.from({ length: rows }, (_, row) => row), features: ['age', 'plan'], seed: 1 },
    outputs: {
      label: answers.map(labelOf),
      'probabilities.no': answers.map((each) => 1 - each),
      'probabilities.yes': answers,
    },
    target: answers.map(labelOf),
  },
);

describe('a reference', () => {
  it('of a baseline has its columns as the version serves them', () => {
    const reference = referenceOf(baseline, artifact, signature);
    expect(reference.reference).toEqual({ kind: 'training', artifact });
    expect(reference.features.map(({ name, rows: all, bins }) => [name, all, bins.kind])).toEqual([
      ['age', rows, 'numeric'],
      ['plan', rows, 'categorical'],
    ]);
    // As the model received them.
    expect([...reference.features[0]!.values]).toEqual([...Float32Array.from(ages).sort()]);
    expect(reference.predictions.map(({ name }) => name)).toEqual(['label', 'probabilities.no', 'probabilities.yes']);
    expect(reference.labels?.bins).toEqual({ kind: 'categorical', categories: expect.arrayContaining(['no', 'yes']) });
    expect(reference.labelled).toBe(baseline.sample);
  });

  it('of a window has the rows that were kept of it, texts and classes by their names', () => {
    const chunk = chunkOf({ features: { age: ages, plan: plans }, probability: answers });
    const place = { deployment, model, version: '1.0.0' };
    const layout = Layout.ofChunks(chunk.schema, null);
    const at = { seq: 1, logTime: 0 };
    const window = OpenWindow.begin(place, 3, { layout, withoutReference: null, sharers: 1 }, { seq: 1, row: 0 }, at);
    window.add(chunk, { from: 0, to: rows }, at);
    const own = referenceOfWindow(3, window.features, window.outputs, 1, true);
    const trained = referenceOf(baseline, artifact, signature);
    expect(own.reference).toEqual({ kind: 'window', number: 3 });
    for (const scope of ['features', 'predictions'] as const)
      for (const [index, column] of own[scope].entries()) {
        const other = trained[scope][index]!;
        expect([column.name, column.rows, column.distinct]).toEqual([other.name, other.rows, other.distinct]);
        expect(categoriesOf(column)).toEqual(categoriesOf(other));
      }
    const { bins } = own.features.find(({ name }) => name === 'plan')!;
    const codes = plans.map((plan) => (plan === '' || bins.kind === 'numeric' ? -1 : bins.categories.indexOf(plan)));
    expect(own.rows?.['plan']).toEqual({ kind: 'categorical', codes: Int32Array.from(codes) });
    expect(own.rows?.['age']).toEqual({ kind: 'numeric', values: Float64Array.from(Float32Array.from(ages)) });
  });
});

function categoriesOf({
  bins,
  counts,
}: ReturnType<typeof referenceOf>['features'][number]): Record<string, number> | null {
  if (bins.kind === 'numeric') return null;
  return Object.fromEntries(bins.categories.map((category, bin) => [category, counts[bin]!]));
}
