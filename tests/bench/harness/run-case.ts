import type { Alternative, BenchCase, BenchContext, CaseReport, PreparedCase, Sample } from '../bench.js';
import { machineSeconds } from './process-usage.js';
import { summarise, type Row, type Series } from './summary.js';

export interface RunOptions {
  readonly seconds: number;
  readonly blocks: number;
  /** Stops between two measurements. */
  readonly signal: AbortSignal;
}

export interface CaseResult {
  readonly name: string;
  readonly about: string;
  readonly unit: string;
  readonly blocks: number;
  readonly seconds_per_block: number;
  /** Share of the machine's time that its hypervisor gave to others meanwhile, 0 to 1. */
  readonly stolen_share: number;
  readonly rows: readonly Row[];
  /** What every block gave, in the order in which they ran. */
  readonly samples: readonly { readonly name: string; readonly values: readonly number[] }[];
  readonly report?: CaseReport;
}

/** Measures a case's alternatives in turn (A B C, A B C, …), so that a drift of the machine's speed meets all alike. */
export async function runCase(bench: BenchCase, context: BenchContext, options: RunOptions): Promise<CaseResult> {
  const prepared = await bench.prepare(context);
  try {
    return await measure(bench, prepared, options);
  } finally {
    await prepared.close();
  }
}

async function measure(bench: BenchCase, prepared: PreparedCase, options: RunOptions): Promise<CaseResult> {
  const { alternatives } = prepared;
  const blocks = Math.min(options.blocks, bench.maxBlocks ?? options.blocks);
  if (bench.warmUp !== false) await oneBlock(alternatives, options, Math.min(1, options.seconds));

  const before = machineSeconds();
  const samples = new Map<Alternative, Sample[]>(alternatives.map((alternative) => [alternative, []]));
  for (let block = 0; block < blocks; block++) {
    for (const [alternative, sample] of await oneBlock(alternatives, options, options.seconds)) {
      samples.get(alternative)!.push(sample);
    }
  }
  const report = await prepared.report?.(options.signal);
  const after = machineSeconds();

  const series: Series[] = alternatives.map((alternative) => ({ ...alternative, samples: samples.get(alternative)! }));
  return {
    name: bench.name,
    about: bench.about,
    unit: bench.unit,
    blocks,
    seconds_per_block: options.seconds,
    stolen_share: (after.stolen - before.stolen) / (after.total - before.total),
    rows: summarise(series),
    samples: series.map((one) => ({ name: one.name, values: one.samples.map((sample) => sample.value) })),
    ...(report === undefined ? {} : { report }),
  };
}

async function oneBlock(
  alternatives: readonly Alternative[],
  { signal }: RunOptions,
  seconds: number,
): Promise<[Alternative, Sample][]> {
  const samples: [Alternative, Sample][] = [];
  for (const alternative of alternatives) {
    signal.throwIfAborted();
    samples.push([alternative, await alternative.measure(seconds)]);
  }
  return samples;
}
