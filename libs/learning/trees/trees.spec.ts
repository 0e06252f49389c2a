import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { rootFolder } from '#apps/platform/root-folder.js';
import { gradientBoosting, randomForest, type FeatureMatrix } from '#libs/contracts/index.js';
import type { TrainingContext, TrainingData } from '../model.js';
import { Random } from '../random.js';
import { binOf, thresholdsOf } from './thresholds.js';
import { trainBoosting } from './train-boosting.js';
import { trainForest } from './train-forest.js';
import { TreeModel } from './tree-model.js';

/** The threads run outside Jest: as compiled by the build that comes before the tests. */
const program = join(rootFolder, 'dist/libs/learning/trees/tree-thread.js');
const here: TrainingContext = { seed: 7, threads: 1 };

const trainers = {
  boosting: (data: TrainingData, given: object = {}, context = here) =>
    trainBoosting(data, gradientBoosting.parse({ n_estimators: 20, ...given }), context),
  forest: (data: TrainingData, given: object = {}, context = here) =>
    trainForest(data, randomForest.parse({ n_estimators: 10, ...given }), context),
};
type Trainer = keyof typeof trainers;

/** Nothing left to chance. */
const everyRow = { boosting: {}, forest: { bootstrap: false, max_features: 1 } } as const;
const both = ['boosting', 'forest'] as const;

async function trained(
  trainer: Trainer,
  data: TrainingData,
  given: object = {},
  context: TrainingContext = here,
): Promise<TreeModel> {
  const result = await trainers[trainer](data, given, context);
  if (!result.ok) throw new Error(result.rejection.detail);
  return result.value;
}

const matrix = (...columns: readonly (readonly number[])[]): FeatureMatrix => ({
  rows: columns[0]!.length,
  names: columns.map((_, index) => `f${index}`),
  columns: columns.map((column) => Float32Array.from(column)),
});

/** Noise, two columns that tell the target, and missing values. */
function dataOf(classes: number, rows: number): TrainingData {
  const random = new Random(3);
  const draw = () => Array.from({ length: rows }, () => random.normal());
  const [a, b, noise] = [draw(), draw(), draw()];
  const sparse = a.map((value, row) => (row % 3 === 0 ? Number.NaN : value));
  const target = Float64Array.from({ length: rows }, (_, row) => {
    const score = a[row]! - b[row]! + 0.2 * random.normal();
    return classes === 0 ? score : Math.min(classes - 1, Math.max(0, Math.floor(score + classes / 2)));
  });
  return { features: matrix(sparse, b, noise, a), target, classes };
}

const digestOf = (model: TreeModel): string => createHash('sha256').update(JSON.stringify(model)).digest('hex');

describe('bins', () => {
  it('part any float32 as the thresholds do, with at most so many bins', () => {
    const random = new Random(1);
    for (const size of [1, 2, 3, 10, 1000]) {
      for (const step of [1, 2 ** -24, 1e30, 1e-40]) {
        const values = Float32Array.from({ length: size }, () => 1 + step * random.below(300)).sort();
        const thresholds = thresholdsOf(values, 16);
        expect(thresholds.length).toBeLessThan(16);
        for (const value of values) {
          expect(binOf(thresholds, value)).toBe(thresholds.filter((threshold) => value > threshold).length);
        }
        for (let bin = 1; bin < thresholds.length; bin++) expect(thresholds[bin]).toBeGreaterThan(thresholds[bin - 1]!);
      }
    }
  });

  it('tell neighbouring numbers of float32 apart', () => {
    const next = Math.fround(1 + 2 ** -23);
    const after = Math.fround(1 + 2 ** -22);
    expect([...thresholdsOf(Float32Array.of(1, next, after), 255)]).toEqual([1, next]);
  });

  it('give a frequent value one bin, and the others to the rest', () => {
    const values = Float32Array.from({ length: 1000 }, (_, at) => Math.max(0, at - 900)).sort();
    expect(thresholdsOf(values, 50).length).toBeGreaterThan(30);
  });

  it('of infinities are bins too', () => {
    const thresholds = thresholdsOf(Float32Array.of(-Infinity, 0, Infinity), 255);
    expect([-Infinity, -1e38, 0, 1e38, Infinity].map((value) => binOf(thresholds, value))).toEqual([0, 1, 1, 2, 2]);
  });
});

