/** @jest-environment ./tests/support/onnx-environment.mjs */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { FeatureMatrix, Signature } from '#libs/contracts/index.js';
import { loadModel } from '#libs/inference/index.js';
import { modelBytes, readSignature, valueInfo } from '#libs/onnx/index.js';
import type { GraphOptions, TrainingContext, TrainingData } from '../model.js';
import { Random } from '../random.js';
import { LinearModel, type LinearModelData } from './linear-model.js';
import { trainLinear } from './linear-regression.js';
import { trainLogistic } from './logistic-regression.js';

const folder = new URL('../../../tests/fixtures/learning/', import.meta.url);
const context: TrainingContext = { seed: 1, threads: 1 };
const parameters = { l1: 0, l2: 1, max_iter: 10_000, tolerance: 1e-6 };

interface Case {
  readonly algorithm: 'logistic_regression' | 'linear_regression';
  readonly data: string;
  readonly standardised: boolean;
  readonly l1: number;
  readonly l2: number;
  readonly weighted: boolean;
  /** As scikit-learn gives them: of two classes those of the second. */
  readonly coefficients: readonly (readonly number[])[];
  readonly intercepts: readonly number[];
}
const cases = JSON.parse(readFileSync(new URL('linear.json', folder), 'utf8')) as Case[];

function dataSet(name: string, classes: number): TrainingData {
  const [header, ...lines] = readFileSync(new URL(`${name}.csv`, folder), 'utf8')
    .trimEnd()
    .split('\n');
  const names = header!.split(',').slice(0, -1);
  const cells = lines.map((line) => line.split(',').map(Number));
  const columns = names.map((_, j) => Float32Array.from(cells, (row) => row[j]!));
  const target = Float64Array.from(cells, (row) => row.at(-1)!);
  return { features: { rows: cells.length, names, columns }, target, classes };
}

function standardised(column: Float32Array): Float32Array {
  const mean = column.reduce((sum, value) => sum + value, 0) / column.length;
  const sd = Math.sqrt(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length);
  return column.map((value) => (value - mean) / (sd === 0 ? 1 : sd));
}

const classesOf: Readonly<Record<string, number>> = { breast_cancer: 2, wine: 3, digits: 10, diabetes: 0 };

function dataOf({ data, standardised: scaled, weighted }: Case): TrainingData {
  const set = dataSet(data, classesOf[data]!);
  const columns = scaled ? set.features.columns.map(standardised) : set.features.columns;
  const weights = weighted ? { weights: set.target.map((_, row) => 0.5 + (row % 3)) } : {};
  return { ...set, ...weights, features: { ...set.features, columns } };
}

async function trained(data: TrainingData, given: Partial<typeof parameters> = {}): Promise<LinearModel> {
  const train = data.classes === 0 ? trainLinear : trainLogistic;
  const result = await train(data, { ...parameters, ...given }, context);
  if (!result.ok) throw new Error(result.rejection.detail);
  return result.value;
}

/** Largest distance, relative above 1. */
function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!) / Math.max(1, Math.abs(expected[i]!));
    if (!(error <= largest)) largest = error;
  }
  return largest;
}

describe('coefficients are scikit-learn’s', () => {
  it.each(cases.map((one) => [`${one.algorithm} on ${one.data}, l1 ${one.l1}, l2 ${one.l2}`, one] as const))(
    '%s',
    async (_, one) => {
      const model = await trained(dataOf(one), { l1: one.l1, l2: one.l2, tolerance: 1e-7 });
      expect(model.convergence.converged).toBe(true);
      const binary = model.classes === 2;
      const coefficients = binary ? model.coefficients.slice(1) : model.coefficients;
      const intercepts = binary ? model.intercepts.slice(1) : model.intercepts;
      expect(distance(coefficients.flat(), one.coefficients.flat())).toBeLessThan(1e-4);
      expect(distance(intercepts, one.intercepts)).toBeLessThan(1e-4);
    },
  );
});

