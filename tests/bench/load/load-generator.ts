import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { ModelogError } from '#libs/kernel/index.js';
import type { Histogram } from '../harness/histogram.js';

export interface LoadOptions {
  /** A server on 127.0.0.1. */
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** Ends earlier, once so many requests are settled. */
  readonly count?: number;
  /** How long to wait at the end for what is under way. Default 5. */
  readonly drainSeconds?: number;
  /** A file that writeRequests made. */
  readonly requests: string;
}

export interface LoadReport {
  readonly connections: number;
  readonly seconds: number;
  /** Answers with status 200 within the time. */
  readonly completed: number;
  /** Answers, of any status, to what was under way when the time was over: in the latencies, not in the rate. */
  readonly drained: number;
  /** Requests without an answer when the wait at the end was over. */
  readonly unanswered: number;
  /** Answers with another status than 200, and connections closed in place of an answer (status 0). */
  readonly not200: number;
  readonly reconnects: number;
  /** Of the generator itself, while the time ran. */
  readonly cpuSeconds: number;
  readonly status: Readonly<Record<string, number>>;
  readonly firstFailure: string | null;
  readonly latency: Histogram;
}

export interface LoadGenerator {
  run(options: LoadOptions): Promise<LoadReport>;
}

/** The machine cannot build the generator; the message says what to install. */
export class LoadGeneratorUnavailable extends ModelogError {
  constructor(message: string) {
    super('load_generator_unavailable', message);
  }
}

const COMPILERS = ['cc', 'gcc', 'clang'];
const FLAGS = ['-std=gnu11', '-O2'];
const SOURCE = join(import.meta.dirname, 'load.c');

/**
 * Compiles load.c unless `cacheDir` holds it already, and returns the generator.
 * @param wrap turns its command line into the one that is run: pins it to a core
 * @throws LoadGeneratorUnavailable without a C compiler, or on another system than Linux
 */
export function buildLoadGenerator(
  cacheDir: string,
  wrap: (command: readonly string[]) => string[] = (command) => [...command],
): LoadGenerator {
  const program = compiled(cacheDir);
  return {
    run: async ({ port, connections, seconds, count, drainSeconds, requests }) => {
      const [command, ...args] = wrap([
        program,
        ...['--port', String(port)],
        ...['--connections', String(connections)],
        ...['--seconds', String(seconds)],
        ...(count === undefined ? [] : ['--count', String(count)]),
        ...(drainSeconds === undefined ? [] : ['--drain', String(drainSeconds)]),
        ...['--requests', requests],
      ]);
      const { stdout } = await promisify(execFile)(command!, args, { maxBuffer: 64 * 1024 * 1024 });
      return reportSchema.parse(JSON.parse(stdout));
    },
  };
}

function compiled(cacheDir: string): string {
  if (process.platform !== 'linux') {
    throw new LoadGeneratorUnavailable(`the load generator needs Linux (epoll), this is ${process.platform}`);
  }
  const source = readFileSync(SOURCE);
  const program = join(cacheDir, `load-${createHash('sha256').update(source).digest('hex').slice(0, 16)}`);
  if (existsSync(program)) return program;
  mkdirSync(cacheDir, { recursive: true });
  // Renamed when whole, so that an interrupted build or a second one at the same time leaves nothing half-written.
  const partial = `${program}.${process.pid}`;
  const built = spawnSync(compilerOf(process.env['CC']), [...FLAGS, '-o', partial, SOURCE], { encoding: 'utf8' });
  if (built.status !== 0) throw new LoadGeneratorUnavailable(`${SOURCE} does not compile:\n${built.stderr}`);
  renameSync(partial, program);
  return program;
}

function compilerOf(chosen: string | undefined): string {
  const candidates = chosen === undefined || chosen === '' ? COMPILERS : [chosen];
  const found = candidates.find((candidate) => spawnSync(candidate, ['--version']).status === 0);
  if (found !== undefined) return found;
  throw new LoadGeneratorUnavailable(
    `the load generator is a C program and no compiler was found (tried ${candidates.join(', ')}): ` +
      'install one (Debian and Ubuntu: apt-get install gcc libc6-dev) or set CC to its name',
  );
}

/** What load.c prints. */
const reportSchema = z
  .object({
    connections: z.number(),
    seconds: z.number(),
    completed: z.number(),
    drained: z.number(),
    unanswered: z.number(),
    not_200: z.number(),
    reconnects: z.number(),
    cpu_seconds: z.number(),
    status: z.record(z.string(), z.number()),
    first_failure: z.string().nullable(),
    latency: z.object({
      max_ns: z.number(),
      sum_ns: z.number(),
      buckets: z.array(z.tuple([z.number(), z.number()])),
    }),
  })
  .transform(({ not_200, cpu_seconds, first_failure, latency, ...same }): LoadReport => ({
    ...same,
    not200: not_200,
    cpuSeconds: cpu_seconds,
    firstFailure: first_failure,
    latency: { maxNs: latency.max_ns, sumNs: latency.sum_ns, buckets: latency.buckets },
  }));
