/** @jest-environment ./tests/support/onnx-environment.mjs */
import { describe, expect, it } from '@jest/globals';
import { gradientBoosting, randomForest, type FeatureMatrix } from '#libs/contracts/index.js';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { modelBytes, readSignature, valueInfo } from '#libs/onnx/index.js';
import type { GraphOptions, TrainingContext, TrainingData } from '../model.js';
import { Random } from '../random.js';
import { trainBoosting } from './train-boosting.js';
import { trainForest } from './train-forest.js';
import type { TreeModel } from './tree-model.js';

const context: TrainingContext = { seed: 11, threads: 1 };

/** Numbers of every size, values that repeat, and missing ones. */
function matrixOf(rows: number, seed: number): FeatureMatrix {
  const random = new Random(seed);
  const draw = [
    () => random.normal(),
    () => random.below(7),
    () => 1000 + 1e-3 * random.below(5000),
    () => random.normal() * 1e6,
    () => (random.below(3) === 0 ? Number.NaN : random.normal()),
    () => (random.below(2) === 0 ? Number.NaN : random.below(3) - 1),
    () => 1e-30 * random.normal(),
  ];
  const columns = draw.map((value) => Float32Array.from({ length: rows }, value));
  return { rows, names: draw.map((_, index) => `f${index}`), columns };
}

function dataOf(classes: number, rows = 800): TrainingData {
  const features = matrixOf(rows, 1);
  const [a, b, c, , e, g] = features.columns;
  const random = new Random(2);
  const target = Float64Array.from({ length: rows }, (_, row) => {
    const missing = Number.isNaN(e![row]!) ? 1.5 : e![row]!;
    const score = a![row]! + 0.3 * b![row]! * missing + 0.2 * (c![row]! - 1002) + (Number.isNaN(g![row]!) ? 1 : 0);
    const noisy = score + 0.3 * random.normal();
    if (classes === 0) return 250 + 40 * noisy;
    return Math.min(classes - 1, Math.max(0, Math.floor(noisy + classes / 2 - 1)));
  });
  return { features, target, classes };
}

const trainers = {
  boosting: (data: TrainingData, given: object) =>
    trainBoosting(data, gradientBoosting.parse({ n_estimators: 15, ...given }), context),
  forest: (data: TrainingData, given: object) =>
    trainForest(data, randomForest.parse({ n_estimators: 8, ...given }), context),
};

async function trained(kind: keyof typeof trainers, data: TrainingData, given: object = {}): Promise<TreeModel> {
  const result = await trainers[kind](data, given);
  if (!result.ok) throw new Error(result.rejection.detail);
  return result.value;
}

interface Ran {
  readonly numbers: Float32Array;
  readonly labels: readonly (string | number)[];
}

/** Of the model's graph alone, in as many rows at once. */
async function runtimeOf(model: TreeModel, options: GraphOptions = {}) {
  const width = model.featureNames.length;
  const part = model.graph('x', options);
  const bytes = modelBytes({ ...part, inputs: [valueInfo('x', 'float32', [null, width])] });
  const read = readSignature(bytes, { featureNames: [...model.featureNames] });
  if (!read.ok) throw new Error(read.rejection.detail);
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const run = async ({ columns }: FeatureMatrix, start: number, end: number): Promise<Ran> => {
    const data = new Float32Array((end - start) * width);
    for (let row = start; row < end; row++) {
      for (let column = 0; column < width; column++) data[(row - start) * width + column] = columns[column]![row]!;
    }
    const outputs = await session.run({ x: new Tensor('float32', data, [end - start, width]) });
    const labels = outputs.label === undefined ? [] : Array.from(outputs.label.data as ArrayLike<bigint | string>);
    return {
      numbers: (outputs.probabilities ?? outputs.value)!.data as Float32Array,
      labels: labels.map((label) => (typeof label === 'string' ? label : Number(label))),
    };
  };
  return { signature: read.value, run, release: () => session.release() };
}

/** Largest distance, relative above 1. */
function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let largest = actual.length === expected.length ? 0 : Infinity;
  for (let at = 0; at < expected.length; at++) {
    const error = Math.abs(actual[at]! - expected[at]!) / Math.max(1, Math.abs(expected[at]!));
    if (!(error <= largest)) largest = error;
  }
  return largest;
}

const best = (shares: Float64Array): number => shares.indexOf(Math.max(...shares));

describe('ONNX Runtime gives what the model predicts', () => {
  it.each([
    ['boosting', 2, {}],
    ['boosting', 2, { n_estimators: 60, max_leaves: 8, learning_rate: 0.5, min_samples_leaf: 1 }],
    ['boosting', 4, {}],
    ['boosting', 0, {}],
    ['boosting', 0, { max_leaves: 100, n_estimators: 20, min_samples_leaf: 1 }],
    ['forest', 2, {}],
    ['forest', 4, { max_depth: 6 }],
    ['forest', 0, {}],
    ['forest', 2, { max_depth: 1, bootstrap: false, max_features: 1 }],
  ] as const)('of %s with %d classes and %j', async (kind, classes, given) => {
    const model = await trained(kind, dataOf(classes), given);
    const rows = matrixOf(10_000, 3);
    const predicted = model.predict(rows);
    const runtime = await runtimeOf(model);
    const many = await runtime.run(rows, 0, rows.rows);
    expect(distance(many.numbers, predicted)).toBeLessThan(1e-6);
    const width = Math.max(classes, 1);
    for (let row = 0; row < 200; row++) {
      const one = await runtime.run(rows, row, row + 1);
      expect(distance(one.numbers, predicted.subarray(row * width, (row + 1) * width))).toBeLessThan(1e-6);
    }
    const wrong = many.labels.filter((label, row) => {
      const shares = predicted.subarray(row * width, (row + 1) * width);
      return shares[Number(label)]! < shares[best(shares)]! - 1e-6;
    });
    expect(wrong).toEqual([]);
    await runtime.release();
  });
});

it('has the roles, the classes and the feature names', async () => {
  const model = await trained('forest', dataOf(4), { n_estimators: 2 });
  const { signature, run, release } = await runtimeOf(model, { classLabels: ['a', 'b', 'c', 'd'] });
  expect(signature.outputs.map(({ name, role, type, shape }) => [name, role, type, shape])).toEqual([
    ['label', 'label', 'string', [null]],
    ['probabilities', 'probabilities', 'float32', [null, 4]],
  ]);
  expect(signature.classes).toEqual(['a', 'b', 'c', 'd']);
  expect((await run(matrixOf(1, 5), 0, 1)).labels).toHaveLength(1);
  await release();
  const regression = await runtimeOf(await trained('boosting', dataOf(0), { n_estimators: 2 }));
  expect(regression.signature.outputs).toMatchObject([{ name: 'value', role: 'value', shape: [null, 1] }]);
  await regression.release();
});