describe('threads', () => {
  it.each([
    ['boosting', 2, { early_stopping_rounds: 3 }],
    ['boosting', 3, {}],
    ['boosting', 0, {}],
    ['forest', 3, {}],
    ['forest', 0, {}],
  ] as const)('change nothing: %s with %d classes and %j', async (trainer, classes, given) => {
    // More than one block of rows.
    const data = dataOf(classes, trainer === 'boosting' ? 10_000 : 1500);
    const told: number[] = [];
    const alone = await trained(trainer, data, { n_estimators: 5, ...given });
    const together = await trained(
      trainer,
      data,
      { n_estimators: 5, ...given },
      { ...here, threads: 3, program, onProgress: (done) => told.push(done) },
    );
    expect(digestOf(together)).toBe(digestOf(alone));
    expect(told).toEqual([1, 2, 3, 4, 5]);
  });

  it.each(both)('end with the signal: %s', async (trainer) => {
    const stop = new AbortController();
    const context = {
      ...here,
      threads: 2,
      program,
      signal: stop.signal,
      onProgress: () => {
        stop.abort(new Error('enough'));
      },
    };
    await expect(trained(trainer, dataOf(2, 2000), { n_estimators: 10_000 }, context)).rejects.toThrow('enough');
    await expect(trained(trainer, dataOf(2, 2000), {}, context)).rejects.toThrow('enough');
    await expect(trained(trainer, dataOf(2, 2000), {}, { ...context, threads: 1 })).rejects.toThrow('enough');
  });

  it.each(both)('that cannot begin fail the training: %s', async (trainer) => {
    const context = { ...here, threads: 2, program: join(rootFolder, 'no-such-program.js') };
    await expect(trained(trainer, dataOf(2, 100), {}, context)).rejects.toThrow('no-such-program');
  });
});

interface Figure {
  readonly data: string;
  readonly classes: number;
  readonly trainer: Trainer;
  readonly mean: number;
  readonly sd: number;
}
const folder = new URL('../../../tests/fixtures/learning/', import.meta.url);
const figures = JSON.parse(readFileSync(new URL('trees.json', folder), 'utf8')) as Figure[];

function read(name: string, classes: number): TrainingData {
  const [header, ...lines] = readFileSync(new URL(`${name}.csv`, folder), 'utf8')
    .trimEnd()
    .split('\n');
  const cells = lines.map((line) => line.split(',').map(Number));
  const columns = header!
    .split(',')
    .slice(0, -1)
    .map((_, at) => cells.map((row) => row[at]!));
  return { features: matrix(...columns), target: Float64Array.from(cells, (row) => row.at(-1)!), classes };
}

function taken({ features, target, classes }: TrainingData, keep: (row: number) => boolean): TrainingData {
  const columns = features.columns.map((column) => column.filter((_, row) => keep(row)));
  return {
    features: { rows: columns[0]!.length, names: features.names, columns },
    target: target.filter((_, row) => keep(row)),
    classes,
  };
}

/** As make_trees.py has them: every third row is of the test. */
const splits = 3;

/** Accuracy, or R². */
function scoreOf(model: TreeModel, { features, target, classes }: TrainingData): number {
  const predicted = model.predict(features);
  if (classes === 0) {
    const mean = target.reduce((sum, value) => sum + value, 0) / target.length;
    const sum = (of: (row: number) => number) =>
      target.reduce((total, value, row) => total + (value - of(row)) ** 2, 0);
    return 1 - sum((row) => predicted[row]!) / sum(() => mean);
  }
  const right = target.filter((value, row) => {
    const shares = predicted.subarray(row * classes, (row + 1) * classes);
    return shares.indexOf(Math.max(...shares)) === value;
  });
  return right.length / target.length;
}

