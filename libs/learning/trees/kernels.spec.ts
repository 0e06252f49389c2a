import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { rootFolder } from '#apps/platform/root-folder.js';
import { Random } from '../random.js';
import { missingBin } from './binned-matrix.js';
import { binnedMatrix } from './binning.js';
import { featureAt, numbersOfFeature, numbersOfQuad } from './histogram.js';
import { kernelsTextDigest } from './kernels-binary.js';
import { kernelsFor, scriptKernels, type Kernels, type RowsAt } from './kernels.js';
import { SharedArrays } from './shared.js';
import { sortNumbers } from './sorted.js';
import { found, missingGoes, numbersOfFound } from './split.js';
import { gridFor, rounded } from './sums.js';

const features = 6;
const rows = 500;

/** Everything that kernels read and write, of the same numbers whoever works on it. */
function sceneOf(seed: number) {
  const arrays = new SharedArrays();
  const random = new Random(seed);
  const draw = (feature: number) => (random.below(4) === 0 ? Number.NaN : random.below(feature === 0 ? 3 : 400));
  const columns = Array.from({ length: features }, (_, feature) =>
    Float32Array.from({ length: rows }, () => draw(feature)),
  );
  const names = columns.map((_, index) => `f${index}`);
  const all = Uint32Array.from({ length: rows }, (_, row) => row);
  const matrix = binnedMatrix({ rows, names, columns }, all, 255, 1, arrays);
  const grid = gridFor(rows, 1, 1);
  const pairs = arrays.floats(2 * rows);
  for (let row = 0; row < rows; row++) {
    pairs[2 * row] = rounded((random.float() - 0.5) * grid.gradientScale);
    pairs[2 * row + 1] = grid.one + Math.floor(random.float() * grid.hessianScale);
  }
  const order = [arrays.integers(rows), arrays.integers(rows)] as const;
  order[0].set(random.shuffle(all));
  const histogram = arrays.floats(2 * featureAt(matrix.quads * 4)).fill(7);
  const node: RowsAt = { rows: order[0], start: 20, end: 20 + random.below(rows - 20) };
  return { arrays, matrix, grid, pairs, order, histogram, node, ordered: arrays.floats(2 * rows) };
}
type Scene = ReturnType<typeof sceneOf>;

/** Each kernel once, as boosting calls them; gives all that they left. */
function everything(kernels: Kernels, scene: Scene): unknown {
  const { matrix, pairs, order, histogram, node, ordered, arrays } = scene;
  const half = histogram.length / 2;
  kernels.gather(pairs, node, ordered);
  kernels.clear(histogram, 0, 2 * half);
  for (let quad = 0; quad < matrix.quads; quad++) {
    kernels.addRows(histogram, quad * numbersOfQuad, matrix, quad, node, ordered);
    kernels.addRows(histogram, half + quad * numbersOfQuad, matrix, quad, { ...node, end: node.start + 10 }, ordered);
  }
  kernels.subtract(histogram, 0, half, half);
  const test = { feature: 1, bin: 30, missing: missingBin(matrix, 1) };
  const left = kernels.countLeft(matrix, node, test);
  const end = kernels.scatter(matrix, node, test, order[1], node.start, node.start + left);
  const splits = Array.from({ length: features }, (_, feature) => split(kernels, scene, feature));
  const ofFeature = arrays.floats(numbersOfFeature);
  kernels.addRowsOfFeature(ofFeature, matrix, 5, node, ordered);
  const sums = [[...ordered], [...histogram], [...ofFeature]];
  return { sums, left, end, order: [...order[1]], splits, bins: binsBy(kernels, scene) };
}

function split(kernels: Kernels, { histogram, matrix, grid, arrays }: Scene, feature: number): number[] {
  const into = arrays.floats(numbersOfFound);
  const [at, bins] = [featureAt(feature), missingBin(matrix, feature)];
  let [gradient, mass] = [0, 0];
  for (let bin = 0; bin <= bins; bin++) {
    gradient += histogram[at + 2 * bin]!;
    mass += histogram[at + 2 * bin + 1]!;
  }
  for (const minRows of [1, 20]) {
    const rules = { minRows, l2: 0.1 };
    const [g, m] = [histogram[at + 2 * bins]!, histogram[at + 2 * bins + 1]!];
    kernels.scan(histogram, at, bins, 0, 0, missingGoes.right, gradient, mass, grid, rules, into, 0);
    kernels.scan(histogram, at, bins - 1, g, m, missingGoes.left, gradient, mass, grid, rules, into, 0);
  }
  return [...into];
}

function binsBy(kernels: Kernels, { arrays }: Scene): number[] {
  const values = arrays.singles(9);
  values.set([-Infinity, -1, -0, 0, 1e-45, 1, 1.5, Infinity, Number.NaN]);
  const thresholds = arrays.singles(255).fill(Infinity);
  thresholds.set([-2, 0, 1, 1.25]);
  const shared = arrays.integers(values.length);
  const view = new Uint8Array(shared.buffer, shared.byteOffset, shared.byteLength);
  kernels.bins(values, values.length, thresholds, 9, view, 1);
  return [...view].filter((_, at) => at % 4 === 1);
}

describe('kernels', () => {
  it.each([1, 2, 3, 4, 5])('leave the same in WebAssembly and in TypeScript: %d', (seed) => {
    const scene = sceneOf(seed);
    const memory = scene.arrays.memory;
    expect(memory).not.toBeNull();
    const left = everything(kernelsFor(memory), scene);
    expect(left).toEqual(everything(scriptKernels, sceneOf(seed)));
    expect(left).toMatchObject({ bins: [0, 1, 1, 1, 2, 2, 4, 4, 9] });
  });

  it('find splits in what is sought here', () => {
    const scene = sceneOf(1);
    const { splits } = everything(scriptKernels, scene) as { splits: number[][] };
    expect(splits.every((one) => one[found.gain]! > 0)).toBe(true);
  });

  it('are assembled from the text that is here', () => {
    const text = readFileSync(join(rootFolder, 'libs/learning/trees/kernels.wat'));
    expect(createHash('sha256').update(text).digest('hex')).toBe(kernelsTextDigest);
  });
});

it('numbers are sorted as the platform sorts them', () => {
  const random = new Random(9);
  const drawn = Array.from({ length: 3000 }, () => random.normal() * 10 ** (random.below(70) - 35));
  const values = Float32Array.of(...drawn, 0, -0, Infinity, -Infinity, 1e-45, -1e-45, 3, 3, -3);
  const expected = values.slice().sort();
  sortNumbers(values);
  expect([...values]).toEqual([...expected]);
  for (const few of [Float32Array.of(), Float32Array.of(2), Float32Array.of(2, -1)]) {
    const sorted = few.slice().sort();
    sortNumbers(few);
    expect([...few]).toEqual([...sorted]);
  }
});
