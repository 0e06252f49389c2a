import { statSync } from 'node:fs';
import { join } from 'node:path';
import { rootFolder } from '#apps/platform/root-folder.js';
import { InvalidArguments } from '../arguments.js';
import { findPython } from '../baselines/python.js';
import type { Alternative, BenchCase } from '../bench.js';
import { startChild } from '../harness/child.js';
import type { Pinning } from '../harness/pinning.js';
import { writeThirtyColumns } from '../product/thirty-columns.js';

const wanted = process.env['MODELOG_BENCH_PROFILE_MB'] ?? '200';
const seed = 1;

const script = join(rootFolder, 'tests/bench/baselines/pandas_profile.py');

/** What both programs print. */
interface Profiled {
  readonly rows: number;
  readonly columns: number;
  readonly seconds: number;
  readonly cpu_seconds: number;
  readonly peak_mib: number;
}

/** Schema, digest and profile of a CSV file, beside what pandas needs to read and describe it. */
export const profile: BenchCase = {
  name: 'profile',
  about: `profile of a CSV file of ${wanted} MB, 30 columns of all types; pandas beside it needs Python`,
  unit: 'MB/s',
  needsLoadGenerator: false,
  maxBlocks: 3,
  warmUp: false,
  prepare: async ({ scratch, pinning }) => {
    const file = join(scratch, 'thirty-columns.csv');
    await writeThirtyColumns(file, megabytes() * 1e6, seed);
    const { size } = statSync(file);
    const python = await findPython(['pandas']);
    const runs = new Map<string, Profiled[]>();
    const alternative = (name: string, run: () => Promise<Profiled>): Alternative => ({
      name,
      measure: async () => {
        const profiled = await run();
        runs.set(name, [...(runs.get(name) ?? []), profiled]);
        return {
          value: size / 1e6 / profiled.seconds,
          cpuMicros: { 'per MB': (profiled.cpu_seconds * 1e12) / size },
        };
      },
    });
    const ours = alternative('scanDataset', () => scan(file, pinning));
    const theirs =
      typeof python === 'string'
        ? []
        : [
            alternative('pandas: read_csv, describe', async () => {
              let last = '';
              for await (const line of python.lines(script, [file], new AbortController().signal)) last = line;
              return JSON.parse(last) as Profiled;
            }),
          ];
    return {
      alternatives: [...theirs, theirs[0] === undefined ? ours : { ...ours, against: theirs[0].name }],
      report: () =>
        Promise.resolve({
          text: [
            typeof python === 'string' ? `pandas did not run: ${python}` : python.description,
            ...peaks(runs),
          ].join('\n'),
          figures: { bytes: size, runs: Object.fromEntries(runs) },
        }),
      close: () => Promise.resolve(),
    };
  },
};

function megabytes(): number {
  const value = Number(wanted);
  if (value >= 1 && value <= 100_000) return value;
  throw new InvalidArguments(`MODELOG_BENCH_PROFILE_MB: expected a number from 1 to 100000, got "${wanted}"`);
}

/** On whichever core, as pandas. */
async function scan(file: string, pinning: Pinning): Promise<Profiled> {
  const child = startChild(
    new URL('../product/profile-file.js', import.meta.url),
    { ...pinning, server: (command) => [...command] },
    [file],
  );
  try {
    return JSON.parse(await child.nextLine()) as Profiled;
  } finally {
    await child.stop();
  }
}

function* peaks(runs: ReadonlyMap<string, readonly Profiled[]>): Generator<string> {
  for (const [name, all] of runs) {
    const { rows, columns } = all[0]!;
    const peak = Math.max(...all.map(({ peak_mib }) => peak_mib));
    const cpu = Math.min(...all.map(({ cpu_seconds }) => cpu_seconds));
    yield `${name}: ${rows} rows × ${columns} columns, peak RSS ${peak.toFixed(0)} MiB, least CPU time ${cpu.toFixed(1)} s`;
  }
}