describe('a forest', () => {
  /** One tree of every row, and a target that jumps at random: only a leaf for each value can learn it. */
  const values = Array.from({ length: 2000 }, (_, row) => (row % 50 === 0 ? Number.NaN : Math.fround(row ** 1.1)));
  const every = { n_estimators: 1, bootstrap: false, max_features: 1, min_samples_leaf: 1, min_samples_split: 2 };

  it.each([0, 2, 3])('splits small nodes at their own values, with %d classes', async (classes) => {
    const random = new Random(3);
    const target = Float64Array.from(values, (value) => (Number.isNaN(value) ? 1 : random.below(classes || 10)));
    const features = matrix(values);
    const wrong = async (given: object): Promise<number> => {
      const predicted = (await trained('forest', { features, target, classes }, given)).predict(features);
      return target.filter((own, row) =>
        classes === 0 ? Math.abs(predicted[row]! - own) > 1e-5 : predicted[row * classes + own] !== 1,
      ).length;
    };
    expect(await wrong(every)).toBe(0);
    expect(await wrong({ ...every, max_bins: 254 })).toBeGreaterThan(100);
  });

  it('places a threshold in the middle of what no row of its node has', async () => {
    const here = [...Array.from({ length: 300 }, (_, row) => row), 1000];
    const target = Float64Array.from(here, (value) => (value < 300 ? 0 : 1));
    const model = await trained('forest', { features: matrix(here), target, classes: 0 }, { ...every, max_depth: 1 });
    const [threshold] = model.ensemble.trees[0]!.threshold;
    expect(threshold).toBeGreaterThan(299);
    expect(threshold).toBeLessThan(1000);
  });
});

describe('quality', () => {
  it.each(figures.map((figure) => [figure.trainer, figure.data, figure] as const))(
    'of %s on %s is scikit-learn’s, minus half a point or two deviations over the splits',
    async (trainer, name, { classes, mean, sd }) => {
      const data = read(name, classes);
      const scores: number[] = [];
      for (let split = 0; split < splits; split++) {
        const model = await trained(
          trainer,
          taken(data, (row) => row % splits !== split),
          { n_estimators: 30 },
        );
        scores.push(
          scoreOf(
            model,
            taken(data, (row) => row % splits === split),
          ),
        );
      }
      const own = scores.reduce((sum, score) => sum + score, 0) / scores.length;
      expect(own).toBeGreaterThan(mean - Math.max(0.005, 2 * sd));
    },
  );
});

