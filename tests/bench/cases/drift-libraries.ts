import { join } from 'node:path';
import { rootFolder } from '#apps/platform/root-folder.js';
import { findPython } from '../baselines/python.js';
import type { Alternative, BenchCase } from '../bench.js';
import { startChild, startCommand, type Child } from '../harness/child.js';
import { closeAll } from '../harness/close-all.js';
import { writeFrames, type FrameSizes } from '../product/drift-frames.js';
import type { FramesReport } from '../product/watch-frames.js';

/** They cannot be installed beside each other: each has an interpreter of its own. */
const libraries = [
  {
    ...{ name: 'Evidently', module: 'evidently', variable: 'MODELOG_BENCH_EVIDENTLY' },
    // What it is told, and the monitor's policies that are measured beside that.
    asked: [{ how: 'each', what: 'DataDriftPreset', policies: ['evidently', 'calibrated'] }],
  },
  {
    ...{ name: 'NannyML', module: 'nannyml', variable: 'MODELOG_BENCH_NANNYML' },
    asked: [
      { how: 'each', what: 'window by window', policies: ['calibrated'] },
      { how: 'all', what: 'all in one call', policies: ['calibrated'] },
    ],
  },
] as const;

const frames: readonly FrameSizes[] = [
  { referenceRows: 5000, windowRows: 1000, windows: 10 },
  { referenceRows: 50_000, windowRows: 10_000, windows: 4 },
];

const script = join(rootFolder, 'tests/bench/baselines/drift_frames.py');

/** One core for numerical libraries too, on whichever they would like more. */
const oneThread = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };

/** Windows of the same rows, judged by the monitor and by the libraries that are known for it. */
export const driftLibraries: BenchCase = {
  name: 'drift-libraries',
  about:
    'windows of 30 features and a classifier’s answers, closed by the monitor, beside Evidently and NannyML (need Python)',
  unit: 'rows/s',
  needsLoadGenerator: false,
  maxBlocks: 3,
  prepare: async ({ pinning, scratch }) => {
    const found = await Promise.all(
      libraries.map(async (library) => ({ library, python: await findPython([library.module], library.variable) })),
    );
    const present = found.flatMap(({ library, python }) => (typeof python === 'string' ? [] : [{ library, python }]));
    const told = found.map(({ library: { name }, python }) =>
      typeof python === 'string' ? `${name} not measured: ${python}` : `${name}: ${python.description}`,
    );
    if (present.length === 0)
      return {
        alternatives: [],
        report: () => Promise.resolve({ text: told.join('\n') }),
        close: () => Promise.resolve(),
      };
    for (const sizes of frames) writeFrames(scratch, sizes);
    const open = closeAll();
    const drifted = new Map<string, Map<number, number>>();
    const start = (child: Child): Promise<Child> => started(open.add(child));
    try {
      const ours = await start(startChild(new URL('../product/watch-frames.js', import.meta.url), pinning, [scratch]));
      const alternatives: Alternative[] = [];
      for (const { library, python } of present) {
        const command = [python.command, script, library.module, scratch];
        const child = await start(startCommand(command, pinning, oneThread));
        for (const { how, what, policies } of library.asked)
          for (const sizes of frames) {
            const theirs = `${library.name}, ${what}, ${sizesOf(sizes)}`;
            alternatives.push(alternative(child, theirs, how, sizes, drifted));
            for (const policy of policies) {
              const name = `monitor (${policy}) beside ${theirs}`;
              alternatives.push({ ...alternative(ours, name, policy, sizes, drifted), against: theirs });
            }
          }
      }
      return {
        alternatives,
        report: () =>
          Promise.resolve({
            text: [...told, ...[...drifted].map(driftLine)].join('\n'),
            figures: { drifted: Object.fromEntries([...drifted].map(([name, counts]) => [name, [...counts]])) },
          }),
        close: () => open.close(),
      };
    } catch (error) {
      await open.close();
      throw error;
    }
  },
};

const sizesOf = ({ referenceRows, windowRows }: FrameSizes): string => `${windowRows} rows to ${referenceRows}`;

async function started(child: Child): Promise<Child> {
  const line = await child.nextLine();
  if (line !== 'ready') throw new Error(`expected "ready", got "${line}"`);
  return child;
}

function alternative(
  child: Child,
  name: string,
  policy: string,
  { referenceRows, windowRows }: FrameSizes,
  drifted: Map<string, Map<number, number>>,
): Alternative {
  return {
    name,
    measure: async (seconds) => {
      child.send(`${policy} ${referenceRows} ${windowRows} ${seconds}`);
      const report = JSON.parse(await child.nextLine()) as FramesReport;
      drifted.set(name, new Map([...(drifted.get(name) ?? []), ...report.drifted]));
      return { value: report.rows / report.seconds, cpuMicros: { row: (report.cpu_seconds * 1e6) / report.rows } };
    },
  };
}

/** Whether they came to the same: of every second window ten features are shifted. */
function driftLine([name, counts]: readonly [string, ReadonlyMap<number, number>]): string {
  const of = (shifted: number): string =>
    [...new Set([...counts].filter(([window]) => window % 2 === shifted).map(([, count]) => count))]
      .sort((a, b) => a - b)
      .join(', ') || 'not judged';
  return `features that drifted in windows without; with ten that are shifted: ${of(0)}; ${of(1)} (${name})`;
}
