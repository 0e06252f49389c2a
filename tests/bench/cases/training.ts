import { execFile } from 'node:child_process';
import { openSync, closeSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { rootFolder } from '#apps/platform/root-folder.js';
import { Random } from '#libs/learning/index.js';
import { findPython, type Python } from '../baselines/python.js';
import type { Alternative, BenchCase, CaseReport, Sample } from '../bench.js';
import { median } from '../harness/summary.js';
import type { Trained, TrainingTask } from '../product/training-task.js';

/** Rows to train on, between commas; a million takes scikit-learn's forest some fifteen minutes in each block. */
const sizes = (process.env['MODELOG_BENCH_ROWS'] ?? '10000,100000').split(',').map(Number);
const columns = 30;
const test = 20_000;
const threads = [1, 2] as const;
const algorithms = ['gradient_boosting', 'random_forest'] as const;

/** The built-in trees beside scikit-learn's on the same rows, each training in a process of its own. */
export const training: BenchCase = {
  name: 'training',
  about: `100 trees, boosting of 31 leaves and forest of depth 10, on ${sizes.map((rows) => rows.toLocaleString('en')).join(' and ')} rows × ${columns} (needs Python beside)`,
  unit: 's',
  needsLoadGenerator: false,
  maxBlocks: 3,
  warmUp: false,
  prepare: async ({ scratch }) => {
    const python = await findPython(['sklearn', 'numpy', 'threadpoolctl']);
    const runs: Run[] = [];
    const alternatives = sizes.flatMap((rows) => {
      const file = join(scratch, `training-${rows}.f32`);
      writeData(file, rows);
      const each = algorithms.flatMap((algorithm) => threads.map((count) => ({ algorithm, threads: count })));
      return each.flatMap((one) => pair({ file, rows, test, columns, ...one }, scratch, python, runs));
    });
    return {
      alternatives,
      report: () => Promise.resolve(reportOf(python, runs)),
      close: () => Promise.resolve(),
    };
  },
};

/** A training that was measured. */
interface Run extends Trained {
  readonly name: string;
}

/** scikit-learn's where Python has it, and ours. */
function pair(task: TrainingTask, scratch: string, python: Python | string, runs: Run[]): Alternative[] {
  const name = `${task.algorithm} ${task.rows.toLocaleString('en')}, ${task.threads} thread${task.threads === 1 ? '' : 's'}`;
  const taskFile = join(scratch, 'training-task.json');
  const measured = (own: string, train: () => Promise<Trained>) => async (): Promise<Sample> => {
    writeFileSync(taskFile, JSON.stringify(task));
    const trained = await train();
    runs.push({ name: own, ...trained });
    return { value: trained.seconds, cpuMicros: { trainer: trained.cpu_seconds * 1e6 } };
  };
  const ours = { name, measure: measured(name, () => trainOurs(taskFile)) };
  if (typeof python === 'string') return [ours];
  const against = `scikit-learn, ${name}`;
  return [
    { name: against, measure: measured(against, () => trainTheirs(python, taskFile)) },
    { ...ours, against },
  ];
}

const program = fileURLToPath(new URL('../product/train-trees.js', import.meta.url));
const script = join(rootFolder, 'tests/bench/baselines/scikit_learn_training.py');

async function trainOurs(taskFile: string): Promise<Trained> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, taskFile]);
  return JSON.parse(stdout) as Trained;
}

async function trainTheirs(python: Python, taskFile: string): Promise<Trained> {
  for await (const line of python.lines(script, [taskFile], new AbortController().signal)) {
    return JSON.parse(line) as Trained;
  }
  throw new Error(`${script}: expected a line of JSON, got none`);
}

/** Two classes by sums, products, a wave and a step of some of the columns, with noise. */
function writeData(file: string, rows: number): void {
  const random = new Random(20261123);
  const values = Array.from({ length: columns }, () =>
    Float32Array.from({ length: rows + test }, () => random.normal()),
  );
  const target = Float32Array.from({ length: rows + test }, (_, row) => {
    const [a, b, c, d, e, f, g, h] = values.map((column) => column[row]!) as [number, ...number[]];
    const score = a + b! * c! + Math.sin(2 * d!) + 0.5 * (e! * e! - 1) + (f! > 0.5 ? g! : -h!) + random.normal();
    return score > 0 ? 1 : 0;
  });
  const descriptor = openSync(file, 'w');
  try {
    for (const column of [...values, target]) writeSync(descriptor, column);
  } finally {
    closeSync(descriptor);
  }
}

function reportOf(python: Python | string, runs: readonly Run[]): CaseReport {
  const beside = typeof python === 'string' ? `scikit-learn did not run: ${python}` : python.description;
  const figures = [...new Set(runs.map(({ name }) => name))].map((name) => {
    const its = runs.filter((run) => run.name === name);
    const peak = its.flatMap(({ peak_bytes }) => peak_bytes ?? []);
    return {
      name,
      accuracy: median(its.map(({ accuracy }) => accuracy)),
      ...(peak.length === 0 ? {} : { peak_bytes: Math.max(...peak) }),
    };
  });
  const lines = figures.map(({ name, accuracy, peak_bytes: peak }) => {
    const memory = peak === undefined ? '' : `, ${(peak / 1e6).toFixed(0)} MB beyond the loaded table at most`;
    return `  ${name}: accuracy ${accuracy.toFixed(4)}${memory}`;
  });
  return { text: [beside, ...lines].join('\n'), figures };
}