/** 10,000 rows: each value of some row of the data, drawn towards or away from 0; some rows far away, some at 0. */
function randomRows(like: FeatureMatrix, seed: number): FeatureMatrix {
  const random = new Random(seed);
  const rows = 10_000;
  const factors = Float32Array.from({ length: rows }, (_, row) => {
    if (row % 50 === 0) return 0;
    return row % 50 === 1 ? 1e6 * random.normal() : 1 + 0.1 * random.normal();
  });
  const columns = like.columns.map((column) => factors.map((factor) => factor * column[random.below(column.length)]!));
  return { rows, names: like.names, columns };
}

interface RuntimeOutputs {
  readonly signature: Signature;
  /** Probabilities, or values. */
  readonly numbers: ArrayLike<number>;
  readonly labels: readonly (string | number)[];
}

async function onnxRuntime(
  model: LinearModel,
  features: FeatureMatrix,
  options: GraphOptions = {},
): Promise<RuntimeOutputs> {
  const width = features.names.length;
  const part = model.graph('features', options);
  const bytes = modelBytes({ ...part, inputs: [valueInfo('features', 'float32', [null, width])] });
  const read = readSignature(bytes, { featureNames: [...features.names] });
  if (!read.ok) throw new Error(read.rejection.detail);
  const loaded = await loadModel(bytes, read.value);
  if (!loaded.ok) throw new Error(loaded.rejection.message);
  const data = new Float32Array(features.rows * width);
  for (const [j, column] of features.columns.entries()) {
    for (let row = 0; row < features.rows; row++) data[row * width + j] = column[row]!;
  }
  const outputs = await loaded.value.run([{ name: 'features', type: 'float32', width, data }], features.rows);
  await loaded.value.dispose();
  const numbers = outputs.find(({ type }) => type === 'float32')!.data as Float32Array;
  const labels = outputs.find(({ type }) => type !== 'float32')?.data ?? [];
  return {
    signature: read.value,
    numbers,
    labels: Array.from(labels as ArrayLike<unknown>, (label) => (typeof label === 'string' ? label : Number(label))),
  };
}

function labelsOf(probabilities: Float64Array, classes: number): number[] {
  return Array.from({ length: probabilities.length / classes }, (_, row) => {
    const shares = [...probabilities.subarray(row * classes, (row + 1) * classes)];
    return shares.indexOf(Math.max(...shares));
  });
}

/** The objective of the contracts, computed row by row. */
function objective(model: LinearModel, data: TrainingData, l1: number, l2: number): number {
  const { features, target, classes, weights } = data;
  let loss = 0;
  for (let row = 0; row < features.rows; row++) {
    const scores = model.intercepts.map((intercept, o) =>
      features.columns.reduce((sum, column, j) => sum + column[row]! * model.coefficients[o]![j]!, intercept),
    );
    const own = target[row]!;
    const highest = Math.max(...scores);
    const logSum = highest + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - highest), 0));
    loss += (weights?.[row] ?? 1) * (classes === 0 ? 0.5 * (scores[0]! - own) ** 2 : logSum - scores[own]!);
  }
  const all = model.coefficients.flat();
  return all.reduce((sum, w) => sum + l1 * Math.abs(w) + 0.5 * l2 * w * w, loss);
}

function moved(model: LinearModel, output: number, feature: number | null, by: number): LinearModel {
  const data = structuredClone(model.toJSON()) as {
    -readonly [key in keyof LinearModelData]: LinearModelData[key];
  } & { coefficients: number[][]; intercepts: number[] };
  if (feature === null) data.intercepts[output]! += by;
  else data.coefficients[output]![feature]! += by;
  return LinearModel.fromJSON(data);
}

