import type { Clock } from '#libs/kernel/index.js';
import type { Histogram } from './harness/histogram.js';
import type { Pinning } from './harness/pinning.js';
import type { LoadGenerator } from './load/load-generator.js';

/** One thing that is measured, by alternatives that are compared with each other in the same run. */
export interface BenchCase {
  readonly name: string;
  /** One line for the table's heading and for --help. */
  readonly about: string;
  /** What a sample's value counts: `requests/s`, `rows/s`, `ms`, `MB`. */
  readonly unit: string;
  readonly needsLoadGenerator: boolean;
  /** At most so many blocks, for what takes long and varies little; else as many as --blocks says. */
  readonly maxBlocks?: number;
  /** False where a first, unmeasured block would teach nothing. Default true. */
  readonly warmUp?: boolean;
  /** Starts what is measured. What it returns is closed whatever happens afterwards. */
  prepare(context: BenchContext): Promise<PreparedCase>;
}

export interface BenchContext {
  readonly clock: Clock;
  readonly pinning: Pinning;
  /** For cases that say that they need it; fails for others. */
  readonly load: LoadGenerator;
  /** A folder for files of this run; removed at its end. */
  readonly scratch: string;
  /** Keep every process of the product on the server's core, not only the one that answers. */
  readonly confine: boolean;
}

export interface PreparedCase {
  readonly alternatives: readonly Alternative[];
  /** What is no rate, and is told in a table of its own. Called once, after the blocks. */
  report?(signal: AbortSignal): Promise<CaseReport>;
  close(): Promise<void>;
}

export interface CaseReport {
  readonly text: string;
  /** For --json. */
  readonly figures?: unknown;
}

export interface Alternative {
  readonly name: string;
  /** The alternative this one's ratio is taken to, block by block. */
  readonly against?: string;
  /** The alternative that shows what the load generator can drive here: beyond half of it, a row is generator-bound. */
  readonly ceiling?: string;
  /** Measures for about `seconds`. Called once a block, in turn with the other alternatives. */
  measure(seconds: number): Promise<Sample>;
}

export interface Sample {
  /** In the case's unit. */
  readonly value: number;
  readonly latency?: Histogram;
  /** CPU microseconds (user and system) per operation, by the name of who used them. */
  readonly cpuMicros?: Readonly<Record<string, number>>;
  /** Share of its core that the load generator used, 0 to 1. */
  readonly generatorShare?: number;
  readonly failures?: { readonly count: number; readonly first: string };
}
