/**
 * @jest-environment ./tests/support/onnx-environment.mjs
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { rootFolder } from '#apps/platform/root-folder.js';
import type { Table, TableColumn } from '#libs/contracts/index.js';
import { readSignature } from '#libs/onnx/index.js';
import { makeFolder } from '#tests/support/run-folder.js';
import { writeCsv } from '../data/write-csv.js';
import { openPredictor } from '../model/onnx-predictor.js';
import { runCommandTrainer } from './run-command-trainer.js';

const python = process.env['MODELOG_TEST_PYTHON'] ?? 'python3';

const imports = {
  sklearn: 'numpy, pandas, sklearn, skl2onnx',
  xgboost: 'numpy, pandas, sklearn, skl2onnx, onnxmltools, xgboost',
};

/** Python is the user's: where it, or a package, is not there, the example is not run, and the run says so. */
function whereRuns(name: keyof typeof imports): typeof it | typeof it.skip {
  const found = spawnSync(python, ['-c', `import ${imports[name]}`], { encoding: 'utf8' });
  if (found.status === 0) return it;
  const reason = found.error?.message ?? found.stderr.trim().split('\n').at(-1);
  process.stderr.write(
    `config/trainers/${name} is not tested: ${python}: ${reason} (MODELOG_TEST_PYTHON names another)\n`,
  );
  return it.skip;
}

const count = 240;
const rows = (from: number, to: number): Int32Array => Int32Array.from({ length: to - from }, (_, row) => from + row);
/** Spread over 0 to 1 without a pattern that a row's number shows. */
const spread = (row: number, step: number): number => (row * step) % 1;

const numeric = (name: string, of: (row: number) => number, type: 'numeric' | 'boolean' = 'numeric'): TableColumn => ({
  ...{ name, type, values: Float64Array.from({ length: count }, (_, row) => of(row)) },
});
const category = (name: string, dictionary: string[], of: (row: number) => number): TableColumn => ({
  ...{ name, type: 'category', dictionary, codes: Int32Array.from({ length: count }, (_, row) => of(row)) },
});

/** Numbers, truth values and text, with missing ones among them, and a category that only the held-out rows have. */
const amount = (row: number): number => (row % 11 === 0 ? Number.NaN : 100 * spread(row, 0.6180339887));
const late = (row: number): number => (spread(row, 0.4142135623) < 0.4 ? 1 : 0);
const country = (row: number): number =>
  row === count - 1 ? 3 : row % 13 === 0 ? -1 : Math.floor(3 * spread(row, 0.7320508075));
const risk = (row: number): number => (amount(row) || 50) / 100 + late(row) / 2 + (country(row) === 1 ? 0.6 : 0);
const kind = (row: number): number => (risk(row) < 0.6 ? 0 : risk(row) < 1 ? 1 : 2);

const features = [
  numeric('amount', amount),
  numeric('late', late, 'boolean'),
  category('country of origin', ['DE', 'FR', 'a, "b"', 'IT'], country),
];
const targets = {
  text: category('target', ['high', 'low', 'middle'], (row) => [1, 2, 0][kind(row)]!),
  whole: numeric('target', (row) => 10 * (kind(row) + 1)),
  value: numeric('target', risk),
};

async function train(name: keyof typeof imports, target: TableColumn, parameters: Record<string, number>) {
  const table: Table = { rows: count, columns: [...features, target] };
  const folder = makeFolder('example');
  const [dataFile, testFile] = [join(folder, 'train.csv'), join(folder, 'test.csv')];
  const columns = table.columns.map((column) => column.name);
  await writeCsv(dataFile, table, columns, rows(0, 180));
  await writeCsv(testFile, table, columns, rows(180, count));
  const log: string[] = [];
  const trained = await runCommandTrainer({
    trainer: {
      ...{ command: [python, `trainers/${name}/train.py`], directory: join(rootFolder, 'config') },
      ...{ timeout_s: 120, memory_mb: 4096, env: { PYTHONDONTWRITEBYTECODE: '1' } },
    },
    ...{ dataFile, testFile, parameters, target: 'target', seed: 3, outputFolder: join(folder, 'output') },
    task: target === targets.value ? 'regression' : 'classification',
    onLog: (line) => log.push(line),
  });
  if (!trained.ok) throw new Error(`${trained.rejection.message}\n${log.join('\n')}`);
  return { ...trained.value, table, log };
}

/** What the graph gives for the rows that were held out, as serving runs it. */
async function predictions(
  { onnx, featureNames, nullable, table }: Awaited<ReturnType<typeof train>>,
  classes: string[] | number[] | null,
) {
  const signature = readSignature(onnx, { featureNames: featureNames ?? undefined, nullable });
  if (!signature.ok) throw new Error(signature.rejection.detail);
  const { signal } = new AbortController();
  const opened = await openPredictor({ bytes: onnx, signature: signature.value, table, classes, signal });
  if (!opened.ok) throw new Error(opened.rejection.message);
  const predicted = await opened.value.predict(rows(180, count));
  await opened.value.dispose();
  return { predicted, signature: signature.value };
}

function accuracyOf(predicted: Float64Array, classes: number, truth: (row: number) => number): number {
  const hits = rows(180, count).filter((row, place) => {
    const shares = predicted.subarray(place * classes, (place + 1) * classes);
    return shares.indexOf(Math.max(...shares)) === truth(row);
  });
  return hits.length / (count - 180);
}

describe.each(['sklearn', 'xgboost'] as const)('config/trainers/%s', (name) => {
  const here = whereRuns(name);
  const parameters = { n_estimators: 20, max_depth: 5 };

  here('trains a classifier of text labels; the graph gives what its own metrics say', async () => {
    const trained = await train(name, targets.text, parameters);
    const { predicted, signature } = await predictions(trained, ['high', 'low', 'middle']);
    expect(trained.log).toContainEqual(expect.stringMatching(/has learned from 180 rows/));
    expect(trained.nullable).toEqual(['amount', 'country of origin']);
    expect(signature.classes).toEqual(['high', 'low', 'middle']);
    expect(signature.features.map((feature) => [feature.name, feature.type, feature.nullable])).toEqual([
      ['amount', 'float32', true],
      ['late', 'float32', false],
      ['country of origin', 'string', true],
    ]);
    const accuracy = accuracyOf(predicted, 3, (row) => [1, 2, 0][kind(row)]!);
    expect(accuracy).toBeCloseTo(trained.metrics['accuracy']!, 12);
    expect(accuracy).toBeGreaterThan(0.8);
  });

  here('trains a classifier of whole numbers', async () => {
    const classifier = await train(name, targets.whole, parameters);
    const { predicted, signature } = await predictions(classifier, [10, 20, 30]);
    expect(signature.classes).toEqual([10, 20, 30]);
    expect(accuracyOf(predicted, 3, kind)).toBeCloseTo(classifier.metrics['accuracy']!, 12);
  });

  here('trains a regressor', async () => {
    const regressor = await train(name, targets.value, parameters);
    const { predicted: values } = await predictions(regressor, null);
    const squares = values.map((value, place) => (value - risk(180 + place)) ** 2);
    const rmse = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
    expect(rmse).toBeCloseTo(regressor.metrics['rmse']!, 5);
    expect(rmse).toBeLessThan(0.2);
  });
});