describe('the minimum', () => {
  const random = new Random(12);
  const rows = 300;
  const columns = [1, 1e-3, 1e3, 1].map((scale) => Float32Array.from({ length: rows }, () => scale * random.normal()));
  const features = { rows, names: ['a', 'small', 'large', 'noise'], columns };
  const signal = Float64Array.from(columns[0]!, (a, row) => a + columns[1]![row]! * 500 - columns[2]![row]! / 2000);
  const weights = signal.map((_, row) => 1 + (row % 4));
  const regression = { features, target: signal.map((value) => value + random.normal()), classes: 0 };
  const binary = { features, target: signal.map((value) => Number(value + random.normal() > 0)), classes: 2, weights };
  const three = {
    ...{ features, classes: 3 },
    target: signal.map((value) => Math.min(Math.max(Math.round(value + random.normal()), -1), 1) + 1),
  };

  it.each([
    ['regression, l1 0, l2 0.5', regression, 0, 0.5],
    ['regression, l1 3, l2 0', regression, 3, 0],
    ['regression, l1 3, l2 0.5', regression, 3, 0.5],
    ['two classes with weights, l1 0, l2 0.5', binary, 0, 0.5],
    ['two classes with weights, l1 3, l2 0', binary, 3, 0],
    ['two classes with weights, l1 3, l2 0.5', binary, 3, 0.5],
    ['three classes, l1 0, l2 0.5', three, 0, 0.5],
    ['three classes, l1 3, l2 0', three, 3, 0],
    ['three classes, l1 3, l2 0.5', three, 3, 0.5],
  ])('%s: no coefficient can be moved for less', async (_, data: TrainingData, l1, l2) => {
    const model = await trained(data, { l1, l2, tolerance: 1e-8 });
    const least = objective(model, data, l1, l2);
    const outputs = data.classes === 2 ? [1] : model.intercepts.keys();
    for (const output of outputs) {
      for (const feature of [null, ...columns.keys()]) {
        const unit = feature === null ? 1 : Math.max(...columns[feature]!.map(Math.abs));
        for (const by of [0.01 / unit, -0.01 / unit]) {
          // In a softmax all intercepts may be moved alike: that changes nothing, and is not what is tried here.
          expect(objective(moved(model, output, feature, by), data, l1, l2)).toBeGreaterThan(least);
        }
      }
    }
  });

  it('with l1 has coefficients that are 0', async () => {
    const one = await trained(regression, { l1: 200, l2: 0 });
    expect(one.coefficients[0]!.map((value) => value === 0)).toEqual([false, true, false, true]);
    const other = await trained(three, { l1: 30, l2: 0 });
    expect(other.coefficients.flat().filter((value) => value === 0).length).toBeGreaterThan(4);
  });

  it('of many columns is that of few', async () => {
    // Above 512 columns the regression takes another way; columns of zeros change nothing.
    const zeros = Array.from({ length: 510 }, () => new Float32Array(rows));
    const names = [...features.names, ...zeros.map((_, j) => `zero ${j}`)];
    const wide = { ...regression, features: { rows, names, columns: [...columns, ...zeros] } };
    for (const penalty of [
      { l1: 0, l2: 0.5 },
      { l1: 3, l2: 0.5 },
    ]) {
      const few = await trained(regression, penalty);
      const many = await trained(wide, penalty);
      expect(many.convergence.converged).toBe(true);
      expect(distance(many.coefficients[0]!.slice(0, 4), few.coefficients[0]!)).toBeLessThan(1e-6);
      expect(many.coefficients[0]!.slice(4).every((value) => value === 0)).toBe(true);
      expect(distance(many.intercepts, few.intercepts)).toBeLessThan(1e-6);
    }
  });

  it('with whole weights is that of rows so often', async () => {
    const repeated = [...weights.keys()].flatMap((row) => new Array<number>(weights[row]!).fill(row));
    const more = {
      features: {
        ...{ rows: repeated.length, names: features.names },
        columns: columns.map((column) => Float32Array.from(repeated, (row) => column[row]!)),
      },
    };
    for (const data of [binary, { ...regression, weights }]) {
      const target = Float64Array.from(repeated, (row) => data.target[row]!);
      const weighted = await trained(data);
      const plain = await trained({ ...more, target, classes: data.classes });
      expect(distance(weighted.coefficients.flat(), plain.coefficients.flat())).toBeLessThan(1e-6);
      expect(distance(weighted.intercepts, plain.intercepts)).toBeLessThan(1e-6);
    }
  });

  it('is found again to the byte, and kept as JSON', async () => {
    for (const data of [binary, three, regression]) {
      const once = await trained(data, { l1: 1 });
      const json = JSON.stringify(once);
      expect(JSON.stringify(await trained(data, { l1: 1 }))).toBe(json);
      const read = LinearModel.fromJSON(JSON.parse(json) as LinearModelData);
      expect(read.predict(features)).toEqual(once.predict(features));
    }
  });

  it('says that it did not converge', async () => {
    for (const data of [binary, { ...regression }]) {
      const model = await trained(data, { l1: 1, max_iter: 2, tolerance: 1e-12 });
      expect(model.convergence).toEqual({ iterations: 2, converged: false });
    }
  });

  it('of classes that a line parts, without penalty, ends', async () => {
    const target = Float64Array.from(columns[0]!, (a) => Number(a > 0));
    const model = await trained({ features, target, classes: 2 }, { l2: 0, max_iter: 200 });
    const predicted = model.predict(features);
    expect(predicted.every(Number.isFinite)).toBe(true);
    expect(labelsOf(predicted, 2)).toEqual([...target]);
  });
});