describe.each(both)('%s', (trainer) => {
  it('is the same from its JSON', async () => {
    const data = dataOf(3, 300);
    const model = await trained(trainer, data);
    const copy = TreeModel.fromJSON(JSON.parse(JSON.stringify(model)) as ReturnType<TreeModel['toJSON']>);
    expect(copy.predict(data.features)).toEqual(model.predict(data.features));
    expect(JSON.stringify(copy)).toBe(JSON.stringify(model));
  });

  it('follows the seed', async () => {
    const data = dataOf(2, 300);
    const given = { early_stopping_rounds: 5 };
    const digest = async (seed: number) =>
      digestOf(await trained(trainer, data, trainer === 'boosting' ? given : {}, { ...here, seed }));
    expect(await digest(1)).toBe(await digest(1));
    expect(await digest(1)).not.toBe(await digest(2));
  });

  it('learns from one row of each class, from constant and from empty columns', async () => {
    const features = matrix([1, 2, 3], [5, 5, 5], [Number.NaN, Number.NaN, Number.NaN]);
    const data = { features, target: Float64Array.of(0, 1, 2), classes: 3 };
    const model = await trained(trainer, data, { min_samples_leaf: 1 });
    expect([...model.gains.subarray(1)]).toEqual([0, 0]);
    for (const value of model.predict(features)) expect(value >= 0 && value <= 1).toBe(true);
    const flat = await trained(
      trainer,
      { ...data, features: matrix([5, 5, 5]) },
      { min_samples_leaf: 1, ...everyRow[trainer] },
    );
    for (const value of flat.predict(matrix([5, Number.NaN]))) expect(value).toBeCloseTo(1 / 3, 6);
  });

  it('has one leaf where leaves need more rows than there are', async () => {
    const { ensemble } = await trained(trainer, dataOf(0, 50), { min_samples_leaf: 1000 });
    for (const tree of ensemble.trees) expect([...tree.feature]).toEqual([-1]);
  });

  it.each([1, 3])('is no deeper than max_depth %d', async (depth) => {
    const { ensemble } = await trained(trainer, dataOf(2, 500), { max_depth: depth, min_samples_leaf: 1 });
    const depthOf = (tree: (typeof ensemble.trees)[number], node: number): number =>
      tree.feature[node]! < 0 ? 0 : 1 + Math.max(depthOf(tree, tree.left[node]!), depthOf(tree, tree.right[node]!));
    expect(Math.max(...ensemble.trees.map((tree) => depthOf(tree, 0)))).toBe(depth);
  });

  it('sends missing values where their rows are, and leaves no leaf below min_samples_leaf', async () => {
    const values = Array.from({ length: 200 }, (_, row) => (row % 2 === 0 ? Number.NaN : row));
    const data = {
      features: matrix(values),
      target: Float64Array.from(values, (value) => (Number.isNaN(value) ? 9 : 1)),
      classes: 0,
    };
    const given = { n_estimators: 60, min_samples_leaf: 30, learning_rate: 0.3 };
    const [missing, there] = (
      await trained(trainer, data, trainer === 'forest' ? { min_samples_leaf: 20 } : given)
    ).predict(matrix([Number.NaN, 77]));
    expect(missing).toBeCloseTo(9, 3);
    expect(there).toBeCloseTo(1, 3);
  });

  it('counts a row of weight two as two rows, and one of weight zero not at all', async () => {
    const data = dataOf(0, 300);
    const weights = data.target.map((_, row) => row % 3);
    const repeated = [...weights].flatMap((weight, row) => Array<number>(weight).fill(row));
    const twice = {
      features: matrix(...data.features.columns.map((column) => repeated.map((row) => column[row]!))),
      target: Float64Array.from(repeated, (row) => data.target[row]!),
      classes: 0,
    };
    const given = { min_samples_leaf: 1, max_depth: 3, n_estimators: 3, ...everyRow[trainer] };
    const weighted = (await trained(trainer, { ...data, weights }, given)).predict(data.features);
    const plain = (await trained(trainer, twice, given)).predict(data.features);
    // Bins are found by rows, not by weights: the edges differ a little, what is learned does not.
    const apart = weighted.reduce((sum, value, row) => sum + Math.abs(value - plain[row]!), 0) / weighted.length;
    const spread = plain.reduce((sum, value) => sum + Math.abs(value), 0) / plain.length;
    expect(apart / spread).toBeLessThan(0.02);
    const [first, ...rest] = weights;
    const scaled = await trained(
      trainer,
      { ...data, weights: Float64Array.of(first!, ...rest).map((weight) => weight * 4) },
      given,
    );
    expect(scaled.predict(data.features)).toEqual(weighted);
  });

  it.each([
    [{ target: Float64Array.of(0, 1) }, 'target'],
    [{ target: Float64Array.of(0, 1, 2) }, 'target'],
    [{ target: Float64Array.of(0, 0.5, 1) }, 'target'],
    [{ classes: 1 }, 'classes'],
    [{ classes: 0, target: Float64Array.of(0, Number.NaN, 1) }, 'target'],
    [{ weights: Float64Array.of(1, -1, 1) }, 'weights'],
    [{ weights: Float64Array.of(1, 1) }, 'weights'],
    [{ weights: Float64Array.of(0, 0, 0) }, null],
    [{ features: { rows: 3, names: [], columns: [] } }, 'features'],
    [{ features: { rows: 3, names: ['a', 'b'], columns: [new Float32Array(3)] } }, 'features.names'],
    [{ features: { rows: 3, names: ['a'], columns: [new Float32Array(2)] } }, "column 'a'"],
  ])('refuses %j', async (wrong, where) => {
    const data = { features: matrix([1, 2, 3]), target: Float64Array.of(0, 1, 1), classes: 2 };
    const result = await trainers[trainer]({ ...data, ...wrong });
    expect(result).toMatchObject({ ok: false, rejection: { reason: 'invalid_data', where } });
  });
});

it('boosting stops at the round of least loss on rows held back', async () => {
  const data = dataOf(2, 400);
  const model = await trained('boosting', data, {
    n_estimators: 500,
    early_stopping_rounds: 5,
    learning_rate: 0.5,
    min_samples_leaf: 2,
  });
  const losses = model.curve!.map(({ validation }) => validation!);
  expect(losses).toHaveLength(model.rounds! + 5);
  expect(losses.indexOf(Math.min(...losses)) + 1).toBe(model.rounds);
  expect(model.ensemble.trees).toHaveLength(model.rounds!);
});

it('histograms that find no place are counted anew, with the same tree', async () => {
  const data = dataOf(0, 200);
  const wide = {
    ...data,
    features: matrix(...Array.from({ length: 1200 }, (_, at) => [...data.features.columns[at % 4]!])),
  };
  const narrow = await trained('boosting', data, { n_estimators: 2, max_leaves: 20, min_samples_leaf: 1 });
  const model = await trained('boosting', wide, { n_estimators: 2, max_leaves: 20, min_samples_leaf: 1 });
  expect(model.predict(wide.features)).toEqual(narrow.predict(data.features));
});
