import type { Alternative, BenchCase } from '../bench.js';
import { startOnnxLoop, type OnnxLoopReport } from '../baselines/index.js';
import type { Child } from '../harness/child.js';
import { cpuSeconds } from '../harness/process-usage.js';
import { forestFile } from '../models/forest.js';

/** How much of a prediction is the model itself, one row at a time and many. */
export const onnx: BenchCase = {
  name: 'onnx',
  about: 'bare onnxruntime-node loop, forest of 100 trees, 30 features, rotating rows',
  unit: 'rows/s',
  needsLoadGenerator: false,
  prepare: async ({ pinning }) => {
    const child = await startOnnxLoop(pinning, forestFile);
    return {
      alternatives: [loopAlternative(child, 1), { ...loopAlternative(child, 1000), against: oneRow }],
      close: () => child.stop(),
    };
  },
};

const nameOf = (rowsPerRun: number): string => `${rowsPerRun} ${rowsPerRun === 1 ? 'row' : 'rows'} a run`;
const oneRow = nameOf(1);

/** The loop, so many rows a run. */
export function loopAlternative(child: Child, rowsPerRun: number): Alternative {
  return {
    name: nameOf(rowsPerRun),
    measure: async (seconds) => {
      const before = cpuSecondsOf(child);
      child.send(`${rowsPerRun} ${seconds}`);
      const report = JSON.parse(await child.nextLine()) as OnnxLoopReport;
      const rows = report.runs * rowsPerRun;
      return {
        value: rows / report.seconds,
        cpuMicros: { loop: ((cpuSecondsOf(child) - before) * 1e6) / rows },
      };
    },
  };
}

function cpuSecondsOf(child: Child): number {
  const seconds = cpuSeconds(child.pid);
  if (seconds === undefined) throw new Error('the onnxruntime loop has ended');
  return seconds;
}