describe('least squares without penalty', () => {
  const random = new Random(30);
  const rows = 2500;
  const normal = (scale = 1, centre = 0, length = rows) =>
    Float32Array.from({ length }, () => centre + scale * random.normal());
  const [a, b] = [normal(), normal(10, 500)];
  const target = Float64Array.from(a, (value, row) => 2 * value - 0.3 * b[row]! + 0.1 * random.normal());

  const fitOf = (columns: readonly Float32Array[]) => {
    const names = columns.map((_, j) => `x${j}`);
    return trained({ features: { rows, names, columns }, target, classes: 0 }, { l2: 0 });
  };

  it('gives 0 to a column that others make up, and to a constant', async () => {
    const plain = await fitOf([a, b]);
    const model = await fitOf([a, b, a, new Float32Array(rows).fill(7), b.map((value) => 2 * value)]);
    // Doubling a float32 is exact.
    expect(distance(model.coefficients[0]!, [...plain.coefficients[0]!, 0, 0, 0])).toBeLessThan(1e-9);
    expect(distance(model.intercepts, plain.intercepts)).toBeLessThan(1e-9);
  });

  it('tells columns apart that differ by a millionth', async () => {
    // The normal equations have a condition of 10¹²: only the rows themselves have the digits.
    const near = a.map((value) => value + 1e-6 * random.normal());
    const difference = near.map((value, row) => value - a[row]!);
    const own = Float64Array.from(a, (value, row) => value + 1e5 * difference[row]!);
    const names = ['a', 'near'];
    const data = { features: { rows, names, columns: [a, near] }, target: own, classes: 0 };
    const model = await trained(data, { l2: 0 });
    expect(distance(model.coefficients[0]!, [1 - 1e5, 1e5])).toBeLessThan(1e-6);
  });

  it('has a solution where there are more columns than rows', async () => {
    const columns = Array.from({ length: 40 }, () => normal(1, 0, 20));
    const names = columns.map((_, j) => `x${j}`);
    const data = { features: { rows: 20, names, columns }, target: target.slice(0, 20), classes: 0 };
    const model = await trained(data, { l2: 0 });
    expect(distance(model.predict(data.features), data.target)).toBeLessThan(1e-5);
    expect(model.coefficients[0]!.filter((value) => value === 0)).toHaveLength(21);
  });
});

