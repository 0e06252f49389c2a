/** A process that trains once: `train-trees.js <task.json>` reads a TrainingTask and prints a Trained. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { gradientBoosting, randomForest } from '#libs/contracts/index.js';
import { trainBoosting, trainForest, type TrainingContext, type TrainingData } from '#libs/learning/index.js';
import type { Trained, TrainingTask } from './training-task.js';

const task = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as TrainingTask;
const columns = readColumns(task);
console.log(JSON.stringify(await train(task)));

async function train({ algorithm, threads, rows, test }: TrainingTask): Promise<Trained> {
  const learned = dataOf(0, rows);
  const context: TrainingContext = { seed: 1, threads };
  const heldBytes = memoryOf('VmRSS');
  const used = process.cpuUsage();
  const began = performance.now();
  const result = await (algorithm === 'gradient_boosting'
    ? trainBoosting(learned, gradientBoosting.parse({ n_estimators: 100, max_leaves: 31 }), context)
    : trainForest(learned, randomForest.parse({ n_estimators: 100, max_depth: 10 }), context));
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(used);
  const peakBytes = memoryOf('VmHWM') - heldBytes;
  if (!result.ok) throw new Error(result.rejection.detail);
  const { features, target } = dataOf(rows, rows + test);
  const predicted = result.value.predict(features);
  const right = target.filter((value, row) => (predicted[2 * row + 1]! > 0.5 ? 1 : 0) === value);
  const accuracy = right.length / test;
  return { seconds, cpu_seconds: (user + system) / 1e6, accuracy, peak_bytes: peakBytes };
}

function readColumns({ file, columns: count, rows, test }: TrainingTask): readonly Float32Array[] {
  const descriptor = openSync(file, 'r');
  try {
    return Array.from({ length: count + 1 }, (_, index) => {
      const column = new Float32Array(rows + test);
      const read = readSync(descriptor, column, 0, column.byteLength, index * column.byteLength);
      if (read !== column.byteLength)
        throw new Error(`${file}: expected ${column.byteLength} bytes of column ${index}`);
      return column;
    });
  } finally {
    closeSync(descriptor);
  }
}

function dataOf(start: number, end: number): TrainingData {
  const taken = columns.map((column) => column.subarray(start, end));
  const target = Float64Array.from(taken.pop()!);
  const names = taken.map((_, index) => `f${index}`);
  return { features: { rows: end - start, names, columns: taken }, target, classes: 2 };
}

function memoryOf(field: 'VmRSS' | 'VmHWM'): number {
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  if (kibibytes === undefined) throw new Error(`/proc/self/status: expected a line ${field}`);
  return Number(kibibytes) * 1024;
}