describe('classes', () => {
  const features = { rows: 6, names: ['x'], columns: [Float32Array.of(1, 2, 3, 4, 5, 6)] };

  it('without rows have probability 0, in ONNX Runtime too', async () => {
    const model = await trained({ features, target: Float64Array.of(1, 1, 3, 1, 3, 3), classes: 4 });
    const { numbers } = await onnxRuntime(model, features);
    expect(Array.from(numbers)).toEqual([...model.predict(features)]);
    for (let row = 0; row < 6; row++) {
      expect([numbers[row * 4], numbers[row * 4 + 2]]).toEqual([0, 0]);
      expect(numbers[row * 4 + 1]! + numbers[row * 4 + 3]!).toBeCloseTo(1, 6);
    }
    const two = await trained({ features, target: Float64Array.of(0, 0, 1, 0, 1, 1), classes: 2 });
    const expected = [...two.predict(features)].flatMap((share) => [0, share]);
    expect(distance(numbers, expected)).toBeLessThanOrEqual(1e-6);
  });
});

describe('refuses', () => {
  const features = { rows: 3, names: ['age', 'pay'], columns: [Float32Array.of(1, 2, 3), Float32Array.of(3, 1, 2)] };
  const good: TrainingData = { features, target: Float64Array.of(0, 1, 0), classes: 2 };
  const holding = (value: number): TrainingData => ({
    ...good,
    features: { ...features, columns: [features.columns[0]!, Float32Array.of(1, value, 3)] },
  });

  it.each<[TrainingData, reason: string, where: string, detail: RegExp]>([
    [holding(NaN), 'missing_value', "column 'pay'", /row 2 is missing, expected finite numbers/],
    [holding(-Infinity), 'infinite_value', "column 'pay'", /row 2 is infinite, expected finite numbers/],
    [{ ...good, target: Float64Array.of(1, 1, 1) }, 'single_class', 'target', /all rows are of class 1/],
    [
      { ...good, target: Float64Array.of(0, 2, 1) },
      'invalid_data',
      'target',
      /2 in row 2, expected a class from 0 to 1/,
    ],
    [{ ...good, target: Float64Array.of(0, 1) }, 'invalid_data', 'target', /has 2 values, expected 3/],
    [
      { ...good, weights: Float64Array.of(1, -1, 1) },
      'invalid_data',
      'weights',
      /-1 in row 2, expected a number from 0/,
    ],
    [{ ...good, weights: new Float64Array(3) }, 'invalid_data', 'weights', /are all 0/],
    [{ ...good, weights: Float64Array.of(1, 0, 1) }, 'single_class', 'target', /all rows with a weight are of class 0/],
    [
      { ...good, features: { ...features, columns: [features.columns[0]!, new Float32Array(2)] } },
      ...(['invalid_data', "column 'pay'", /has 2 values, expected 3/] as const),
    ],
    [{ ...good, features: { rows: 0, names: [], columns: [] } }, 'invalid_data', 'features', /no rows/],
    [{ ...good, classes: 0 }, 'invalid_data', 'target', /no classes, expected a classification/],
  ])('case %#', async (data, reason, where, detail) => {
    const result = await trainLogistic(data, parameters, context);
    expect(result).toMatchObject({ ok: false, rejection: { reason, where, detail: expect.stringMatching(detail) } });
  });

  it('a regression of classes, and a target that is not finite', async () => {
    expect(await trainLinear(good, parameters, context)).toMatchObject({
      rejection: { where: 'target', detail: 'target has classes, expected a regression' },
    });
    const data = { ...good, classes: 0, target: Float64Array.of(1, NaN, 2) };
    expect(await trainLinear(data, parameters, context)).toMatchObject({
      rejection: { where: 'target', detail: 'target is NaN in row 2, expected a finite number' },
    });
  });

  it('other features than it has learned from', async () => {
    const model = await trained(good);
    const narrow = { rows: 1, names: ['age'], columns: [Float32Array.of(1)] };
    expect(() => model.predict(narrow)).toThrow('features have 1 columns, expected 2');
  });
});

describe('training', () => {
  const data = dataSet('wine', 3);

  it('tells how far it is, with a loss that falls', async () => {
    const told: { done: number; of: number; loss: number | undefined }[] = [];
    const onProgress: TrainingContext['onProgress'] = (done, of, scores) =>
      told.push({ done, of, loss: scores?.train });
    await trainLogistic(data, parameters, { ...context, onProgress });
    expect(told.map(({ done }) => done)).toEqual(told.map((_, done) => done));
    expect(told[0]).toMatchObject({ of: 10_000 });
    expect(told.at(-1)!.loss).toBeLessThan(0.1 * told[0]!.loss!);
  });

  it.each([
    ['logistic', { ...data, classes: 3 }, trainLogistic, 0],
    ['linear', { ...data, classes: 0 }, trainLinear, 0],
    ['linear with l1', { ...data, classes: 0 }, trainLinear, 1],
  ] as const)('%s ends when it is asked to', async (_, own, train, l1) => {
    const controller = new AbortController();
    const training = train(own, { ...parameters, l1 }, { ...context, signal: controller.signal });
    controller.abort(new Error('stopped'));
    await expect(training).rejects.toThrow('stopped');
  });
});

describe('the graph', () => {
  const sets = ['breast_cancer', 'wine', 'digits', 'diabetes'];

  it.each(sets)('gives ONNX Runtime what the model predicts, on 10,000 rows like those of %s', async (name) => {
    const data = dataSet(name, classesOf[name]!);
    const model = await trained(data, { max_iter: 20 });
    const rows = randomRows(data.features, 7);
    const outputs = await onnxRuntime(model, rows);
    const expected = model.predict(rows);
    expect(outputs.numbers).toHaveLength(expected.length);
    expect(distance(outputs.numbers, expected)).toBeLessThanOrEqual(1e-6);
    if (model.classes > 0) expect(outputs.labels).toEqual(labelsOf(expected, model.classes));
  });

  it('keeps a probability to 1e-6 where raw values are large and their products cancel', async () => {
    const random = new Random(3);
    const rows = 2000;
    const signal = Float64Array.from({ length: rows }, () => random.normal());
    const large = Float32Array.from(signal, (value) => 1e7 + 100 * value);
    const shifted = Float32Array.from(signal, (value) => 1e7 - 100 * value + 10 * random.normal());
    const target = signal.map((value) => Number(value + 0.5 * random.normal() > 0));
    const features = { rows, names: ['large', 'shifted'], columns: [large, shifted] };
    const model = await trained({ features, target, classes: 2 }, { l2: 1e-6 });
    const predicted = model.predict(features);
    const outputs = await onnxRuntime(model, features);
    expect(distance(outputs.numbers, predicted)).toBeLessThanOrEqual(1e-6);
    const right = outputs.labels.filter((label, row) => Number(label) === target[row]).length;
    expect(right / rows).toBeGreaterThan(0.8);
  });

  it.each<[GraphOptions['classLabels'], type: 'int64' | 'string']>([
    [['ham', 'spam', 'offer'], 'string'],
    [[10, 20, 30], 'int64'],
    [undefined, 'int64'],
  ])('names its classes %j', async (classLabels, type) => {
    const data = dataSet('wine', 3);
    const model = await trained(data);
    const { signature, labels } = await onnxRuntime(model, data.features, classLabels && { classLabels });
    const classes = [...(classLabels ?? [0, 1, 2])];
    expect(signature).toMatchObject({
      classes,
      outputs: [
        { name: 'label', type, role: 'label' },
        { name: 'probabilities', type: 'float32', role: 'probabilities', shape: [null, 3] },
      ],
    });
    expect(labels).toEqual(labelsOf(model.predict(data.features), 3).map((index) => classes[index]!));
  });

  it('of a regression gives values', async () => {
    const data = dataSet('diabetes', 0);
    const { signature } = await onnxRuntime(await trained(data), data.features);
    expect(signature.outputs).toMatchObject([{ name: 'value', type: 'float32', role: 'value', shape: [null, 1] }]);
  });

  it('refuses labels that are not one for each class', async () => {
    const model = await trained(dataSet('wine', 3));
    expect(() => model.graph('features', { classLabels: ['a', 'b'] })).toThrow('classLabels has 2 labels, expected 3');
  });
});
